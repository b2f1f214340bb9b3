"""A recovery as people and programs read it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from pydantic import JsonValue
from rich.text import Text

from provisioner.discovery.recovery import Told, Unknown
from provisioner.discovery.sightings import Unread
from provisioner.engine.events import RunFinished
from provisioner.operations.mending import COMMAND, Mended
from provisioner.views.documents import event_document
from provisioner.views.results import WORDS, costs, counts
from provisioner.views.shapes import SCHEMA

WITHOUT = (
    "Without a manifest nothing is protected, tags are taken for nobody's, and the order of a "
    "teardown comes from ids and ARNs. With it at hand: recover {stack} --manifest PATH."
)


def mended_lines(mended: Mended) -> Iterator[Text]:
    """Every record that was made, what was left out and why, what is not known, and the sum."""
    recovery = mended.recovery
    width = max((len(record.address) for record in recovery.records), default=0)
    for record in recovery.records:
        yield Text.assemble(
            ("  + recovered  ", "green"),
            f"{record.address:<{width}}  ",
            (f"{record.kind}  {record.id}", "dim"),
        )
    for address in recovery.dropped:
        yield Text(
            f"  x dropped    {address}  (its record was damaged, and no object carries its tags; "
            "what was adopted has to be adopted again)",
            "yellow",
        )
    yield from told_lines(recovery.told)
    yield from unread_lines(recovery.unread)
    yield from _unknown(recovery.unknown)
    if recovery.records and not mended.with_manifest:
        yield Text(WITHOUT.format(stack=recovery.stack), "yellow")
    word, style = WORDS[mended.result]
    yield Text.assemble((word, style), f": {counts(mended.summary)}. {costs(mended.summary)}")
    if any(one.ours for one in recovery.told):
        yield Text(f"Decide what becomes of what is left out: orphans {recovery.stack}.")
    if recovery.unread:
        yield Text("What was not read may have lost its record, too: run it again once it can be.")


def mended_documents(mended: Mended) -> Iterator[Mapping[str, object]]:
    """The same for programs; the last one tells how it ended, as that of every run does."""
    recovery = mended.recovery
    yield {
        "event": "recovered",
        "schema": SCHEMA,
        "run": mended.run,
        "stack": recovery.stack,
        "manifest": mended.with_manifest,
        "records": [
            {"address": record.address, "kind": record.kind, "id": record.id}
            for record in recovery.records
        ],
        "kept": [*recovery.kept],
        "dropped": [*recovery.dropped],
        "left": [
            {"kind": one.kind, "id": one.id, "why": one.why, "ours": one.ours}
            for one in recovery.told
        ],
        "unread": unread_documents(recovery.unread),
        "unknown": [
            {"address": one.address, "field": one.field, "taken": one.taken}
            for one in recovery.unknown
        ],
    }
    yield event_document(RunFinished(mended.run, COMMAND, mended.result, mended.summary))


def told_lines(told: Iterable[Told]) -> Iterator[Text]:
    """What was left out, and why."""
    for one in told:
        yield Text(f"  ! left       {one.kind}  {one.id}  ({one.why})", "yellow")


def unread_lines(unread: Iterable[Unread]) -> Iterator[Text]:
    """What AWS did not show, with its code."""
    for one in unread:
        yield Text(f"  ? unread     {one.kind}  ({one.message})", "red")


def unread_documents(unread: Iterable[Unread]) -> list[JsonValue]:
    """The same for programs."""
    return [{"kind": one.kind, "code": one.code, "message": one.message} for one in unread]


def _unknown(unknown: Iterable[Unknown]) -> Iterator[Text]:
    """Settings that only a manifest knows, each with the default that was taken."""
    by_field: dict[tuple[str, str], list[str]] = {}
    for one in unknown:
        by_field.setdefault((one.field, json.dumps(one.taken)), []).append(one.address)
    for (field, taken), addresses in sorted(by_field.items()):
        yield Text(f"  {field} is not known, {taken} is taken: {', '.join(addresses)}", "yellow")
