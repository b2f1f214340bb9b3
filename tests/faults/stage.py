"""A stack on an AWS in memory whose runs die and lose answers, and what must hold then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

from provisioner.api import Options, apply, rollback, teardown
from provisioner.inventory.lease import LASTS
from provisioner.report import Report
from provisioner.stack import Stack
from tests.conftest import VirtualClock
from tests.e2e.alive import alive
from tests.faults.weather import Killed, Trouble, Weather, fair


class Clients:
    """One client per service for all processes of a stage: making them takes longer than a run."""

    def __init__(self, session: boto3.Session) -> None:
        self._session = session
        self._clients: dict[str, Any] = {}

    def client(self, service: str, **arguments: Any) -> Any:
        """As a session does."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, **arguments)  # type: ignore[call-overload]
        return self._clients[service]


@dataclass
class Stage:
    """Where a stack is put up and torn down, with trouble.

    Attributes:
        session: on an empty AWS in memory.
        stack: what is wanted.
        clock: shared by all processes.
        workers: steps side by side; one makes the order of calls the same each time.
    """

    session: boto3.Session
    stack: Stack
    clock: VirtualClock = field(default_factory=VirtualClock)
    workers: int = 1

    def __post_init__(self) -> None:
        self.weather = Weather(self.session)
        self.clients: Any = Clients(self.session)

    @property
    def options(self) -> Options:
        """How every run runs."""
        return Options(clock=self.clock, workers=self.workers)

    def up(self, trouble: Trouble = fair) -> Report | None:
        """Apply in a process of its own; None if it was killed."""
        return self._process(lambda: apply(self.clients, self.stack, self.options), trouble)

    def down(self, trouble: Trouble = fair) -> Report | None:
        """Tear down in a process of its own; None if it was killed."""
        return self._process(lambda: teardown(self.clients, self.stack.name, self.options), trouble)

    def undo(self, run: str, trouble: Trouble = fair) -> Report | None:
        """Roll a run back in a process of its own; None if it was killed."""
        return self._process(
            lambda: rollback(self.clients, self.stack.name, run, self.options), trouble
        )

    def _process(self, work: Callable[[], Report], trouble: Trouble) -> Report | None:
        self.weather.new_process(trouble)
        try:
            return work()
        except Killed:
            self.clock.sleep(LASTS + 1)
            return None
        finally:
            self.last = self.weather.calls
            self.made = len(self.last)
            self.weather.new_process()

    def alive(self) -> dict[str, list[str]]:
        """Everything but the inventory."""
        return alive(self.session)

    def numbers(self) -> dict[str, int]:
        """How many there are of each kind of object."""
        return {kind: len(ids) for kind, ids in self.alive().items()}


def converged(stage: Stage, expected: Mapping[str, int]) -> list[str]:
    """What is wrong after trouble: the next run converges, one more changes nothing, none is left.

    Args:
        stage: after a run that met trouble.
        expected: how many objects of each kind a whole stack has.
    """
    wrong: list[str] = []
    again = stage.up()
    if again is None or again.result != "succeeded":
        return [f"the next run did not succeed: {_told(again)}"]
    if (numbers := stage.numbers()) != expected:
        wrong.append(f"there is {_unlike(numbers, expected)}")
    same = stage.up()
    if same is None or same.result != "succeeded" or _writes(same):
        wrong.append(f"one more run changed something: {_told(same)}")
    return wrong + gone(stage)


def gone(stage: Stage) -> list[str]:
    """What is wrong after trouble in a teardown: the next one ends it, and nothing is left."""
    down = stage.down()
    if down is None or down.result != "succeeded":
        return [f"the teardown did not succeed: {_told(down)}"]
    return [f"left alive: {left}"] if (left := stage.alive()) else []


def _writes(report: Report) -> int:
    calls: Any = report.summary["aws_calls"]
    return int(calls["write"])


def _told(report: Report | None) -> str:
    if report is None:
        return "killed"
    causes = [f"{key}: {error}" for key, error in report.outcome.failed.items()]
    done = {str(key): value.differences for key, value in report.outcome.done.items()}
    return f"{report.result} {dict(report.summary)} {causes or done}"


def _unlike(numbers: Mapping[str, int], expected: Mapping[str, int]) -> str:
    kinds = sorted({*numbers, *expected})
    told = [
        f"{numbers.get(kind, 0)} {kind} instead of {expected.get(kind, 0)}"
        for kind in kinds
        if numbers.get(kind, 0) != expected.get(kind, 0)
    ]
    return ", ".join(told)
