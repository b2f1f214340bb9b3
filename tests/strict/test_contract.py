"""Every kind lives through the contract's changes under all rules at once.

The cases are those of `tests/contract`. What they stand on is made beside the layer, long ago as
far as AWS is concerned; what the kind makes itself is as new as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import boto3
import pytest

from provisioner import strict
from provisioner.aws.clients import Aws, connect
from provisioner.engine.removal import lifted, removed
from provisioner.lifecycle import AnyType, Json, Observed, Owner, Spec, differences, settings_of
from provisioner.lifecycle.ensure import Action, Result, ensure, validated
from provisioner.planning.changes import Old
from provisioner.registry import kind_of
from tests.contract.case import Case
from tests.contract.test_contract import CASES
from tests.faults.stage import Clients

OWNER = Owner("contract", "thing")
LATER = 4000.0
"""Seconds between two runs: more than an hour, within which some changes are taken once."""
UNLIKE: Mapping[str, str] = {
    "lambda.new-account": "the cases reserve executions, as an account of some age may",
}
"""Rules of which a kind can only tell that they hold, and why that is no case here."""


@dataclass(frozen=True)
class Life:
    """One kind's object on a stricter AWS.

    Attributes:
        case: of the kind.
        aws: guarded clients that meet the rules.
        clock: theirs.
        layer: the rules.
    """

    case: Case
    aws: Aws
    clock: strict.VirtualClock
    layer: strict.Strict

    @property
    def plain(self) -> boto3.Session:
        """A session that meets no rule."""
        return self.layer.world.session

    @property
    def kind(self) -> AnyType:
        """The kind."""
        return kind_of(self.case.kind)

    def spec(self, settings: Mapping[str, Json], changed: Mapping[str, Json]) -> Spec:
        """The case's settings, some of them changed."""
        spec: Spec = validated(self.kind, {**settings, **changed})
        return spec

    def ensured(self, spec: Spec) -> Result:
        """Brought to a spec; nothing is left to do an hour later."""
        result = ensure(self.kind, self.aws, spec, owner=OWNER)
        self.clock.sleep(LATER)
        again = ensure(self.kind, self.aws, spec, owner=OWNER)
        assert (again.action, again.differences) == (Action.NOOP, ())
        return result

    def observed(self, id_: str) -> Observed:
        """What a read finds."""
        return self.kind.read(self.aws, [id_])[id_]

    def over(self, id_: str, spec: Spec) -> None:
        """Taken away as a teardown does it."""
        if self.kind.unwire:
            self.kind.unwire(self.aws, id_)
            self.clock.sleep(60)
        old = Old(self.kind.kind, id_, settings_of(spec), empty=True)
        going = removed(self.kind, old, self.aws, frozenset({id_}))
        for pause in chain(lifted(self.kind, old, self.aws), going):
            self.clock.sleep(pause.seconds)
        assert self.kind.read(self.aws, [id_]) == {}
        self.clock.sleep(LATER)
        self.layer.catch_up()
        assert not self.case.alive(self.plain, id_)


def changes(life: Life, settings: dict[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    """Every change of the case, with what has to exist for it."""
    case = life.case
    for name in case.all_changes:
        if name in case.only_here:
            continue
        fields: dict[str, Json] = {**case.changes.get(name, {})}
        if prepare := case.prepare.get(name):
            fields |= prepare(life.plain, settings)
        yield name, fields


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_life_on_the_stricter_aws(
    case: Case,
    strict_aws: strict.Strict,
    strict_clock: strict.VirtualClock,
    session: boto3.Session,
) -> None:
    """Made, changed in each field and back, made anew where it has to be, and taken away."""
    strict_aws.off(*UNLIKE)
    clients: Any = Clients(session)
    life = Life(case, connect(clients, clock=strict_clock), strict_clock, strict_aws)
    settings = case.settings(life.plain)
    strict_clock.sleep(LATER)
    base = life.spec(settings, {})
    made = life.ensured(base)
    assert made.action is Action.CREATE
    replaced: list[Spec] = []
    for name, fields in changes(life, settings):
        wanted = life.spec(settings, fields)
        found = differences(life.kind.spec, settings_of(wanted), life.observed(made.id))
        if any(difference.replace for difference in found.values()):
            replaced.append(wanted)
            continue
        assert life.ensured(wanted).action is Action.UPDATE, name
        life.ensured(base)
    life.over(made.id, base)
    for wanted in replaced:
        life.over(life.ensured(wanted).id, wanted)
    life.over(life.ensured(base).id, base)
