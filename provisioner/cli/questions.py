"""Ask the person at the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from provisioner.cli.interrupts import raising

if TYPE_CHECKING:
    from provisioner.views.terminal import Terminal


def confirmed(terminal: Terminal, word: str) -> bool:
    """Whether the person types this word.

    Raises:
        PlanError: there is nobody to be asked.
        InterruptedRunError: the answer was Ctrl-C, Ctrl-D or SIGTERM.
    """
    from provisioner.errors import InterruptedRunError, PlanError

    if terminal.json or not sys.stdin.isatty():
        raise PlanError(
            "Nobody can be asked here, so nothing was changed.", hint="Add --yes to go on."
        )
    try:
        with raising():
            answer: str = click.prompt(f"Type {word!r} to go on", default="", show_default=False)
    except (click.Abort, KeyboardInterrupt):
        raise InterruptedRunError("Interrupted at the question: nothing was changed.") from None
    return answer.strip() == word
