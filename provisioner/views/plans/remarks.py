"""What is said of a plan beside its changes: what stays, what is in the way, how long it takes."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from provisioner.engine.schedule import expected_seconds, schedule
from provisioner.planning.changes import Plan
from provisioner.planning.resemblance import resemblances
from provisioner.quantities import enumerated, minutes
from provisioner.views.terminal import utc


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


def scope_lines(plan: Plan) -> Iterator[Text]:
    """Which part of the stack it is for, and what that brings with it or leaves."""
    scope = plan.scope
    if scope is None:
        return
    if scope.target:
        also = f", with what that needs: {enumerated(scope.needed)}" if scope.needed else ""
        yield Text(f"Only {enumerated(scope.target)}{also}.", "bold")
    if scope.exclude:
        yield Text(f"Without {enumerated(scope.exclude)}.", "bold")
    if scope.left:
        yield Text(f"Left as it is: {enumerated(scope.left)}.", "yellow")


def expiry_lines(plan: Plan) -> Iterator[Text]:
    """When the stack expires afterwards."""
    if plan.expires_at and plan.wanted is not None:
        yield Text(f"The stack expires at {utc(plan.expires_at)}.")


def rename_lines(plan: Plan) -> Iterator[Text]:
    """What looks like a rename, with what to write if it is one."""
    for one in resemblances(plan):
        yield Text(f"  ? rename   {one}", "yellow")


def prospects(plan: Plan) -> Iterator[Text]:
    """Whether it can begin, and what it takes."""
    if plan.blocked:
        done = "deleted" if plan.wanted is None else "changed"
        yield Text(f"Blocked: nothing will be {done} before that is out of the way.", "bold red")
    else:
        yield Text(f"It takes {minutes(expected_seconds(schedule(plan)))}, if AWS is as usual.")
