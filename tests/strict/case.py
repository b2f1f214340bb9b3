"""What is proven of each rule: a plain program fails on it, and the kinds don't."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from provisioner import Options, Stack, apply, teardown
from provisioner.aws.clients import Aws, connect
from provisioner.engine.report import Report
from provisioner.lifecycle import Json
from provisioner.lifecycle.ensure import ensure, validated
from provisioner.registry import kind_of
from provisioner.strict import Strict, VirtualClock
from tests.conftest import REGION
from tests.e2e.alive import alive
from tests.faults.stage import Clients
from tests.sessions import Session
from tests.strict import cases

Client = Callable[[str], Any]
"""Makes a boto3 client."""


@dataclass(frozen=True)
class Ground:
    """What a case stands on: an empty account under the rule.

    Attributes:
        session: makes clients that meet the rule, each once.
        clock: of the layer and of the library.
        layer: the rule alone is on.
        plain: makes clients that meet no rule, to see what is there.
    """

    session: Any
    clock: VirtualClock
    layer: Strict
    plain: Client

    @property
    def aws(self) -> Aws:
        """Guarded clients."""
        return connect(self.session, clock=self.clock)

    @property
    def options(self) -> Options:
        """How stacks are applied."""
        return Options(clock=self.clock, workers=4)

    def ensure(self, kind: str, **settings: Json) -> str:
        """One object is made by itself, its `Name` tag tells it from others; its id."""
        resource = kind_of(kind)
        named: dict[str, Json] = {"tags": {"Name": kind}} if resource.taggable else {}
        return ensure(resource, self.aws, validated(resource, {**named, **settings})).id

    def apply(self, stack: Stack) -> Report:
        """One apply, which succeeds."""
        return apply(self.session, stack, self.options).check()

    def take_down(self, stack: Stack) -> Report:
        """One teardown, which succeeds."""
        return teardown(self.session, stack.name, self.options).check()

    def up(self, stack: Stack) -> None:
        """The stack is made, and a second apply has nothing to do."""
        self.apply(stack)
        again = self.apply(stack)
        calls: Any = again.summary["aws_calls"]
        assert calls["write"] == 0, again.summary
        assert again.summary["unchanged"] == len(again.plan.changes), again.summary

    def down(self, stack: Stack) -> None:
        """The stack is taken down, and nothing is left."""
        self.take_down(stack)
        self.clock.sleep(3600)
        self.layer.catch_up()
        assert alive(_plain()) == {}

    def through(self, *stacks: Stack) -> None:
        """One form of a stack after the other is applied, and then it goes."""
        for stack in stacks:
            self.up(stack)
        self.down(stacks[-1])


@cache
def _plain() -> Any:
    """Clients that meet no rule, made once for all tests: making them takes longer than a case."""
    return Clients(Session(REGION))


@dataclass(frozen=True)
class Case:
    """The proof of one rule.

    Attributes:
        rule: its name.
        naive: a plain program that is right on the emulator as it is, wrong on AWS.
        fails: AWS's code that it fails with under the rule; empty if it finds something wrong by
            itself (an AssertionError).
        survives: does the same with the library's kinds, and leaves nothing behind.
    """

    rule: str
    naive: Callable[[Client], None]
    fails: str
    survives: Callable[[Ground], None]


def all_cases() -> dict[str, Case]:
    """Rule → its case."""
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(cases.__path__):
        if module.name.startswith("_"):
            continue
        for case in importlib.import_module(f"{cases.__name__}.{module.name}").CASES:
            assert case.rule not in found, f"two cases for {case.rule}"
            found[case.rule] = case
    return found
