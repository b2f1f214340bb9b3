"""The options that choose a part of a stack."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click


def choosing(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command `--target`, `--exclude` and `--replace`, bundled as its argument `select`."""

    @wraps(command)
    def bundled(**given: Any) -> object:
        from provisioner.stack.selection import Selection

        names = ("target", "exclude", "replace")
        select = Selection(**{name: frozenset(given.pop(name)) for name in names})
        return command(select=select, **given)

    decorated: Callable[..., object] = bundled
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def _named(option: str, text: str) -> Callable[..., Callable[..., object]]:
    return click.option(option, multiple=True, metavar="ADDRESS", help=text)


_OPTIONS = (
    _named("--target", "Only this, with what it needs."),
    _named("--exclude", "All but this, and but what needs it."),
    _named("--replace", "Make this anew, though nothing differs."),
)
