"""Drift as people and programs read it: as applied, and as AWS has it now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.text import Text

from provisioner.drifting.drift import GONE, OWNERSHIP, Culprit, Drift, Drifts
from provisioner.lifecycle import Difference
from provisioner.lifecycle.ensure import Action
from provisioner.planning.changes import Change
from provisioner.quantities import counted
from provisioner.views.detail import Detail
from provisioner.views.plans.fields import field_lines
from provisioner.views.realities import CulpritShape, DriftShape, OneDriftShape
from provisioner.views.recoveries import unread_lines
from provisioner.views.shapes import SCHEMA
from provisioner.views.terminal import utc

REPAIR = "Bring it back: drift {stack} --repair. Or write it in the manifest and apply that."


def drift_lines(drifts: Drifts, detail: Detail) -> Iterator[Text]:
    """Every drift by resource, what could not be compared, and the sum.

    Args:
        drifts: what was found.
        detail: in full: with whole values, what is ignored, and where each call came from.
    """
    where = f"account {drifts.target.account}, region {drifts.target.region}"
    yield Text.assemble((drifts.stack, "bold"), f"  {where}")
    shown = drifts.all if detail is Detail.FULL else drifts.told
    for address, many in groupby(shown, key=lambda one: one.address):
        yield from _resource([*many], drifts.culprits.get(address), detail)
    for one in drifts.unfinished:
        line = f"  ? {one.status:<9} {one.address}  {one.kind}  (a run is on it, or was cut short)"
        yield Text(line, "yellow")
    yield from unread_lines(drifts.unread)
    for remark in drifts.remarks:
        yield Text(f"  ! {remark}", "yellow")
    yield _sum(drifts)
    if drifts.told:
        yield Text(REPAIR.format(stack=drifts.stack), "dim")


def drift_document(drifts: Drifts) -> DriftShape:
    """The same for programs; ignored drift among it, with its reason."""
    return {
        "event": "drift",
        "schema": SCHEMA,
        "stack": drifts.stack,
        "account": drifts.target.account,
        "region": drifts.target.region,
        "drifted": bool(drifts.told),
        "compared": drifts.compared,
        "drifts": [_document(one) for one in drifts.all],
        "culprits": {a: _culprit_document(one) for a, one in drifts.culprits.items()},
        "unfinished": [
            {"address": one.address, "kind": one.kind, "status": one.status}
            for one in drifts.unfinished
        ],
        "unread": [
            {"kind": one.kind, "code": one.code, "message": one.message} for one in drifts.unread
        ],
        "remarks": [*drifts.remarks],
    }


def _resource(many: Sequence[Drift], culprit: Culprit | None, detail: Detail) -> Iterator[Text]:
    first = many[0]
    word, style = _word(many)
    yield Text.assemble(
        (f"  {word:<11} ", style), f"{first.address}  ", (f"{first.kind}  {first.id}", "dim")
    )
    for one in many:
        yield from _drift(one, detail)
    if culprit and any(not one.ignored for one in many):
        yield from _culprit(culprit, detail)


def _word(many: Sequence[Drift]) -> tuple[str, str]:
    if all(one.ignored for one in many):
        return "= ignored", "dim"
    if any(one.field == GONE for one in many):
        return "- gone", "bold red"
    if all(one.extra for one in many):
        return "+ added to", "magenta"
    return "~ changed", "yellow"


def _drift(one: Drift, detail: Detail) -> Iterator[Text]:
    why = Text(f"  (ignored: {one.ignored})", "dim") if one.ignored else Text()
    if one.field == GONE:
        if one.live:
            yield Text(f"      its name belongs to {one.live} now") + why
        elif one.ignored:
            yield Text("      gone") + why
    elif one.field == OWNERSHIP:
        live = f"those of {one.live}" if one.live else "none"
        yield Text(f"      its ownership tags: {live}") + why
    elif one.extra:
        yield Text.assemble(f"      {one.field}: ", (str(one.live), "magenta")) + why
    else:
        difference = Difference(one.field, one.applied, one.live, secret=one.secret)
        change = Change(one.address, one.kind, Action.UPDATE, differences=(difference,))
        for line in field_lines(change, detail):
            yield line + why


def _culprit(culprit: Culprit, detail: Detail) -> Iterator[Text]:
    if culprit.unknown:
        yield Text(f"      by whom: unknown; {culprit.unknown}", "dim")
    for deed in culprit.deeds:
        source = f" from {deed.source}" if detail is Detail.FULL and deed.source else ""
        yield Text(f"      {utc(deed.at)}: {deed.call} by {deed.who}{source}", "cyan")


def _sum(drifts: Drifts) -> Text:
    ignored = f" {len(drifts.ignored)} ignored." if drifts.ignored else ""
    left = "" if drifts.sure else " Not everything could be compared."
    if not drifts.told:
        count = counted(drifts.compared, "resource")
        told = f"No drift: {count} as last applied."
        return Text(told + ignored + left, "green" if drifts.sure else "yellow")
    gone = sum(one.field == GONE for one in drifts.told)
    added = sum(one.extra is not None for one in drifts.told)
    parts = [
        f"{counted(len(drifts.addresses), 'resource')} of {drifts.compared} drifted",
        *([f"{gone} gone"] if gone else ()),
        *([counted(added, "addition")] if added else ()),
    ]
    return Text(f"Drift: {', '.join(parts)}.{ignored}{left}", "bold")


def _document(one: Drift) -> OneDriftShape:
    extra = one.extra
    return {
        "address": one.address,
        "kind": one.kind,
        "id": one.id,
        "field": one.field,
        "applied": "(secret)" if one.secret else one.applied,
        "live": "(secret)" if one.secret else one.live,
        "secret": one.secret,
        "extra": {"what": extra.what, "id": extra.id, "says": extra.says} if extra else None,
        "ignored": one.ignored or None,
    }


def _culprit_document(culprit: Culprit) -> CulpritShape:
    return {
        "unknown": culprit.unknown or None,
        "deeds": [
            {"call": one.call, "who": one.who, "at": one.at, "source": one.source}
            for one in culprit.deeds
        ],
    }
