"""The commands on stacks: validate, plan, apply, teardown, rollback, outputs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from provisioner.cli.choosing import choosing
from provisioner.cli.deleting import allowing, deleting
from provisioner.cli.details import detailed
from provisioner.cli.drift import drift
from provisioner.cli.expiring import Lasting, teardown_expired
from provisioner.cli.graph import graph
from provisioner.cli.history import history
from provisioner.cli.imports import import_
from provisioner.cli.inventory import inventory
from provisioner.cli.kinds import kinds
from provisioner.cli.local import local
from provisioner.cli.manifests import Choice, manifest_options
from provisioner.cli.move import move
from provisioner.cli.orphans import orphans
from provisioner.cli.pinned import choice_of, following, pinned, save
from provisioner.cli.recover import recover
from provisioner.cli.restore_key import restore_key
from provisioner.cli.running import Manner, running, show_plan
from provisioner.cli.stacks import stacks
from provisioner.cli.surroundings import Surroundings, surroundings
from provisioner.cli.unlock import unlock

if TYPE_CHECKING:
    from provisioner.planning.allowances import Allowances
    from provisioner.stack.selection import Selection

CHANGES, BLOCKED = 2, 1


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="provisioner")
def cli() -> None:
    """Provision AWS from a YAML manifest or from Python: plan, apply, tear down."""


cli.add_command(drift)
cli.add_command(graph)
cli.add_command(history)
cli.add_command(import_)
cli.add_command(inventory)
cli.add_command(kinds)
cli.add_command(local)
cli.add_command(move)
cli.add_command(orphans)
cli.add_command(recover)
cli.add_command(restore_key)
cli.add_command(stacks)
cli.add_command(unlock)


@cli.command()
@manifest_options
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
def validate(choice: Choice, *, as_json: bool) -> None:
    """Check MANIFEST offline: form, fields, references, circles."""
    terminal = Surroundings(json=as_json).terminal()
    stack = choice.stack()
    terminal.say(f"{stack.name}: {len(stack.resources)} resources; everything fits.")
    terminal.tell({"event": "valid", "stack": stack.name, "resources": len(stack.resources)})


@cli.command()
@manifest_options
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Save the plan.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@allowing
@choosing
@surroundings
@detailed
def plan(
    here: Surroundings,
    allow: Allowances,
    select: Selection,
    choice: Choice,
    out: Path | None,
    *,
    detailed_exitcode: bool,
) -> int:
    """Show what apply would do to AWS. Writes nothing but FILE, which apply then does exactly.

    Where something would block it, that is told, and the exit is 1.
    """
    stack = choice.stack()
    from provisioner.api import plans

    options = replace(here.options(allow=allow), select=select)
    planned = plans.plan(here.session(), stack, options, to_save=out is not None)
    terminal = here.terminal()
    show_plan(terminal, planned)
    if out:
        save(terminal, planned, choice, out)
    if planned.blocked:
        return BLOCKED
    return CHANGES if detailed_exitcode and not planned.empty else 0


@cli.command()
@manifest_options
@click.option("--rollback-on-failure", is_flag=True, help="Undo the run if a step of it fails.")
@click.option(
    "--wait",
    type=click.Choice(["created", "ready"]),
    default="ready",
    show_default=True,
    help="created: leave what only has to get ready, and nothing needs, to the next run.",
)
@click.option(
    "--ttl",
    type=Lasting(),
    help="Let the stack expire so long after this apply: 90m, 12h, 3d, 2w, or never.",
)
@allowing
@choosing
@running
@surroundings
@detailed
def apply(
    here: Surroundings,
    manner: Manner,
    allow: Allowances,
    select: Selection,
    choice: Choice,
    wait: Literal["created", "ready"],
    ttl: float | None,
    *,
    rollback_on_failure: bool,
) -> int:
    """Bring AWS to what MANIFEST says; or do a plan that was saved, and nothing else.

    A saved plan is done without a question if nothing has moved since; else what has is told.
    """
    if saved := pinned(choice):
        choice = choice_of(saved, choice)
        here, manner = following(saved, here, manner, allow, select)
    stack = choice.stack()
    from provisioner.api import runs

    options = replace(
        manner.options(here),
        allow=allow,
        select=select,
        wait=wait,
        ttl=ttl,
        rollback_on_failure=rollback_on_failure,
    )
    act = partial(runs.apply, here.session(), stack, pinned=saved)
    return manner.go(here, act, "yes", options)


@cli.command()
@click.argument("stack", required=False)
@click.option("--expired", is_flag=True, help="Instead of STACK: every stack that has expired.")
@click.option("--plan", "only_plan", is_flag=True, help="Only show what would be deleted.")
@click.option("--target", multiple=True, metavar="ADDRESS", help="Only this, and what needs it.")
@deleting
@running
@surroundings
@detailed
def teardown(
    here: Surroundings,
    manner: Manner,
    allow: Allowances,
    stack: str | None,
    target: tuple[str, ...],
    *,
    expired: bool,
    only_plan: bool,
) -> int:
    """Delete everything that was made for STACK; no manifest is needed.

    What will block it is told before anything is deleted; then --plan exits with 1.
    """
    if expired and not (stack or target):
        return teardown_expired(here, manner, allow, only_plan=only_plan)
    if expired or stack is None:
        raise click.UsageError("Either STACK or --expired; --target goes with STACK.")
    from provisioner.api import plans, runs
    from provisioner.stack.selection import Selection

    select = Selection(target=frozenset(target))
    if only_plan:
        options = replace(here.options(allow=allow), select=select)
        planned = plans.plan_removal(here.session(), stack, options)
        show_plan(here.terminal(), planned)
        return BLOCKED if planned.blocked else 0
    options = replace(manner.options(here), allow=allow, select=select)
    return manner.go(here, partial(runs.teardown, here.session(), stack), stack, options)


@cli.command()
@click.argument("stack")
@click.argument("run")
@deleting
@running
@surroundings
@detailed
def rollback(here: Surroundings, manner: Manner, allow: Allowances, stack: str, run: str) -> int:
    """Undo what RUN changed in STACK: settings go back, what it created is deleted."""
    from provisioner.api import runs

    options = replace(manner.options(here), allow=allow)
    return manner.go(here, partial(runs.rollback, here.session(), stack, run), stack, options)


@cli.command()
@click.argument("stack")
@click.argument("name", required=False)
@surroundings
def outputs(here: Surroundings, stack: str, name: str | None) -> int:
    """Show the outputs of STACK's last apply; with NAME, that value alone."""
    from provisioner.api import listings
    from provisioner.errors import InventoryError, nearest
    from provisioner.views.results import output_lines

    terminal = here.terminal()
    told = listings.outputs(here.session(), stack, here.options())
    if name is not None:
        if name not in told:
            raise InventoryError(f"{stack} has no output {name!r}.", hint=nearest(name, told))
        terminal.say(str(told[name]))
        terminal.tell({name: told[name]})
        return 0
    for line in output_lines(told):
        terminal.say(line)
    terminal.tell(told)
    return 0
