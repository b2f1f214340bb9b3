"""Every call of a run, both sides of each, as a point at which trouble strikes.

    python -m tests.faults.matrix                 every call of the healthcare stack
    python -m tests.faults.matrix --points 60     sixty of each story, well spread
    python -m tests.faults.matrix --stories clinic-update --faults kill,cut
    python -m tests.faults.matrix --point 'clinic-update kill after 37'

The world that a run meets is made once and forked for every point, so each point meets the same
AWS, and costs only the run that is struck and those that mend it.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import select
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any

from provisioner.aws.calls import Call
from tests.faults.order import one_after_the_other
from tests.faults.stage import Stage, empty
from tests.faults.stories import STORIES, Expected, Story, learn, strike
from tests.faults.weather import (
    SIDES,
    Side,
    Struck,
    at,
    broken,
    cut,
    killed,
    silence_the_dead,
    timed_out,
)

FAULTS: dict[str, Callable[[Call], Struck]] = {
    "kill": killed,
    "cut": cut,
    "timeout": timed_out,
    "500": broken,
}


@dataclass(frozen=True)
class Point:
    """Where trouble strikes."""

    story: str
    fault: str
    side: Side
    number: int
    call: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.story} {self.fault} {self.side} {self.number}"

    @classmethod
    def of(cls, text: str) -> Point:
        """Read what `str` wrote."""
        story, fault, side, number = text.split()
        return cls(story, fault, "before" if side == "before" else "after", int(number))


def points(story: str, expected: Expected, faults: Sequence[str]) -> Iterator[Point]:
    """Each point of a story: both sides of all calls to die at, writes to lose the answer of."""
    for fault in faults:
        for number, call in enumerate(expected.calls, 1):
            if fault == "kill":
                yield from (Point(story, fault, side, number, call) for side in SIDES)
            elif number in expected.mutating:
                yield Point(story, fault, "after", number, call)


def spread(found: Sequence[Point]) -> list[Point]:
    """The points in an order of which any beginning is spread: one of each operation, then more."""
    shuffled = sorted(found, key=lambda point: sha256(str(point).encode()).digest())
    ranks: Counter[tuple[str, str]] = Counter()
    ranked = []
    for point in shuffled:
        ranked.append((ranks[point.fault, point.call], point))
        ranks[point.fault, point.call] += 1
    return [point for _, point in sorted(ranked, key=lambda one: one[0])]


def forked(
    works: Sequence[Callable[[], Any]], processes: int, seconds: float = math.inf
) -> Iterator[tuple[int, Any]]:
    """What each work says (plain JSON), done in a fork of this very process; None if it died.

    Args:
        works: what to do.
        processes: side by side.
        seconds: after which none is begun any more.
    """
    gc.freeze()  # what the forks share is not looked through again by each
    until = time.monotonic() + seconds
    waiting = [*reversed(range(len(works)))]
    running: dict[int, tuple[int, int]] = {}
    while running or (waiting and time.monotonic() < until):
        while waiting and len(running) < processes and time.monotonic() < until:
            index = waiting.pop()
            reading, writing = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(reading)
                _child(works[index], writing)
            os.close(writing)
            running[reading] = (pid, index)
        if not running:
            return
        for reading in select.select([*running], [], [])[0]:
            pid, index = running.pop(reading)
            with os.fdopen(reading) as pipe:
                text = pipe.read()
            os.waitpid(pid, 0)
            yield index, json.loads(text) if text else None


def _child(work: Callable[[], Any], writing: int) -> None:
    gc.disable()
    try:
        said = work()
    except BaseException:  # noqa: BLE001  told to the parent
        said = [traceback.format_exc()]
    with os.fdopen(writing, "w") as pipe:
        json.dump(said, pipe)
    os._exit(0)


@dataclass
class Tally:
    """What was struck and what came of it."""

    points: int = 0
    wrong: dict[str, list[str]] = field(default_factory=dict)
    left: int = 0

    def add(self, point: Point, found: list[str] | None) -> None:
        """Count a point, and what was wrong after it."""
        self.points += 1
        self.left -= 1
        if found != []:
            self.wrong[f"{point} ({point.call})"] = found or ["it ended without a word"]


def strike_all(
    story: Story,
    faults: Sequence[str],
    *,
    count: int | None = None,
    only: Point | None = None,
    processes: int = 1,
    workers: int = 1,
    seconds: float = math.inf,
) -> Tally:
    """Strike at points of a story, each in a fork of the world it meets.

    Args:
        story: what is struck.
        faults: by what.
        count: so many points, well spread; None: all.
        only: this one point.
        processes: forks side by side.
        workers: steps side by side in each run.
        seconds: after which no further point is begun.
    """
    silence_the_dead()
    with one_after_the_other() if workers == 1 else nullcontext():
        with empty(story.stack()) as stage:
            stage.workers = workers
            story.before(stage)
            expected = learn(stage, story)
        with empty(story.stack()) as stage:
            stage.workers = workers
            story.before(stage)
            chosen = spread([*points(story.name, expected, faults)])[:count]
            chosen = [point for point in chosen if only in {None, point}]
            works = [partial(_struck, stage, story, expected, point) for point in chosen]
            tally = Tally(left=len(chosen))
            for index, found in forked(works, processes, seconds):
                tally.add(chosen[index], found)
            return tally


def _struck(stage: Stage, story: Story, expected: Expected, point: Point) -> list[str]:
    trouble = at(point.number, point.side, FAULTS[point.fault])
    return strike(stage, story, trouble, expected)


def main(arguments: list[str] | None = None) -> int:
    """Strike; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stories", default="healthcare-apply,healthcare-teardown")
    parser.add_argument("--faults", default="kill", help=f"of {','.join(FAULTS)}")
    parser.add_argument("--points", type=int, help="so many of each story, well spread")
    parser.add_argument("--point", help="one point, as a failure prints it")
    parser.add_argument("--workers", type=int, default=1, help="steps side by side")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=math.inf, help="for each story")
    chosen = parser.parse_args(arguments)
    os.environ.update(
        AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_EC2_METADATA_DISABLED="true"
    )
    one = Point.of(chosen.point) if chosen.point else None
    stories = [one.story] if one else chosen.stories.split(",")
    faults = [one.fault] if one else chosen.faults.split(",")
    failures = 0
    for name in [*STORIES] if stories == ["all"] else stories:
        started = time.monotonic()
        tally = strike_all(
            STORIES[name],
            faults,
            count=chosen.points,
            only=one,
            processes=chosen.processes,
            workers=chosen.workers,
            seconds=chosen.seconds,
        )
        failures += len(tally.wrong)
        for point, found in tally.wrong.items():
            print(f"✗ {point}\n    " + "\n    ".join(found))
        print(
            f"{name} {'+'.join(faults)}: {tally.points} points, {len(tally.wrong)} wrong, "
            f"{tally.left} not reached; {time.monotonic() - started:.0f} s",
            flush=True,
        )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
