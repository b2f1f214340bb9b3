"""Orphans as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import JsonValue
from rich.text import Text

from provisioner.discovery.orphans import Orphan, Sign
from provisioner.inventory import Lease, Record
from provisioner.operations.adoption import Adopted
from provisioner.operations.hunt import Hunt
from provisioner.views.recoveries import unread_documents, unread_lines
from provisioner.views.shapes import SCHEMA

STYLES = {Sign.TAGS: "yellow", Sign.PARENT: "yellow", Sign.NAME: "magenta"}
EVERYWHERE = "every region sees it: its record may be in another one"


def hunt_lines(hunt: Hunt) -> Iterator[Text]:
    """Every orphan with the reason, by stack; then what was left out."""
    where = f"account {hunt.target.account}, region {hunt.target.region}"
    yield Text.assemble((hunt.stack or "All stacks", "bold"), f"  {where}")
    width = max((len(one.seen.kind.kind) for one in hunt.orphans), default=0)
    stack = None
    for one in sorted(hunt.orphans, key=_order):
        if one.stack != stack and not hunt.stack:
            yield Text(one.stack, "bold")
        stack = one.stack
        yield from _orphan(one, width)
    yield from unread_lines(hunt.unread)
    for lease in hunt.busy:
        yield Text(f"  … left out    {lease.stack}: {_at_work(lease)}", "cyan")
    for name in hunt.damaged:
        yield Text(f"  ! damaged     {name} has records that can't be read: recover {name}", "red")
    if hunt.scripts:
        yield Text(f"{hunt.scripts} objects of scripts keep no records: orphans standalone", "dim")
    yield _sum(hunt)


def hunt_document(hunt: Hunt) -> dict[str, JsonValue]:
    """The same for programs."""
    return {
        "event": "orphans",
        "schema": SCHEMA,
        "account": hunt.target.account,
        "region": hunt.target.region,
        "stack": hunt.stack or None,
        "orphans": [_document(one) for one in sorted(hunt.orphans, key=_order)],
        "busy": [
            {
                "stack": lease.stack,
                "holder": lease.holder.model_dump(mode="json", exclude={"version"})
                if lease.holder
                else None,
            }
            for lease in hunt.busy
        ],
        "damaged": [*hunt.damaged],
        "unread": unread_documents(hunt.unread),
        "scripts": hunt.scripts,
    }


def record_lines(records: Sequence[Record]) -> Iterator[Text]:
    """What an adoption writes down."""
    for record in records:
        whose = "as ours" if record.owned else "as not ours: a teardown leaves it"
        yield Text.assemble(
            ("  > adopt    ", "cyan"),
            f"{record.address}  ",
            (f"{record.kind}  {record.id}", "dim"),
            (f"  ({whose})", "italic"),
        )


def adopted_document(adopted: Adopted) -> dict[str, JsonValue]:
    """What an adoption wrote down, for programs."""
    return {
        "event": "adopted",
        "schema": SCHEMA,
        "run": adopted.run,
        "stack": adopted.stack,
        "records": [
            {"address": one.address, "kind": one.kind, "id": one.id, "owned": one.owned}
            for one in adopted.records
        ],
    }


def _orphan(one: Orphan, width: int) -> Iterator[Text]:
    yield Text.assemble(
        (f"  {one.sign:<6}  ", STYLES[one.sign]),
        f"{one.seen.kind.kind:<{width}}  {one.seen.id}",
    )
    yield Text(f"          {one.why}", "dim")
    if one.seen.everywhere:
        yield Text(f"          {EVERYWHERE}", "yellow")


def _document(one: Orphan) -> dict[str, JsonValue]:
    return {
        "stack": one.stack,
        "address": one.address or None,
        "kind": one.seen.kind.kind,
        "id": one.seen.id,
        "sign": str(one.sign),
        "why": one.why,
        "everywhere": one.seen.everywhere,
    }


def _at_work(lease: Lease) -> str:
    holder = lease.holder
    if holder is None:
        return "a run worked on it while it was looked at"
    return f"{holder.who} on {holder.host} works on it ({holder.command}, run {holder.run})"


def _sum(hunt: Hunt) -> Text:
    count = len(hunt.orphans)
    if not count and not hunt.unread and not hunt.damaged:
        return Text("No orphans." if not hunt.busy else "No others.", "green")
    told = f"{count} orphans." if count != 1 else "1 orphan."
    if hunt.unread:
        told += f" {len({one.kind for one in hunt.unread})} kinds could not be read."
    return Text(told, "bold")


def _order(one: Orphan) -> tuple[str, str, str, str]:
    return one.stack, str(one.sign), one.seen.kind.kind, one.seen.id
