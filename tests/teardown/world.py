"""An account in memory in which stacks are put up and torn down, and what is heard of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import pytest

from provisioner.api.plans import plan_removal
from provisioner.api.runs import apply, teardown
from provisioner.engine.events import Event, StepDone, StepWaiting
from provisioner.engine.report import Report
from provisioner.errors import BlockedError, PlanError
from provisioner.lifecycle import Obstacle
from provisioner.operations.desk import Options
from provisioner.planning.allowances import Allowances
from provisioner.planning.changes import Plan
from provisioner.stack import Stack
from tests.conftest import VirtualClock
from tests.e2e.alive import alive


@dataclass
class World:
    """Where stacks come and go.

    Attributes:
        session: plain boto3, to make what others make, and to see what is there.
        options: how runs run.
        clock: theirs.
        heard: every event of every run.
    """

    session: boto3.Session
    options: Options
    clock: VirtualClock
    heard: list[Event] = field(default_factory=list)

    def client(self, service: str) -> Any:
        """A plain client."""
        make: Any = self.session.client
        return make(service)

    def up(self, stack: Stack) -> None:
        """The stack is put up."""
        apply(self.session, stack, self.options).check()

    def down(self, name: str, *, empty: str = "", lift: str = "") -> Report:
        """The stack is torn down, and what is allowed by name is allowed."""
        options = replace(self.options, allow=allowing(empty, lift))
        return teardown(self.session, name, options, listen=self.heard.append)

    def planned(self, name: str, *, empty: str = "", lift: str = "") -> Plan:
        """What a teardown would do."""
        options = replace(self.options, allow=allowing(empty, lift))
        return plan_removal(self.session, name, options)

    def told(self, name: str, address: str) -> tuple[Obstacle, ...]:
        """What a plan says stands in the way of an address."""
        return self.planned(name).obstacles.get(address, ())

    def stays(self, name: str, kind: type[PlanError] = BlockedError) -> str:
        """A teardown refuses to begin, and changes nothing; what it says."""
        before = self.alive()
        with pytest.raises(kind) as caught:
            self.down(name)
        assert self.alive() == before
        return f"{caught.value} {caught.value.hint}"

    def alive(self) -> Mapping[str, list[str]]:
        """Everything in the account but the inventory."""
        return alive(self.session)

    def done(self) -> list[str]:
        """The steps that were done, in order."""
        return [str(event.key) for event in self.heard if isinstance(event, StepDone)]

    def waits(self, step: str) -> list[StepWaiting]:
        """What a step waited for."""
        return [e for e in self.heard if isinstance(e, StepWaiting) and str(e.key) == step]


def allowing(empty: str = "", lift: str = "") -> Allowances:
    """What a person allowed by name."""
    return Allowances(empty=frozenset(empty.split()), lift=frozenset(lift.split()))
