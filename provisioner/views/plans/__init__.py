"""A plan as people read it: danger first, then what changes, then how much does not.

Every resource that changes stands in it once, with a symbol and a word. How much is said of it is a
`Detail`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from provisioner.lifecycle.ensure import Action
from provisioner.planning.changes import Change, Plan
from provisioner.planning.dangers import Danger, Risk, dangers_of
from provisioner.quantities import enumerated
from provisioner.views.detail import Detail
from provisioner.views.plans.changes import SYMBOLS, change_lines
from provisioner.views.plans.fields import difference_line
from provisioner.views.plans.remarks import (
    expiry_lines,
    lasting_lines,
    obstacle_lines,
    prospects,
    rename_lines,
    scope_lines,
)

SECTIONS = {Action.ADOPT: "Adopts", Action.FORGET: "Forgets", Action.MOVE: "Moves"}
CHANGES = "Changes"
DANGER = "Danger"


def plan_lines(plan: Plan, detail: Detail = Detail.DEFAULT) -> Iterator[Text]:
    """The plan in sections, what survives it, and the sum."""
    dangers = {change.address: dangers_of(plan, change) for change in plan.changes}
    yield head(plan)
    sections = _sections(plan, dangers)
    for title, changes in sections.items():
        yield from _heading(title, len(changes))
        for change in changes:
            yield from change_lines(plan, change, dangers[change.address], detail)
    if detail is not Detail.SUMMARY and not plan.empty:
        yield from _unchanged(plan)
    remarks = [
        *lasting_lines(plan),
        *obstacle_lines(plan),
        *rename_lines(plan),
        *scope_lines(plan),
        *expiry_lines(plan),
    ]
    yield from [Text(""), *remarks] if remarks else ()
    yield from _sum(plan, [change.address for change in sections.get(DANGER, ())])
    if plan.blocked or (plan.wanted is None and plan.changes):
        yield from prospects(plan)


def head(plan: Plan) -> Text:
    """Which stack, and where."""
    where = f"account {plan.target.account}, region {plan.target.region}"
    return Text.assemble((plan.stack, "bold"), f"  {where}")


def _sections(
    plan: Plan, dangers: Mapping[str, Sequence[Danger]]
) -> Mapping[str, Sequence[Change]]:
    """The changes by section, in the order of the sections; empty ones are left out."""
    sections: dict[str, list[Change]] = {
        DANGER: [],
        CHANGES: [],
        **{t: [] for t in SECTIONS.values()},
    }
    for change in plan.changes:
        if dangers[change.address]:
            sections[DANGER].append(change)
        elif not change.idle:
            sections[SECTIONS.get(change.action, CHANGES)].append(change)
    order = list(Risk)
    sections[DANGER].sort(key=lambda change: order.index(dangers[change.address][0].risk))
    return {title: changes for title, changes in sections.items() if changes}


def _heading(title: str, count: int) -> Iterator[Text]:
    yield Text("")
    yield Text(f"{title} ({count})", "bold red" if title == DANGER else "bold")


def _unchanged(plan: Plan) -> Iterator[Text]:
    """How many of which kind stay as they are."""
    kinds = Counter(change.kind for change in plan.changes if change.idle)
    if kinds:
        yield from _heading("Unchanged", kinds.total())
        yield Text(f"  {', '.join(f'{kind} {kinds[kind]}' for kind in sorted(kinds))}", "dim")


def _sum(plan: Plan, exposed: Sequence[str]) -> Iterator[Text]:
    """How many resources get what, and which of them to look at twice."""
    if not plan.empty:
        yield Text("")
    yield total(plan)
    if exposed and plan.wanted is not None:
        yield Text(f"Danger: {enumerated(exposed)}.", "bold red")


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


__all__ = ["difference_line", "head", "lasting_lines", "plan_lines", "total"]
