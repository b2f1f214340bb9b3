"""Weather that lasts: runs get through or stop cleanly, and nothing is half recorded."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from provisioner.engine.report import Report
from provisioner.inventory import Status
from tests.faults.climate import Lag, every_call_throttled, failing, slow, together
from tests.faults.order import one_after_the_other
from tests.faults.stacks import SECOND, clinic, ward
from tests.faults.stage import Stage, empty
from tests.faults.stories import tell, writes
from tests.faults.weather import Moment, Struck, Trouble, fair, throttled

CLIMATES: dict[str, Callable[[Stage], Trouble]] = {
    "throttled": lambda _: every_call_throttled(3),
    "inventory throttled": lambda _: every_call_throttled(5, "dynamodb"),
    "slow": lambda stage: slow(20.0, stage.clock),
    "slow and throttled": lambda stage: together(slow(5.0, stage.clock), every_call_throttled(2)),
}
"""What a run gets through."""


@pytest.mark.parametrize("name", CLIMATES)
def test_a_run_gets_through(name: str) -> None:
    """Up, changed and down again, with nothing lost and nothing made twice."""
    with one_after_the_other(), empty(clinic()) as stage:
        climate = CLIMATES[name](stage)
        for step in (Stage.up, change, Stage.down):
            report, said = tell(stage, step, climate)
            assert report is not None, said
            assert report.result == "succeeded", said
        assert stage.census() == {}


def change(stage: Stage, trouble: Trouble = fair) -> Report | None:
    stage.stack = clinic(SECOND)
    return stage.up(trouble)


@pytest.mark.parametrize("seed", range(3))
def test_one_call_in_ten_fails(seed: int) -> None:
    """A run may stop; what it says is true, and the next one in better weather converges."""
    with one_after_the_other(), empty(clinic()) as stage:
        climate = failing(0.1, random.Random(seed))  # noqa: S311  chance with a seed
        tell(stage, Stage.up, climate)
        again, said = tell(stage, Stage.up)
        assert again is not None, said
        assert again.result == "succeeded", said
        assert writes(again.check()) <= 60, said
        tell(stage, Stage.down, climate)
        down, said = tell(stage, Stage.down)
        assert down is not None, said
        assert (down.result, stage.census()) == ("succeeded", {}), said


def test_reads_that_lag_behind() -> None:
    """A second apply right behind may send again what it can't see yet, but makes nothing twice."""
    with one_after_the_other(), empty(clinic()) as stage:
        stage.weather.veil = Lag(stage.clock, 15.0)
        stage.up()
        made = dict(stage.weather.made)
        numbers = stage.numbers()
        stage.up()
        assert (dict(stage.weather.made), stage.numbers()) == (made, numbers)
        stage.clock.sleep(60)
        again = stage.up()
        assert again is not None
        assert (again.result, writes(again)) == ("succeeded", 0)
        stage.down()
        assert stage.census() == {}


def test_an_inventory_that_stays_throttled_stops_the_run_whole() -> None:
    """Nothing is made that no intent speaks of, and the next run goes on."""
    written: list[str] = []

    def throttle(moment: Moment) -> Struck:
        if moment.call.operation != "TransactWriteItems":
            return None
        written.append(moment.side)
        return throttled(moment.call) if len(written) > 2 and moment.side == "before" else None

    with one_after_the_other(), empty(ward()) as stage:
        report, said = tell(stage, Stage.up, throttle)
        assert report is None or report.result in {"failed", "partial"}, said
        records = stage.records()
        assert {record.status for record in records.values()} == {Status.INTENDED}
        assert set(stage.numbers().values()) <= {1, 2}
        again, said = tell(stage, Stage.up)
        assert again is not None, said
        assert again.result == "succeeded", said
        down, said = tell(stage, Stage.down)
        assert down is not None, said
        assert (down.result, stage.census()) == ("succeeded", {})
