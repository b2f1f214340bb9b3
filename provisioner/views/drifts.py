"""Drift as people and programs read it: as applied, and as AWS has it now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from pydantic import JsonValue
from rich.text import Text

from provisioner.drifting import GONE, OWNERSHIP, Culprit, Drift, Drifts
from provisioner.quantities import counted
from provisioner.views.documents import SCHEMA
from provisioner.views.recoveries import unread_documents, unread_lines
from provisioner.views.terminal import utc

LONGEST = 120
REPAIR = "Bring it back: drift {stack} --repair. Or write it in the manifest and apply that."


def drift_lines(drifts: Drifts, *, full: bool = False) -> Iterator[Text]:
    """Every drift by resource, what could not be compared, and the sum.

    Args:
        drifts: what was found.
        full: with what is ignored, and where each call came from.
    """
    where = f"account {drifts.target.account}, region {drifts.target.region}"
    yield Text.assemble((drifts.stack, "bold"), f"  {where}")
    shown = drifts.all if full else drifts.told
    for address, many in groupby(shown, key=lambda one: one.address):
        yield from _resource([*many], drifts.culprits.get(address), full=full)
    for one in drifts.unfinished:
        line = f"  ? {one.status:<9} {one.address}  {one.kind}  (a run is on it, or was cut short)"
        yield Text(line, "yellow")
    yield from unread_lines(drifts.unread)
    for remark in drifts.remarks:
        yield Text(f"  ! {remark}", "yellow")
    yield _sum(drifts)
    if drifts.told:
        yield Text(REPAIR.format(stack=drifts.stack), "dim")


def drift_document(drifts: Drifts) -> dict[str, JsonValue]:
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
        "unread": unread_documents(drifts.unread),
        "remarks": [*drifts.remarks],
    }


def _resource(many: Sequence[Drift], culprit: Culprit | None, *, full: bool) -> Iterator[Text]:
    first = many[0]
    word, style = _word(many)
    yield Text.assemble(
        (f"  {word:<11} ", style), f"{first.address}  ", (f"{first.kind}  {first.id}", "dim")
    )
    for one in many:
        yield from _drift(one)
    if culprit and any(not one.ignored for one in many):
        yield from _culprit(culprit, full=full)


def _word(many: Sequence[Drift]) -> tuple[str, str]:
    if all(one.ignored for one in many):
        return "= ignored", "dim"
    if any(one.field == GONE for one in many):
        return "- gone", "bold red"
    if all(one.extra for one in many):
        return "+ added to", "magenta"
    return "~ changed", "yellow"


def _drift(one: Drift) -> Iterator[Text]:
    why = Text(f"  (ignored: {one.ignored})", "dim") if one.ignored else Text()
    if one.field == GONE:
        if one.live:
            yield Text(f"      its name belongs to {one.live} now") + why
        elif one.ignored:
            yield Text("      gone") + why
    elif one.secret:
        yield Text(f"      {one.field}: (secret) is another one") + why
    elif one.field == OWNERSHIP:
        live = f"those of {one.live}" if one.live else "none"
        yield Text(f"      its ownership tags: {live}") + why
    elif one.extra:
        yield Text.assemble(f"      {one.field}: ", (str(one.live), "magenta")) + why
    else:
        for line in _told(one.field, one.applied, one.live):
            yield line + why


def _told(path: str, applied: JsonValue, live: JsonValue) -> Iterator[Text]:
    """What differs within two values, as near to the difference as it goes."""
    if isinstance(applied, dict) and isinstance(live, dict):
        for key in sorted({*applied, *live}):
            if applied.get(key) != live.get(key):
                yield from _told(f"{path}.{key}", applied.get(key), live.get(key))
    elif _is_list(applied) and _is_list(live):
        before, after = _items(applied), _items(live)
        yield Text(f"      {path}:")
        for item in (one for one in before if one not in after):
            yield Text(f"        - {_shown(item)}", "red")
        for item in (one for one in after if one not in before):
            yield Text(f"        + {_shown(item)}", "green")
    else:
        yield Text.assemble(
            f"      {path}: ", (_shown(applied), "red"), " → ", (_shown(live), "green")
        )


def _is_list(value: JsonValue) -> bool:
    return value is None or isinstance(value, list)


def _items(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _shown(value: JsonValue) -> str:
    if value is None:
        return "(unset)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _culprit(culprit: Culprit, *, full: bool) -> Iterator[Text]:
    if culprit.unknown:
        yield Text(f"      by whom: unknown; {culprit.unknown}", "dim")
    for deed in culprit.deeds:
        source = f" from {deed.source}" if full and deed.source else ""
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


def _document(one: Drift) -> dict[str, JsonValue]:
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


def _culprit_document(culprit: Culprit) -> dict[str, JsonValue]:
    return {
        "unknown": culprit.unknown or None,
        "deeds": [
            {"call": one.call, "who": one.who, "at": one.at, "source": one.source}
            for one in culprit.deeds
        ],
    }
