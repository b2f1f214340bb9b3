"""The options of commands that may delete: what a person allows by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click


def deleting(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command `--empty` and `--lift`, bundled as its argument `may`: by name, addresses."""

    @wraps(command)
    def bundled(**given: Any) -> object:
        may = {name: frozenset(given.pop(name)) for name in ("empty", "lift")}
        return command(may=may, **given)

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
