"""Ask the person at the terminal."""

from __future__ import annotations

import select
import sys
from typing import TYPE_CHECKING

import click

from provisioner.cli.interrupts import signalled

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
    answer = _answer(f"Type {word!r} to go on: ")
    if not answer:
        raise InterruptedRunError("Interrupted at the question: nothing was changed.")
    return answer.strip() == word


def _answer(question: str) -> str:
    """The line that is typed; nothing if a signal came first, or the end of the input.

    `input` may miss a signal that comes just before it begins to wait.
    """
    with signalled() as signals:
        click.echo(question, nl=False, err=True)
        ready, _, _ = select.select([sys.stdin, signals], [], [])
        if signals not in ready:
            return sys.stdin.readline()
    click.echo(err=True)
    return ""
