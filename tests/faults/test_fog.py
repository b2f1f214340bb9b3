"""What was just made is not seen for a while: each kind waits, and never makes a second one."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from provisioner.lifecycle.creating import VISIBLE
from provisioner.registry import kind_of
from provisioner.stack import Stack
from tests.conftest import VirtualClock
from tests.contract.case import Case
from tests.contract.test_contract import ALL
from tests.faults.fog import INVENTORY, KINDS, Fog
from tests.faults.order import one_after_the_other
from tests.faults.stage import Stage, empty
from tests.faults.stories import STORIES, writes
from tests.faults.weather import Killed, Moment, Struck, fair, silence_the_dead


def alone(case: Case, session: boto3.Session, clock: VirtualClock, seconds: float) -> Stage:
    """A stack of this one resource; what it stands on was there before, and is seen."""
    settings: Any = case.settings(session)
    stack = Stack("alone")
    stack.add("thing", case.kind, **settings)
    stage = Stage(session, stack, clock)
    stage.weather.veil = Fog(clock, seconds)
    return stage


def made(stage: Stage) -> dict[str, int]:
    """How many objects were made by each operation, the inventory's table left out."""
    ours = {kind.create for kind in KINDS} - {"dynamodb.CreateTable"}
    return {call: n for call, n in stage.weather.made.items() if call in ours}


@ALL
def test_each_kind_gets_through(case: Case, session: boto3.Session, clock: VirtualClock) -> None:
    """One apply makes and configures it, and a second one right behind has nothing to do."""
    with one_after_the_other():
        stage = alone(case, session, clock, 8.0)
        report = stage.up()
        assert report is not None
        report.check()
        again = stage.up()
        assert again is not None
        assert (again.result, writes(again)) == ("succeeded", 0)
        assert all(n == 1 for n in made(stage).values())
        down = stage.down()
        assert down is not None
        down.check()
        assert not _alive(case, session, report.plan.changes[0].id)


@ALL
def test_killed_right_after_the_create(
    case: Case, session: boto3.Session, clock: VirtualClock
) -> None:
    """Somebody unlocks the stack at once: the next run waits until it sees what was made."""
    silence_the_dead()
    struck: list[Moment] = []

    def die(moment: Moment) -> Struck:
        ours = moment.asked.get("TableName") != INVENTORY and "TransactItems" not in moment.asked
        if moment.call.mutates and ours and moment.side == "after" and not struck:
            struck.append(moment)
            return Killed()
        return None

    with one_after_the_other():
        stage = alone(case, session, clock, VISIBLE - 5)
        stage.patient = False
        assert stage.up(die) is None
        assert struck
        again = stage.up()
        assert again is not None
        again.check()
        assert all(n == 1 for n in made(stage).values()), made(stage)
        down = stage.down()
        assert down is not None
        down.check()


@pytest.mark.parametrize("story", ["clinic-apply", "clinic-update", "clinic-adopt"])
def test_a_whole_stack_gets_through(story: str) -> None:
    """Everything is hidden from everything else for as long as the window lasts."""
    told = STORIES[story]
    with empty(told.stack()) as stage:
        told.before(stage)
        stage.weather.veil = Fog(stage.clock, VISIBLE - 10)
        report = told.run(stage, fair)
        assert report is not None
        report.check()
        again = told.run(stage, fair)
        assert again is not None
        assert (again.result, writes(again)) == ("succeeded", 0)


def _alive(case: Case, session: boto3.Session, id_: str | None) -> bool:
    return id_ is not None and case.alive(session, id_)


def test_every_create_of_ours_is_hidden() -> None:
    """No kind escapes the fog: the services of all kinds stand in its table."""
    from provisioner.registry import kinds

    hidden = {kind.create.partition(".")[0] for kind in KINDS}
    assert {kind_of(name).service for name in kinds()} <= hidden
