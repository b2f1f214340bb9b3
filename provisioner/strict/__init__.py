"""A stricter AWS for tests: what AWS does and emulators don't, put over any emulator's session.

Emulators take nearly every call at once. AWS answers `pending`, hides what was made a second ago,
refuses what somebody still uses, and says so in its own codes. This room plays that back with
botocore's event hooks, so it works over moto in the process, a moto server, or anything else that
`AWS_ENDPOINT_URL` leads to. Seconds are those of a clock; with a `VirtualClock` nothing ever waits.

    from provisioner import strict

    layer = strict.attach(session, clock=strict.VirtualClock())
    layer.off("ec2.quotas")
    ...  # clients made from `session` now meet AWS's rules
    layer.detach()

For pytest there is a plugin with the fixtures `strict_aws` and `strict_clock`; see docs/strict.md.
Each rule stands in `provisioner.strict.rules`, whose docstring tells how to add one. The room knows
nothing of the rest of the package, and nothing of the rest knows it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provisioner.strict.clock import Clock, VirtualClock
    from provisioner.strict.layer import Strict, attach
    from provisioner.strict.rule import Answer, Call, Rule, UnknownRuleError, Unplayed
    from provisioner.strict.world import World

_HOMES = {
    "clock": ("Clock", "VirtualClock"),
    "layer": ("Strict", "attach"),
    "rule": ("Answer", "Call", "Rule", "UnknownRuleError", "Unplayed"),
    "world": ("World",),
}

__all__ = [
    "Answer",
    "Call",
    "Clock",
    "Rule",
    "Strict",
    "UnknownRuleError",
    "Unplayed",
    "VirtualClock",
    "World",
    "attach",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is used: the plugin is loaded by every run of pytest."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
