"""The commands on stacks: validate, plan, apply, teardown, outputs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from provisioner.cli.inventory import inventory
from provisioner.cli.kinds import kinds
from provisioner.cli.local import local
from provisioner.cli.manifests import Choice, manifest_options
from provisioner.cli.surroundings import Surroundings, surroundings

if TYPE_CHECKING:
    from provisioner.api import Approve
    from provisioner.changes import Plan
    from provisioner.report import Report
    from provisioner.views.terminal import Terminal

CODES = {"succeeded": 0, "declined": 1, "failed": 1, "partial": 3, "interrupted": 130}
CHANGES = 2
LOCK_TIMEOUT = "Wait for another run so long; by default only for one that has died."


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="provisioner")
def cli() -> None:
    """Provision AWS from a YAML manifest or from Python: plan, apply, tear down."""


cli.add_command(inventory)
cli.add_command(kinds)
cli.add_command(local)


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
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@click.option("--adopt", is_flag=True, help="Plan to adopt objects that are not ours.")
@click.option("--allow-replace", multiple=True, metavar="ADDRESS", help="Its data may be lost.")
@surroundings
def plan(
    here: Surroundings,
    choice: Choice,
    allow_replace: tuple[str, ...],
    *,
    detailed_exitcode: bool,
    adopt: bool,
) -> int:
    """Show what apply would do to AWS. Writes nothing."""
    stack = choice.stack()
    from provisioner import api
    from provisioner.planner import Allowances

    allow = Allowances(adopt=adopt, replace=frozenset(allow_replace))
    planned = api.plan(here.session(), stack, here.options(allow=allow))
    _show(here.terminal(), planned)
    return CHANGES if detailed_exitcode and not planned.empty else 0


@cli.command()
@manifest_options
@click.option("--yes", "--auto-approve", "yes", is_flag=True, help="Do not ask.")
@click.option("--adopt", is_flag=True, help="Bring objects that are not ours to their specs.")
@click.option("--allow-replace", multiple=True, metavar="ADDRESS", help="Its data may be lost.")
@click.option("--lock-timeout", type=float, metavar="SECONDS", help=LOCK_TIMEOUT)
@click.option("--parallelism", type=click.IntRange(1, 256), help="Steps side by side.")
@surroundings
def apply(
    here: Surroundings,
    choice: Choice,
    allow_replace: tuple[str, ...],
    lock_timeout: float | None,
    parallelism: int | None,
    *,
    yes: bool,
    adopt: bool,
) -> int:
    """Bring AWS to what MANIFEST says."""
    stack = choice.stack()
    from provisioner import api
    from provisioner.cli.interrupts import stoppable
    from provisioner.planner import Allowances
    from provisioner.views.progress import Progress

    terminal = here.terminal()
    allow = Allowances(adopt=adopt, replace=frozenset(allow_replace))
    options = here.options(allow=allow, lock_timeout=lock_timeout, workers=parallelism)
    with Progress(terminal) as progress, stoppable(terminal.note) as stop:
        report = api.apply(
            here.session(),
            stack,
            options,
            approve=_approval(terminal, "yes", yes=yes),
            listen=progress,
            stop=stop,
        )
    return _end(terminal, report)


@cli.command()
@click.argument("stack")
@click.option("--yes", "--auto-approve", "yes", is_flag=True, help="Do not ask.")
@click.option("--plan", "only_plan", is_flag=True, help="Only show what would be deleted.")
@click.option("--lock-timeout", type=float, metavar="SECONDS", help=LOCK_TIMEOUT)
@surroundings
def teardown(
    here: Surroundings, stack: str, lock_timeout: float | None, *, yes: bool, only_plan: bool
) -> int:
    """Delete everything that was made for STACK; no manifest is needed."""
    from provisioner import api
    from provisioner.cli.interrupts import stoppable
    from provisioner.views.progress import Progress

    terminal = here.terminal()
    if only_plan:
        _show(terminal, api.plan_removal(here.session(), stack, here.options()))
        return 0
    with Progress(terminal) as progress, stoppable(terminal.note) as stop:
        report = api.teardown(
            here.session(),
            stack,
            here.options(lock_timeout=lock_timeout),
            approve=_approval(terminal, stack, yes=yes),
            listen=progress,
            stop=stop,
        )
    return _end(terminal, report)


@cli.command()
@click.argument("stack")
@click.argument("name", required=False)
@surroundings
def outputs(here: Surroundings, stack: str, name: str | None) -> int:
    """Show the outputs of STACK's last apply; with NAME, that value alone."""
    from provisioner import api
    from provisioner.errors import InventoryError, nearest
    from provisioner.views.results import output_lines

    terminal = here.terminal()
    told = api.outputs(here.session(), stack, here.options())
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


def _approval(terminal: Terminal, word: str, *, yes: bool) -> Approve:
    """Show the plan and ask; a person answers, or `--yes` did."""
    from provisioner.errors import PlanError

    def approve(planned: Plan) -> bool:
        _show(terminal, planned)
        if yes or all(change.idle for change in planned.changes):
            return True
        if terminal.json or not sys.stdin.isatty():
            raise PlanError(
                "Nobody can be asked here, so nothing was changed.", hint="Add --yes to go on."
            )
        answer: str = click.prompt(f"Type {word!r} to go on", default="", show_default=False)
        return answer.strip() == word

    return approve


def _show(terminal: Terminal, planned: Plan) -> None:
    from provisioner.views.documents import plan_document
    from provisioner.views.plans import plan_lines

    for line in plan_lines(planned):
        terminal.say(line)
    terminal.tell(plan_document(planned))


def _end(terminal: Terminal, report: Report) -> int:
    from provisioner.views.results import report_lines

    for line in report_lines(report):
        terminal.say(line)
    return CODES[report.result]
