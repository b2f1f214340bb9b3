"""Whatever form AWS answers in, a kind sees the same object: no more differences, and no fewer."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.aws.clients import Aws, connect
from provisioner.lifecycle import (
    AnyType,
    Difference,
    Json,
    Observed,
    Owner,
    Spec,
    differences,
    rules_of,
    settings_of,
)
from provisioner.lifecycle.configuring import configure_to_the_end
from provisioner.lifecycle.ensure import ensure, validated
from provisioner.registry import kind_of
from tests.canonical.forms import Forms
from tests.conftest import VirtualClock
from tests.contract.case import Case
from tests.contract.test_contract import CASES

OWNER = Owner("forms", "thing")
EXAMPLES = 4
"""So many forms of each object in each of its states."""


class Seen:
    """One object of a kind, read in the form that the emulator answers in, and in others."""

    def __init__(self, case: Case, session: boto3.Session, clock: VirtualClock) -> None:
        self.forms = Forms(session)
        self.aws: Aws = connect(session, clock=clock)
        self.kind: AnyType = kind_of(case.kind)
        self.base = settings_of(validated(self.kind, case.settings(session)))
        self.id = ensure(self.kind, self.aws, self.spec({}), owner=OWNER).id

    def spec(self, fields: dict[str, Json]) -> Spec:
        """The case's settings with some changed."""
        tags: dict[str, Json] = {"Name": "forms", "Team": "care"}
        tagged: dict[str, Json] = {"tags": tags} if self.kind.taggable else {}
        spec: Spec = validated(self.kind, {**self.base, **tagged, **fields})
        return spec

    def read(self, seed: int | None = None) -> Observed:
        """The object, as it is answered or in another form."""
        self.forms.seed = seed
        try:
            return self.kind.read(self.aws, [self.id])[self.id]
        finally:
            self.forms.seed = None

    def configure(self, spec: Spec) -> None:
        """Bring it to other settings."""
        configure_to_the_end(self.kind, self.aws, self.id, spec, self.read())

    def same_in_all_forms(self, spec: Spec, expected: dict[str, Difference]) -> None:
        """It differs from a spec by the same fields in whatever form it is read."""
        plain = self.read()
        comparable = self.comparable

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(st.integers(0, 2**32))
        def check(seed: int) -> None:
            found = self.read(seed)
            assert comparable(spec, found) == comparable(spec, plain) == expected
            assert found.tags == plain.tags
            assert dict(found.attributes) == dict(plain.attributes)
            assert found.phase is plain.phase

        check()

    def comparable(self, spec: Spec, found: Observed) -> dict[str, Difference]:
        """The differences from a spec."""
        return differences(self.kind.spec, settings_of(spec), found)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_no_form_makes_or_hides_a_difference(
    case: Case, session: boto3.Session, clock: VirtualClock
) -> None:
    """In any of AWS's forms an object that nobody touched is as wanted, and a change is seen."""
    seen = Seen(case, session, clock)
    seen.same_in_all_forms(seen.spec({}), {})
    for name, change in case.changes.items():
        fields: dict[str, Any] = dict(change)
        if name in case.prepare:
            fields |= case.prepare[name](session, seen.base)
        wanted = seen.spec(fields)
        rules = rules_of(type(wanted))
        expected = seen.comparable(wanted, seen.read())
        assert expected, f"{name} changes nothing"
        seen.same_in_all_forms(wanted, expected)
        if not any(rules[field].replace for field in expected):
            seen.configure(wanted)
            seen.same_in_all_forms(wanted, {})
            seen.configure(seen.spec({}))
