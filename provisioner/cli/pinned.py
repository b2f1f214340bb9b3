"""A saved plan on the command line: written by `plan --out`, done by `apply FILE`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisioner.cli.manifests import Choice

if TYPE_CHECKING:
    from provisioner.cli.running import Manner
    from provisioner.cli.surroundings import Surroundings
    from provisioner.planning.allowances import Allowances
    from provisioner.planning.changes import Plan
    from provisioner.planning.savedplan import SavedPlan
    from provisioner.stack.selection import Selection
    from provisioner.views.terminal import Terminal


def save(terminal: Terminal, planned: Plan, choice: Choice, file: Path) -> None:
    """Write the plan to a file, and say how to do it."""
    from provisioner.planning.savedplan import Origin, SavedPlan

    given = planned.wanted.given if planned.wanted else {}
    origin = Origin(path=os.path.relpath(choice.manifest), overlay=choice.overlay, variables=given)
    SavedPlan.of(planned, origin).write(file)
    terminal.say(f"Saved. To do exactly this: provisioner apply {file}")


def pinned(choice: Choice) -> SavedPlan | None:
    """The saved plan that was named in place of a manifest; None if it is a manifest.

    Raises:
        PlanError: it is a saved plan, and can't be used.
        UsageError: an option contradicts it.
    """
    from provisioner.planning.savedplan import SavedPlan, is_saved

    if not is_saved(choice.manifest):
        return None
    if choice.overlay:
        raise click.UsageError("A saved plan says itself which overlay it is for.")
    return SavedPlan.read(choice.manifest)


def choice_of(saved: SavedPlan, choice: Choice) -> Choice:
    """The manifest that a saved plan was made of; secret variables are given again.

    Raises:
        PlanError: it is not where it was.
    """
    from provisioner.errors import PlanError

    if saved.origin is None:
        raise PlanError(
            f"{choice.manifest} was made by a Python program, which alone can apply it.",
            hint="apply(session, stack, pinned=SavedPlan.read(FILE))",
        )
    manifest = Path(saved.origin.path)
    if not manifest.exists():
        raise PlanError(
            f"The plan is of the manifest {manifest}, which is not there.",
            hint="Run it in the folder in which it was planned.",
        )
    known = {**saved.origin.variables, **dict(choice.variables)}
    return replace(
        choice, manifest=manifest, overlay=saved.origin.overlay, variables=tuple(known.items())
    )


def following(
    saved: SavedPlan,
    here: Surroundings,
    manner: Manner,
    allow: Allowances,
    select: Selection,
) -> tuple[Surroundings, Manner]:
    """Where and how a saved plan is done: where it was planned, and without a question.

    Raises:
        UsageError: something is allowed or chosen now that was not when it was planned.
    """
    from provisioner.planning.allowances import Allowances
    from provisioner.stack.selection import ALL

    if allow != Allowances() or select != ALL:
        raise click.UsageError("A saved plan says itself what is allowed and chosen: plan again.")
    there = replace(here, account=here.account or saved.account, region=here.region or saved.region)
    return there, replace(manner, yes=True)
