"""The options by which a person allows what a command would else refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from provisioner.planning.allowances import Allowances


def deleting(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command `--empty` and `--lift`, bundled as its argument `allow`."""

    @wraps(command)
    def bundled(**given: Any) -> object:
        from provisioner.planning.allowances import Allowances

        empty, lift = frozenset(given.pop("empty")), frozenset(given.pop("lift"))
        return command(allow=Allowances(empty=empty, lift=lift), **given)

    decorated: Callable[..., object] = bundled
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def allowing(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command all that may be allowed of an apply, bundled as its argument `allow`."""

    @wraps(command)
    def bundled(*, allow: Allowances, adopt: bool, **given: Any) -> object:
        replaced = frozenset(given.pop("allow_replace"))
        return command(allow=replace(allow, adopt=adopt, replace=replaced), **given)

    decorated: Callable[..., object] = deleting(bundled)
    for option in reversed(_APPLYING):
        decorated = option(decorated)
    return decorated


_APPLYING = (
    click.option("--adopt", is_flag=True, help="Bring objects that are not ours to their specs."),
    click.option("--allow-replace", multiple=True, metavar="ADDRESS", help="Its data may be lost."),
)
_OPTIONS = (
    click.option(
        "--empty", multiple=True, metavar="ADDRESS", help="If it goes, so does what it holds."
    ),
    click.option(
        "--lift", multiple=True, metavar="ADDRESS", help="Take somebody else's protection off it."
    ),
)
