"""The options of the commands that show a plan: how much of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from provisioner.views.detail import Detail

if TYPE_CHECKING:
    from provisioner.cli.surroundings import Surroundings


def detailed(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command `--summary` and `--full`; they go into its argument `here`.

    Raises:
        UsageError: both are given.
    """

    @wraps(command)
    def bundled(here: Surroundings, *, summary: bool, full: bool, **given: Any) -> object:
        if summary and full:
            raise click.UsageError("--summary and --full are one or the other.")
        detail = Detail.SUMMARY if summary else Detail.FULL if full else Detail.DEFAULT
        return command(here=replace(here, detail=detail), **given)

    decorated: Callable[..., object] = bundled
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


_OPTIONS = (
    click.option("--summary", is_flag=True, help="Of the plan, show a line a resource."),
    click.option("--full", is_flag=True, help="Of the plan, show every setting and whole values."),
)
