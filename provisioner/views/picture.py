"""What a run is doing right now: what runs and waits for AWS, what waits for that, how far it is.

It holds as many lines for a stack of five as for one of five hundred.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nsmallest

from rich.text import Text

from provisioner.engine.schedule import Key, Step, expected_seconds
from provisioner.quantities import counted, enumerated, minutes

RUNNING = 8
"""Running steps shown at once, the oldest first."""
WAITING = 4
"""Waiting steps shown at once, the nearest to their start first."""
NAMED = 3
"""Names of what a step waits for."""


@dataclass
class Running:
    """A step that was started.

    Attributes:
        since: when.
        state: what it waits for, in AWS's words; empty while a call is under way.
        limits: how long that typically takes, and at most.
    """

    since: float
    state: str = ""
    limits: str = ""


@dataclass
class Picture:
    """A run as it stands.

    Attributes:
        steps: all of the run; empty before it starts.
        begun: when it was started.
        running: what was started and has not ended.
        ended: what has ended, however.
    """

    steps: Mapping[Key, Step] = field(default_factory=dict)
    begun: float = 0.0
    running: dict[Key, Running] = field(default_factory=dict)
    ended: set[Key] = field(default_factory=set)

    def lines(self, now: float) -> Iterator[Text]:
        """What a person sees of it at a time."""
        yield from self._running(now)
        yield from self._waiting()
        if self.steps:
            yield Text.assemble(
                (f"  {len(self.ended)} of {counted(len(self.steps), 'step')}", "bold"),
                f", {now - self.begun:.0f} s (typically {self.typically})",
            )

    @cached_property
    def typically(self) -> str:
        """How long all of it takes."""
        return minutes(expected_seconds(self.steps))

    def _running(self, now: float) -> Iterator[Text]:
        oldest = sorted(self.running.items(), key=lambda item: item[1].since)
        for key, one in oldest[:RUNNING]:
            line = Text(f"  … {key.verb} {key.address}  {now - one.since:.0f} s")
            if one.state:
                line.append(f"  {one.state} ({one.limits})", "dim")
            yield line
        if len(oldest) > RUNNING:
            yield Text(f"  … and {len(oldest) - RUNNING} more run", "dim")

    def _waiting(self) -> Iterator[Text]:
        """What waits for others; the second stage of a resource follows its first by itself."""
        waiting: dict[Key, set[str]] = {}
        for key, step in self.steps.items():
            if key not in self.ended and key not in self.running:
                open_ = (one.address for one in step.needs if one not in self.ended)
                if others := {address for address in open_ if address != key.address}:
                    waiting[key] = others
        for key in nsmallest(WAITING, waiting, key=lambda key: (len(waiting[key]), key.address)):
            names = enumerated(sorted(waiting[key]), NAMED)
            yield Text(f"  · {key.verb} {key.address}  waits for {names}", "dim")
        if len(waiting) > WAITING:
            yield Text(f"  · and {len(waiting) - WAITING} more wait", "dim")
