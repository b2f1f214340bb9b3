"""A stack on an AWS in memory whose runs die and lose answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import boto3
from moto import mock_aws

from provisioner.api.drifts import repair
from provisioner.api.runs import apply, rollback, teardown
from provisioner.aws.clients import connect
from provisioner.engine.report import Report
from provisioner.inventory import Inventory, Record
from provisioner.inventory.dynamodb import DynamoStore
from provisioner.local import gaps
from provisioner.operations.desk import Options
from provisioner.planning.allowances import Allowances
from provisioner.stack import Stack
from tests.conftest import REGION, VirtualClock
from tests.e2e.alive import alive
from tests.faults.census import census
from tests.faults.weather import Killed, Trouble, Weather, fair
from tests.sessions import Session


class Clients:
    """One client per service for all processes of a stage: making them takes longer than a run."""

    def __init__(self, session: boto3.Session) -> None:
        self._session = session
        self._clients: dict[str, Any] = {}
        self.region_name = session.region_name

    def client(self, service: str, **arguments: Any) -> Any:
        """As a session does."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, **arguments)  # type: ignore[call-overload]
        return self._clients[service]


_EQUIPMENT: WeakKeyDictionary[boto3.Session, tuple[Weather, Clients]] = WeakKeyDictionary()
"""One weather hangs on a session, however many stages are put up on it."""


@cache
def _session() -> boto3.Session:
    return Session(REGION)


@contextmanager
def empty(stack: Stack) -> Iterator[Stage]:
    """A stage on an AWS with nothing in it."""
    gaps.fill()
    policies: Any = {"iam": {"load_aws_managed_policies": stack.name.startswith("healthcare")}}
    with mock_aws(config=policies):
        yield Stage(_session(), stack)


@dataclass
class Stage:
    """Where a stack is put up and torn down, with trouble.

    Attributes:
        session: on an empty AWS in memory.
        stack: what is wanted.
        clock: shared by all processes.
        workers: steps side by side; one makes the order of calls the same each time.
        adopt: whether runs may adopt.
        patient: whether the next run waits for the lease of a dead one; else somebody unlocks it
            at once.
    """

    session: boto3.Session
    stack: Stack
    clock: VirtualClock = field(default_factory=VirtualClock)
    workers: int = 1
    adopt: bool = False
    patient: bool = True

    def __post_init__(self) -> None:
        if self.session not in _EQUIPMENT:
            _EQUIPMENT[self.session] = (Weather(self.session), Clients(self.session))
        weather, clients = _EQUIPMENT[self.session]
        weather.clear()
        self.weather = weather
        self.clients: Any = clients

    @property
    def options(self) -> Options:
        """How every run runs."""
        allowed = Allowances(adopt=self.adopt)
        return Options(clock=self.clock, workers=self.workers, allow=allowed)

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

    def repair(self, trouble: Trouble = fair) -> Report | None:
        """Bring drift back in a process of its own; None if it was killed."""
        return self._process(
            lambda: repair(self.clients, self.stack.name, (), self.options), trouble
        )

    def _process(self, work: Callable[[], Report], trouble: Trouble) -> Report | None:
        self.weather.new_process(trouble)
        try:
            return work()
        except Killed:
            self._bury()
            return None
        finally:
            self.last = self.weather.calls
            self.made = len(self.last)
            self.weather.new_process()

    def _bury(self) -> None:
        """Break the lease of a dead run, if nobody waits for its end."""
        if self.patient:
            return
        self.weather.new_process()
        inventory = self._inventory()
        if lease := inventory.lease(self.stack.name):
            inventory.unlock(lease)

    def _inventory(self) -> Inventory:
        return Inventory(DynamoStore(connect(self.clients, clock=self.clock)), self.clock)

    def records(self) -> dict[str, Record]:
        """What is recorded, by address."""
        return self._inventory().records(self.stack.name)

    def alive(self) -> dict[str, list[str]]:
        """Everything but the inventory."""
        return alive(self.session)

    def census(self) -> dict[str, list[str]]:
        """Everything but the inventory, and all that hangs on it, whatever hides it."""
        veil, self.weather.veil = self.weather.veil, None
        try:
            return census(self.clients)
        finally:
            self.weather.veil = veil

    def numbers(self) -> dict[str, int]:
        """How many there are of each kind of object."""
        return {kind: len(ids) for kind, ids in self.census().items()}
