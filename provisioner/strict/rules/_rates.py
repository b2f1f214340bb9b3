"""How many calls AWS takes."""

from __future__ import annotations

from provisioner.strict.world import World

RATES = "rates"
"""Name → what is left of it, and since when."""


def exceeds(world: World, name: str, per_second: float, burst: float) -> bool:
    """Whether a call is one too many; if it is not, it is counted.

    Args:
        world: whose clock is asked.
        name: of the rate; it holds for the account in the region of the call.
        per_second: calls that are allowed anew each second.
        burst: calls at once, after a rest.
    """
    key = f"{name} {world.region}"
    left, since = world.notes(RATES).get(key, (burst, world.now))
    left = min(burst, left + (world.now - since) * per_second)
    enough = left >= 1
    world.notes(RATES)[key] = (left - 1 if enough else left, world.now)
    return not enough
