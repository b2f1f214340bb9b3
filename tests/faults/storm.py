"""Several faults in several runs, by chance: a storm is a text, and a seed makes one.

    python -m tests.faults.storm --storms 500 --seed 1                  five hundred by chance
    python -m tests.faults.storm --seed 17                              one of them again
    python -m tests.faults.storm 'unlocked fog=8 1:kill>37 2:cut>5'     one as it is told

`1:kill>37` kills the first run after its 37th call, `<` would be before it. The first run and the
second bring the stack up, the third takes it down. In the end all is as if the weather had been
fair: nothing was made twice, and nothing is left.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from provisioner.aws.calls import Call
from provisioner.lifecycle.creating import VISIBLE
from provisioner.stack import Stack
from tests.faults.fog import Fog
from tests.faults.order import one_after_the_other
from tests.faults.stacks import clinic, ward
from tests.faults.stage import Stage, empty
from tests.faults.stories import tell, writes
from tests.faults.weather import (
    Moment,
    Side,
    Struck,
    Trouble,
    broken,
    cut,
    killed,
    silence_the_dead,
    throttled,
    timed_out,
)

STACKS: Mapping[str, Callable[[], Stack]] = {"ward": ward, "clinic": clinic}
FAULTS: Mapping[str, Callable[[Call], Struck]] = {
    "kill": killed,
    "cut": cut,
    "timeout": timed_out,
    "500": broken,
    "throttle": throttled,
    "delay": lambda _: None,
}
DELAY = 12.0
RUNS, CALLS = 3, 90
"""How many runs are struck, and at calls up to which number."""
STRIKE = re.compile(r"(\d):(\w+)([<>])(\d+)")


@dataclass(frozen=True, order=True)
class Strike:
    """A fault at one side of the nth call of a run."""

    run: int
    fault: str
    side: Side
    number: int

    def __str__(self) -> str:
        return f"{self.run}:{self.fault}{'<' if self.side == 'before' else '>'}{self.number}"


@dataclass(frozen=True)
class Storm:
    """Faults that befall one stack.

    Attributes:
        strikes: which, in which run, when.
        fog: seconds for which new objects are hidden.
        unlocked: the lease of a dead run is broken at once.
    """

    strikes: tuple[Strike, ...]
    fog: int = 0
    unlocked: bool = False

    def __str__(self) -> str:
        words = ["unlocked"] * self.unlocked + [f"fog={self.fog}"] * bool(self.fog)
        return " ".join([*words, *map(str, sorted(self.strikes))])

    @classmethod
    def of(cls, text: str) -> Storm:
        """Read what `str` wrote."""
        strikes = tuple(
            Strike(int(run), fault, "before" if side == "<" else "after", int(number))
            for run, fault, side, number in STRIKE.findall(text)
        )
        fog = re.search(r"fog=(\d+)", text)
        return cls(strikes, int(fog[1]) if fog else 0, "unlocked" in text)

    @classmethod
    def by_chance(cls, seed: int) -> Storm:
        """The storm of a seed."""
        chance = random.Random(seed)  # noqa: S311  chance with a seed
        strikes = {
            Strike(
                chance.randint(1, RUNS),
                chance.choice([*FAULTS]),
                chance.choice(("before", "after")),
                chance.randint(1, CALLS),
            )
            for _ in range(chance.randint(1, 8))
        }
        fog = chance.choice((0, 0, 3, int(VISIBLE) - 5))
        return cls(tuple(sorted(strikes)), fog, chance.random() < 0.5)

    def trouble(self, run: int, stage: Stage) -> Trouble:
        """What befalls one run."""
        when = {(s.number, s.side): s.fault for s in self.strikes if s.run == run}

        def trouble(moment: Moment) -> Struck:
            fault = when.get((moment.number, moment.side))
            if fault == "delay":
                stage.clock.sleep(DELAY)
            return FAULTS[fault](moment.call) if fault else None

        return trouble


@dataclass(frozen=True)
class Calm:
    """What fair weather leaves: how many objects stand, and how many were made."""

    numbers: Mapping[str, int]
    made: Mapping[str, int]


@cache
def calm(name: str) -> Calm:
    """The stack in fair weather."""
    with one_after_the_other(), empty(STACKS[name]()) as stage:
        stage.up()
        return Calm(stage.numbers(), dict(stage.weather.made))


def weather(storm: Storm, name: str = "ward") -> list[str]:
    """Let a storm pass over a stack; what is wrong afterwards."""
    fair = calm(name)
    silence_the_dead()
    with one_after_the_other(), empty(STACKS[name]()) as stage:
        stage.patient = not storm.unlocked
        stage.weather.veil = Fog(stage.clock, float(storm.fog))
        tell(stage, Stage.up, storm.trouble(1, stage))
        tell(stage, Stage.up, storm.trouble(2, stage))
        wrong = _stands(stage, fair)
        tell(stage, Stage.down, storm.trouble(3, stage))
        return wrong + _gone(stage)


def _stands(stage: Stage, fair: Calm) -> list[str]:
    up, said = tell(stage, Stage.up)
    if up is None or up.result != "succeeded":
        return [f"the run in fair weather did not succeed: {said}"]
    wrong = []
    if (numbers := stage.numbers()) != fair.numbers:
        wrong.append(f"there is {numbers}, and should be {fair.numbers}")
    if (made := dict(stage.weather.made)) != fair.made:
        wrong.append(f"there was made {made}, and should be {fair.made}")
    same, said = tell(stage, Stage.up)
    if same is None or same.result != "succeeded" or writes(same):
        wrong.append(f"one more run changed something: {said}")
    return wrong


def _gone(stage: Stage) -> list[str]:
    down, said = tell(stage, Stage.down)
    if down is None or down.result != "succeeded":
        return [f"the teardown did not succeed: {said}"]
    return [f"left: {left}"] if (left := stage.census()) else []


def replay(storm: Storm, name: str) -> str:
    """The command that lets the same storm pass again."""
    return f"replay: python -m tests.faults.storm --stack {name} '{storm}'"


def main(arguments: list[str] | None = None) -> int:
    """Let storms pass; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("storm", nargs="?", help="as a failure prints it")
    parser.add_argument("--stack", choices=[*STACKS], default="ward")
    parser.add_argument("--seed", type=int, default=1, help="of the first storm")
    parser.add_argument("--storms", type=int, default=1, help="so many")
    chosen = parser.parse_args(arguments)
    os.environ.update(
        AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_EC2_METADATA_DISABLED="true"
    )
    seeds = range(chosen.seed, chosen.seed + chosen.storms)
    storms = (
        {"as told": Storm.of(chosen.storm)}
        if chosen.storm
        else {f"seed {seed}": Storm.by_chance(seed) for seed in seeds}
    )
    failures = 0
    for name, storm in storms.items():
        if wrong := weather(storm, chosen.stack):
            failures += 1
            print(f"✗ {name}: {storm}\n    " + "\n    ".join(wrong), flush=True)
            print(f"    {replay(storm, chosen.stack)}", flush=True)
    print(f"{chosen.stack} in storms: {len(storms)} storms, {failures} wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
