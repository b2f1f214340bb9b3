"""All stacks, as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from pydantic import with_config
from rich.text import Text
from typing_extensions import TypedDict

from provisioner.inventory import Health, Listed
from provisioner.quantities import counted, span
from provisioner.views.shapes import EXACT, SCHEMA, HolderShape
from provisioner.views.terminal import utc

STYLES = {
    Health.READY: "green",
    Health.PARTIAL: "yellow",
    Health.INTERRUPTED: "yellow",
    Health.RUNNING: "cyan",
    Health.SILENT: "bold red",
    Health.DIED: "bold red",
    Health.EXPIRED: "magenta",
}
HEAD = ("stack", "health", "resources", "age", "expires", "last run")


@with_config(EXACT)
class LastRunShape(TypedDict):
    """The newest run on a stack; while it goes on, `result` is `running`."""

    id: str
    command: str
    who: str
    host: str
    started_at: str
    finished_at: str
    result: str


@with_config(EXACT)
class StackShape(TypedDict):
    """A stack in the list of all; times are ISO.

    `last_run` is null while the first run on it has not begun to change it. `uses` are the stacks
    whose outputs it reads.
    """

    event: Literal["stack"]
    schema: str
    stack: str
    health: Health
    resources: int
    since: str | None
    last_run: LastRunShape | None
    holder: HolderShape | None
    expires_at: str | None
    expired: bool
    uses: list[str]


def stacks_lines(stacks: Sequence[Listed], now: datetime) -> Iterator[Text]:
    """A table, one line a stack.

    Args:
        stacks: all of them.
        now: by our clock.
    """
    if not stacks:
        yield Text("There are no stacks here.")
        return
    rows = [HEAD, *(_cells(one, now) for one in stacks)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for number, row in enumerate(rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        line = Text("  ".join(cells).rstrip(), "" if number else "dim")
        if number:
            begin = widths[0] + 2
            line.stylize(STYLES[stacks[number - 1].health], begin, begin + len(row[1]))
        yield line
    yield Text(f"{counted(len(stacks), 'stack')}.", "dim")


def expired_lines(stacks: Sequence[Listed]) -> Iterator[Text]:
    """The stacks whose time has come, and which of them are left alone."""
    if not stacks:
        yield Text("No stack has expired.", "green")
        return
    for one in stacks:
        told = one.standing
        until = f"expired at {utc(told.expires_at)}, " if told else ""
        yield Text.assemble(
            ("  - ", "red"),
            (one.name, "bold"),
            f"  {until}{counted(told.resources if told else 0, 'resource')}",
            (f"; left alone: {_at_work(one)}" if one.health is Health.RUNNING else "", "yellow"),
        )


def stack_document(one: Listed) -> StackShape:
    """A stack for programs."""
    told, holder = one.standing, one.holder
    return {
        "event": "stack",
        "schema": SCHEMA,
        "stack": one.name,
        "health": one.health,
        "resources": told.resources if told else 0,
        "since": told.since if told else None,
        "last_run": _last_run(one),
        "expires_at": (told.expires_at or None) if told else None,
        "expired": one.expired,
        "uses": [*told.uses] if told else [],
        "holder": {
            "who": holder.who,
            "host": holder.host,
            "command": holder.command,
            "run": holder.run,
        }
        if holder
        else None,
    }


def _last_run(one: Listed) -> LastRunShape | None:
    told = one.standing
    if told is None:
        return None
    return {
        "id": told.run,
        "command": told.command,
        "who": told.who,
        "host": told.host,
        "started_at": told.started_at,
        "finished_at": told.finished_at,
        "result": told.result,
    }


def _cells(one: Listed, now: datetime) -> tuple[str, ...]:
    told = one.standing
    if told is None:
        return (one.name, str(one.health), "0", "-", "-", _at_work(one))
    age = span((now - datetime.fromisoformat(told.since)).total_seconds())
    ran = f"{told.command} {told.result}, {utc(told.finished_at or told.started_at)}, {told.who}"
    working = one.holder and one.holder.run != told.run
    return (
        one.name,
        str(one.health),
        str(told.resources),
        age,
        _expires(told.expires_at, now),
        f"{_at_work(one)}; before: {ran}" if working else ran,
    )


def _expires(at: str, now: datetime) -> str:
    if not at:
        return "-"
    left = (datetime.fromisoformat(at) - now).total_seconds()
    return f"in {span(left)}" if left > 0 else f"{span(-left)} ago"


def _at_work(one: Listed) -> str:
    holder = one.holder
    return f"{holder.command}, {holder.who} on {holder.host}" if holder else "-"
