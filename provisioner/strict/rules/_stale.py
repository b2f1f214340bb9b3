"""Reads that show for some seconds what was true before the last write."""

from __future__ import annotations

import copy
from typing import Any

from provisioner.strict.world import World


def keep(world: World, what: str, which: str, value: Any, seconds: float) -> None:
    """Remember a value that is about to be overwritten; of writes in a row the first one's."""
    if world.age(what, which) >= seconds:
        world.notes(what)[which] = copy.deepcopy(value)
    world.note(what, which)


def kept(world: World, what: str, which: str, seconds: float) -> Any:
    """What a read still shows; None if it shows what is true."""
    if world.age(what, which) >= seconds:
        return None
    return copy.deepcopy(world.notes(what).get(which))
