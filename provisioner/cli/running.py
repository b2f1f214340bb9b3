"""The options of the commands that change AWS: how they ask, wait, run and end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from provisioner.cli.questions import confirmed

if TYPE_CHECKING:
    from provisioner.cli.surroundings import Surroundings
    from provisioner.engine.report import Report
    from provisioner.operations.desk import Options
    from provisioner.operations.run import Approve
    from provisioner.planning.changes import Plan
    from provisioner.views.terminal import Terminal

CODES = {"succeeded": 0, "declined": 1, "failed": 1, "partial": 3, "lost": 4, "interrupted": 130}
FAILED, PARTIAL = 1, 3


@dataclass(frozen=True)
class Manner:
    """How to run.

    Attributes:
        yes: do not ask.
        lock_timeout: seconds to wait for another run; None: only for one that has died.
        parallelism: steps side by side; None: as many as is usual.
        expiring_credentials: start although the credentials may end before the run does.
        fail_fast: begin nothing more once a step has failed.
    """

    yes: bool
    lock_timeout: float | None
    parallelism: int | None
    expiring_credentials: bool
    fail_fast: bool

    def options(self, here: Surroundings) -> Options:
        """As the library takes them."""
        return replace(
            here.options(lock_timeout=self.lock_timeout, workers=self.parallelism),
            expiring_credentials=self.expiring_credentials,
            fail_fast=self.fail_fast,
        )

    def go(
        self,
        here: Surroundings,
        act: Callable[..., Report],
        word: str,
        options: Options | None = None,
    ) -> int:
        """Run, show it as it goes, and tell how it ended; the exit code.

        Args:
            here: where.
            act: takes options, and `approve`, `listen`, `stop`, as the functions of the API do.
            word: what a person has to type to go on.
            options: how to run; by default what the command line says.
        """
        from provisioner.cli.interrupts import stoppable
        from provisioner.views.progress import Progress

        terminal = here.terminal()
        with Progress(terminal) as progress, stoppable(quiet=here.quiet) as stop:
            report = act(
                options or self.options(here),
                approve=self._approval(terminal, word),
                listen=progress,
                stop=stop,
            )
        return _end(terminal, report)

    def _approval(self, terminal: Terminal, word: str) -> Approve:
        """Show the plan and ask; a person answers, or `--yes` did."""

        def approve(planned: Plan) -> bool:
            show_plan(terminal, planned)
            idle = all(change.idle for change in planned.changes)
            return self.yes or idle or confirmed(terminal, word)

        return approve


def show_plan(terminal: Terminal, planned: Plan) -> None:
    """A plan, for people or for programs."""
    from provisioner.views.plans import plan_lines
    from provisioner.views.plans.document import plan_document

    for line in plan_lines(planned, terminal.detail):
        terminal.say(line)
    terminal.tell(plan_document(planned))


def _end(terminal: Terminal, report: Report) -> int:
    from provisioner.views.results import report_lines

    for line in report_lines(report):
        terminal.say(line)
    if report.rollback:
        _end(terminal, report.rollback)
        return FAILED if report.rollback.result == "succeeded" else PARTIAL
    return CODES[report.result]


def running(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command these options, bundled as its argument `manner`."""

    @wraps(command)
    def bundled(**given: Any) -> object:
        manner = Manner(**{one.name: given.pop(one.name) for one in fields(Manner)})
        return command(manner=manner, **given)

    decorated: Callable[..., object] = bundled
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


_OPTIONS = (
    click.option("--yes", "--auto-approve", "yes", is_flag=True, help="Do not ask."),
    click.option(
        "--lock-timeout",
        type=float,
        metavar="SECONDS",
        help="Wait for another run so long; by default only for one that has died.",
    ),
    click.option("--parallelism", type=click.IntRange(1, 256), help="Steps side by side."),
    click.option(
        "--fail-fast/--keep-going",
        help="When a step fails: begin nothing more, or (as is usual) go on with what can go on.",
    ),
    click.option(
        "--expiring-credentials",
        is_flag=True,
        help="Start although the credentials may end before the run does.",
    ),
)
