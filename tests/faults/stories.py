"""What a run is struck in the middle of, and what must be true of it afterwards.

A story has a world that the run meets, the run, and what a person does next. Whatever strikes the
run, at whichever call: the same command run again converges, once more changes nothing, a teardown
leaves nothing, nothing was made twice, and no run made many more calls than an undisturbed one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.engine.report import Report
from provisioner.errors import ProvisionerError
from provisioner.lifecycle.ensure import Action
from provisioner.stack import Stack
from tests.faults.stacks import SECOND, by_hand, clinic, disturb, healthcare, renamed, ward
from tests.faults.stage import Stage
from tests.faults.weather import Trouble, fair

MOST_CALLS = 3.0
"""So many times the calls of an undisturbed run may the runs after trouble make."""

Run = Callable[[Stage, Trouble], Report | None]


def nothing(stage: Stage) -> None:
    """The account is empty."""
    del stage


def standing(stage: Stage) -> None:
    """The stack stands."""
    _done(stage.up())


def _done(report: Report | None) -> Report:
    assert report is not None
    return report.check()


@dataclass(frozen=True)
class Story:
    """A run that is struck.

    Attributes:
        name: how it is chosen.
        stack: what stands at its end, and what is torn down.
        before: makes the world that the run meets.
        run: is struck.
        again: what a person does next.
        stays: whether the stack stands afterwards.
        theirs: whether there were objects before us, which a teardown leaves (with the targets that
            an adopted rule was given).
    """

    name: str
    stack: Callable[[], Stack]
    before: Callable[[Stage], None] = nothing
    run: Run = Stage.up
    again: Run = Stage.up
    stays: bool = True
    theirs: bool = False


def _updated(stage: Stage) -> None:
    standing(stage)
    stage.stack = clinic(SECOND)


def _disturbed(stage: Stage) -> None:
    standing(stage)
    disturb(stage.clients)
    stage.clock.sleep(60)


def _occupied(stage: Stage) -> None:
    by_hand(stage.clients)
    stage.adopt = True


def _renamed(stage: Stage) -> None:
    standing(stage)
    stage.stack = renamed(stage.stack)


def _reverted(stage: Stage, trouble: Trouble) -> Report | None:
    stage.stack = clinic()
    return stage.up(trouble)


def small(name: str, stack: Callable[[], Stack]) -> tuple[Story, ...]:
    """Up, up and given up, down."""
    return (
        Story(f"{name}-apply", stack),
        Story(f"{name}-abandon", stack, again=Stage.down, stays=False),
        Story(f"{name}-teardown", stack, standing, Stage.down, Stage.down, stays=False),
    )


STORIES: Mapping[str, Story] = {
    story.name: story
    for story in (
        *small("healthcare", healthcare),
        *small("clinic", clinic),
        *small("ward", ward),
        Story("clinic-update", clinic, _updated),
        Story("clinic-revert", clinic, _updated, again=_reverted),
        Story("ward-rename", ward, _renamed),
        Story("clinic-rename", clinic, _renamed),
        Story("ward-lost-name", ward, _renamed, again=Stage.down, stays=False),
        Story("clinic-repair", clinic, _disturbed),
        Story("clinic-adopt", clinic, _occupied, theirs=True),
        Story("clinic-regret", clinic, _occupied, again=Stage.down, stays=False, theirs=True),
    )
}


@dataclass(frozen=True)
class Expected:
    """What an undisturbed telling of a story shows.

    Attributes:
        calls: of the run, in order; mutating: the numbers of those that may change something.
        enough: calls for the longer one of the run and what a person does next.
        most: objects of each kind that may ever stand; numbers: those that stand at the end.
        made: how many objects are made, by call.
        theirs: what stood before us, and stands when everything is torn down.
        seconds: that pass, by the virtual clock.
    """

    calls: tuple[str, ...]
    mutating: frozenset[int]
    enough: int
    most: Mapping[str, int]
    numbers: Mapping[str, int]
    made: Mapping[str, int]
    theirs: Mapping[str, list[str]] = field(default_factory=dict)


def learn(stage: Stage, story: Story) -> Expected:
    """Tell a story without trouble; the world of before must stand."""
    before = stage.census()
    stage.weather.made.clear()
    report = _done(story.run(stage, fair))
    calls = stage.last
    between = stage.numbers()
    _done(story.again(stage, fair))
    enough = max(len(calls), stage.made)
    made = dict(stage.weather.made)
    numbers = stage.numbers()
    both = sum(
        change.action is Action.REPLACE and not change.delete_first
        for change in report.plan.changes
    )
    kept = {kind: len(ids) for kind, ids in before.items()}
    most = {
        kind: max(kept.get(kind, 0), between.get(kind, 0), numbers.get(kind, 0)) + both
        for kind in {*kept, *between, *numbers}
    }
    mutating = frozenset(n for n, call in enumerate(calls, 1) if call.mutates)
    return Expected(
        tuple(map(str, calls)),
        mutating,
        enough,
        most,
        numbers,
        made,
        before if story.theirs else {},
    )


def strike(stage: Stage, story: Story, trouble: Trouble, expected: Expected) -> list[str]:
    """Tell a story with trouble; what is wrong afterwards."""
    stage.weather.made.clear()
    struck, said = tell(stage, story.run, trouble)
    count = stage.made
    wrong = []
    if said != KILLED and (struck is None or struck.result != "succeeded"):
        wrong.append(f"the run itself did not get through: {said}")
    wrong += _too_many(stage.numbers(), expected.most, "right after it")
    return [*wrong, *_mended(stage, story, expected, count)]


KILLED = "it was killed"


def tell(stage: Stage, run: Run, trouble: Trouble = fair) -> tuple[Report | None, str]:
    """Let a run go; what came of it, for the person who reads of a failure."""
    try:
        report = run(stage, trouble)
    except ProvisionerError as error:
        return None, f"{type(error).__name__}: {error}"
    if report is None:
        return None, KILLED
    causes = [f"{key}: {error}" for key, error in report.outcome.failed.items()]
    done = {str(key): value.differences for key, value in report.outcome.done.items()}
    return report, f"{report.result} {dict(report.summary)} {causes or done}"


def _mended(stage: Stage, story: Story, expected: Expected, struck: int) -> list[str]:
    again, said = tell(stage, story.again)
    if again is None or again.result != "succeeded":
        return [f"the next run did not succeed: {said}"]
    wrong = []
    if story.stays and (numbers := stage.numbers()) != expected.numbers:
        wrong.append(f"there is {_unlike(numbers, expected.numbers)}")
    twice = Counter(stage.weather.made) - Counter(expected.made)
    if twice and story.name != "clinic-revert":
        wrong.append(f"made more than once: {dict(twice)}")
    most = MOST_CALLS * expected.enough
    if struck + stage.made > most:
        wrong.append(f"{struck} and {stage.made} calls, more than {most:.0f}")
    return [*wrong, *(_quiet(stage) if story.stays else ()), *_gone(stage, story, expected)]


def _quiet(stage: Stage) -> list[str]:
    same, said = tell(stage, Stage.up)
    if same is None or same.result != "succeeded" or writes(same):
        return [f"one more run changed something: {said}"]
    return []


def _gone(stage: Stage, story: Story, expected: Expected) -> list[str]:
    if story.stays:
        down, said = tell(stage, Stage.down)
        if down is None or down.result != "succeeded":
            return [f"the teardown did not succeed: {said}"]
    left = {kind: ids for kind, ids in stage.census().items() if kind != "target"}
    return [] if left == expected.theirs else [f"left: {left}"]


def writes(report: Report) -> int:
    """How many calls of a run may have changed something."""
    calls: Any = report.summary["aws_calls"]
    return int(calls["write"])


def _too_many(numbers: Mapping[str, int], most: Mapping[str, int], when: str) -> list[str]:
    more = {kind: n for kind, n in numbers.items() if n > most.get(kind, 0)}
    return [f"{when} there is {_unlike(more, {k: most.get(k, 0) for k in more})}"] if more else []


def _unlike(numbers: Mapping[str, int], expected: Mapping[str, int]) -> str:
    kinds = sorted({*numbers, *expected})
    return ", ".join(
        f"{numbers.get(kind, 0)} {kind} instead of {expected.get(kind, 0)}"
        for kind in kinds
        if numbers.get(kind, 0) != expected.get(kind, 0)
    )
