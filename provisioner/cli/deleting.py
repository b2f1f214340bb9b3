"""The options of commands that may delete: what a person allows by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click


def deleting(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command `--empty` and `--lift`, bundled as its argument `allow`."""

    @wraps(command)
    def bundled(**given: Any) -> object:
        from provisioner.allowances import Allowances

        empty, lift = frozenset(given.pop("empty")), frozenset(given.pop("lift"))
        return command(allow=Allowances(empty=empty, lift=lift), **given)

    decorated: Callable[..., object] = bundled
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


_OPTIONS = (
    click.option(
        "--empty", multiple=True, metavar="ADDRESS", help="If it goes, so does what it holds."
    ),
    click.option(
        "--lift", multiple=True, metavar="ADDRESS", help="Take somebody else's protection off it."
    ),
)
