"""A plan as people read it: every change with a symbol and a word, before and after."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import JsonValue
from rich.text import Text

from provisioner.changes import Change, Plan
from provisioner.ensure import Action
from provisioner.lifecycle import Difference
from provisioner.quantities import minutes
from provisioner.schedule import expected_seconds, schedule
from provisioner.secrets import masked

SYMBOLS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("±", "bold red"),
    Action.DELETE: ("-", "red"),
    Action.ADOPT: (">", "cyan"),
    Action.FORGET: ("x", "dim"),
    Action.NOOP: ("=", "dim"),
}
LONGEST = 96


def plan_lines(plan: Plan) -> Iterator[Text]:
    """The changes of a plan, what survives them, and the sum."""
    yield head(plan)
    for change in plan.changes:
        if not change.idle:
            yield from _change(change)
    yield from _leftovers(plan)
    yield from lasting_lines(plan)
    yield from obstacle_lines(plan)
    yield total(plan)
    if plan.wanted is None and plan.changes:
        yield from _prospects(plan)


def lasting_lines(plan: Plan) -> Iterator[Text]:
    """What a rollback can't bring back, and why."""
    for one in plan.lasting:
        yield Text(f"  ! stays    {one.address}  {one.what}: {one.why}", "yellow")


def obstacle_lines(plan: Plan) -> Iterator[Text]:
    """What keeps objects from being deleted, or goes with them; what blocks comes last."""
    told = [(a, one) for a, many in plan.obstacles.items() for one in many]
    for address, one in sorted(told, key=lambda pair: pair[1].blocks):
        place = f"{address}  " if address else ""
        word, style = ("! blocks  ", "bold red") if one.blocks else ("! note    ", "yellow")
        yield Text.assemble((f"  {word}", style), f"{place}{one.what}.")
        if one.blocks and one.hint:
            yield Text(f"      {one.hint}", "dim")


def _prospects(plan: Plan) -> Iterator[Text]:
    """Whether a teardown can begin, and what it takes."""
    if plan.blocked:
        yield Text("Blocked: nothing will be deleted before that is out of the way.", "bold red")
    else:
        yield Text(f"It takes {minutes(expected_seconds(schedule(plan)))}, if AWS is as usual.")


def head(plan: Plan) -> Text:
    """Which stack, and where."""
    where = f"account {plan.target.account}, region {plan.target.region}"
    return Text.assemble((plan.stack, "bold"), f"  {where}")


def total(plan: Plan) -> Text:
    """How many resources get what."""
    if not plan.changes:
        return Text("Nothing is recorded for this stack here, and nothing is wanted.", "green")
    if plan.empty:
        return Text(f"No changes: {len(plan.changes)} resources are as they should be.", "green")
    parts = [
        f"{plan.counts[action]} to {action}"
        for action in SYMBOLS
        if action is not Action.NOOP and plan.counts.get(action)
    ]
    unchanged = plan.counts.get(Action.NOOP, 0)
    return Text(f"Plan: {', '.join(parts)}, {unchanged} unchanged.", "bold")


def _change(change: Change) -> Iterator[Text]:
    symbol, style = SYMBOLS[change.action]
    word = "record" if change.action is Action.NOOP else str(change.action)
    line = Text.assemble(
        (f"  {symbol} {word:<8}", style), f"{change.address}  ", (change.kind, "dim")
    )
    if change.id and change.id != change.address:
        line.append(f"  {change.id}", "dim")
    if change.reason:
        line.append(f"  ({change.reason})", "italic")
    yield line
    for difference in change.differences:
        yield difference_line(masked(difference))


def difference_line(difference: Difference) -> Text:
    """A field, before and after."""
    mark = Text("  forces the replace", "red") if difference.replace else Text()
    after = (
        f"{_shown(difference.after)} (known later)"
        if difference.unknown
        else _shown(difference.after)
    )
    return (
        Text.assemble(
            f"      {difference.field}: ",
            (_shown(difference.before), "red"),
            " → ",
            (after, "green"),
        )
        + mark
    )


def _shown(value: JsonValue) -> str:
    if value is None:
        return "(unset)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _leftovers(plan: Plan) -> Iterator[Text]:
    for change in plan.changes:
        for old in change.olds:
            if old.lifts:
                yield Text(f"    {change.address}: {old.lifts} is taken away first.", "yellow")
            if old.survives:
                yield Text(f"    {change.address}: {old.survives}.", "yellow")
            if old.holds_data:
                yield Text(f"    {change.address}: the data of {old.id} is lost.", "bold red")
