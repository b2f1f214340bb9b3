"""Objects made by hand under all names of the healthcare stack at once: nothing is touched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from provisioner.api.plans import plan, plan_removal
from provisioner.aws.target import Target as Place
from provisioner.errors import AwsError, ForeignObjectError
from provisioner.inventory import Run
from provisioner.operations.desk import Desk, Options
from provisioner.stack.values import predicted
from tests.conftest import REGION
from tests.e2e.alive import alive
from tests.faults.stacks import healthcare
from tests.faults.weather import Killed, Moment
from tests.ownership.hands import ACCOUNT, HANDS
from tests.ownership.world import Target, World, after_the_plan, refusal, world


def names() -> list[Target]:
    """Every object whose id follows from the manifest, parents before what belongs to them."""
    stack = healthcare()
    values = predicted(stack, Place(ACCOUNT, REGION, "aws"))
    found = []
    for resource in stack:
        kind = resource.kind.kind
        alias = values.attributes[resource.address].get("alias")
        if (id_ := alias or values.identity(resource)) is not None:
            found.append(Target(resource.address, kind, id_))
    return sorted(found, key=lambda one: [*HANDS].index(one.kind))


@pytest.fixture
def stage() -> Iterator[World]:
    with world(healthcare()) as made:
        yield made


OURS_ALONE = {"vpc", "subnet", "address", "api", "plan", "nat gateway"}
"""What nobody else makes here."""


def runs(stage: World) -> tuple[Run, ...]:
    return Desk(stage.clients, stage.options).inventory.runs(stage.stack.name)


def told(stage: World) -> dict[Target, Any]:
    return {one: one.hand.told(stage.hands, one.id) for one in names()}


class Crowd:
    """Makes everything by hand right after the plan; the run is killed so many calls later."""

    def __init__(self, stage: World, killed_after: int | None) -> None:
        self._stage, self._left = stage, killed_after
        self.made: dict[Target, Any] = {}

    def __call__(self, moment: Moment) -> BaseException | None:
        if not self.made and after_the_plan(moment):
            for one in names():
                one.hand.make(self._stage.hands, one.id)
            self.made = told(self._stage)
        elif self.made and self._left is not None and moment.side == "before":
            self._left -= 1
            return Killed() if self._left < 0 else None
        return None


def test_there_is_a_hand_for_every_kind_with_a_name() -> None:
    """None of the stack's names is left out."""
    assert {one.kind for one in names()} <= set(HANDS)
    assert len(names()) > 70


def test_nothing_made_by_hand_is_touched(stage: World) -> None:
    """Plan and apply are refused with all names at once; nothing is changed, recorded, deleted."""
    for one in names():
        one.hand.make(stage.hands, one.id)
    everything = alive(stage.session)
    before = told(stage)
    with pytest.raises(ForeignObjectError) as planned:
        plan(stage.clients, stage.stack, Options(clock=stage.clock))
    assert [str(one) for one in names() if one.id not in str(planned.value)] == []
    with pytest.raises(ForeignObjectError) as applied:
        stage.up()
    assert str(applied.value) == str(planned.value)
    changing = [str(call) for call in stage.last if call.mutates and call.service != "dynamodb"]
    assert changing == []
    assert plan_removal(stage.clients, stage.stack.name, stage.options).changes == ()
    down = stage.down()
    assert down is not None
    assert down.result == "succeeded"
    assert told(stage) == before
    assert alive(stage.session) == everything


@pytest.mark.parametrize("killed_after", [None, 0, 60])
def test_nothing_is_touched_that_appears_after_the_plan(
    stage: World, killed_after: int | None
) -> None:
    """The run makes what is free and stops at every taken name; a teardown takes only its own."""
    crowd = Crowd(stage, killed_after)
    report = stage.up(crowd)
    if killed_after is None:
        assert report is not None
        errors = [*report.outcome.failed.values()]
        assert len(errors) > 10
        assert all(isinstance(error, ForeignObjectError | AwsError) for error in errors)
    else:
        assert report is None
    assert told(stage) == crowd.made
    refusal(stage)
    assert told(stage) == crowd.made
    down = stage.down()
    assert down is not None
    assert down.result == "succeeded"
    assert told(stage) == crowd.made
    assert set(stage.alive()) & OURS_ALONE == set()


@pytest.mark.parametrize("killed_after", [None, 50])
def test_a_rollback_takes_back_its_own_and_nothing_else(
    stage: World, killed_after: int | None
) -> None:
    """A failed first run is undone, by itself or by hand after it was killed."""
    stage.rollback = killed_after is None
    crowd = Crowd(stage, killed_after)
    report = stage.up(crowd)
    if report is None:
        [run] = runs(stage)
        report = stage.undo(run.id)
    else:
        report = report.rollback
    assert report is not None
    assert report.result == "succeeded"
    assert told(stage) == crowd.made
    assert set(stage.alive()) & OURS_ALONE == set()
    assert plan_removal(stage.clients, stage.stack.name, stage.options).changes == ()
