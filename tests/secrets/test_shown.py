"""What is shown of things: their reprs, the plan's documents, ids."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from provisioner.api.plans import plan
from provisioner.api.runs import apply
from provisioner.engine.events import Event
from provisioner.lifecycle import Spec, marks_of, rules_of
from provisioner.lifecycle.ensure import ensure
from provisioner.lifecycle.fields import Shape
from provisioner.manifest import load
from provisioner.operations.desk import Desk, Options
from provisioner.registry import kind_of, kinds
from provisioner.resources.ssm_parameter import RESOURCE, SsmParameterSpec
from provisioner.views.detail import Detail
from provisioner.views.documents import event_document
from provisioner.views.plans import plan_lines
from provisioner.views.plans.document import plan_document
from tests.conftest import VirtualClock
from tests.secrets.planted import AWKWARD, environment, found_in, stack, stored, written


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock)


def test_no_repr_shows_a_secret(session: boto3.Session, tmp_path: Path, options: Options) -> None:
    """Of what is written, wanted, found, planned, done, recorded."""
    folder = written(tmp_path / "clinic")
    source = load(folder, overlay="first", environment=environment())
    heard: list[Event] = []
    apply(session, stack(folder), options, listen=heard.append).check()
    changed = stack(folder, changed=True)
    planned = plan(session, changed, options)
    assert {change.address for change in planned.changes if change.differences} == {
        "function",
        "parameter",
        "other",
    }
    specs = [resource.resolved(planned.values.resolve).spec for resource in changed]
    report = apply(session, changed, options, listen=heard.append).check()
    records = Desk(session, options).inventory.records("clinic")
    shown = [source, changed, [*changed], specs, [str(spec) for spec in specs]]
    shown += [planned, planned.changes, planned.situation, planned.situation.found, records]
    shown += [report, report.plan, heard, [event_document(event) for event in heard]]
    assert [found_in(repr(one)) for one in shown] == [set()] * len(shown)


def test_intents_hold_no_secret(session: boto3.Session, tmp_path: Path, options: Options) -> None:
    """What is written ahead of the first call, seen from right before that call."""
    seen: list[str] = []
    for call in ("lambda.CreateFunction", "lambda.UpdateFunctionConfiguration"):
        session.events.register(f"before-call.{call}", lambda **_: seen.append(stored()))
    folder = written(tmp_path / "clinic")
    for changed in (False, True):
        apply(session, stack(folder, changed=changed), options).check()
    assert [found_in(text) for text in seen] == [set(), set()]
    assert all('"intended":' in text and "sealed:" in text for text in seen)


def test_a_plan_tells_that_a_secret_changes_and_not_to_what(
    session: boto3.Session, tmp_path: Path, options: Options
) -> None:
    """For people and for programs, beside what else changes, and where all settings are shown."""
    folder = written(tmp_path / "clinic")
    first = "\n".join(
        line.plain for line in plan_lines(plan(session, stack(folder), options), Detail.FULL)
    )
    assert found_in(first) == set()
    assert "      value: (a secret)\n" in first
    apply(session, stack(folder), options).check()
    planned = plan(session, stack(folder, changed=True), options)
    told = {
        detail: "\n".join(line.plain for line in plan_lines(planned, detail)) for detail in Detail
    }
    assert found_in(str(told) + str(plan_document(planned))) == set()
    assert "value: changed (a secret)" in told[Detail.DEFAULT]


def test_a_result_shows_no_secret(session: boto3.Session) -> None:
    """Of one resource alone: what was made, what was changed."""
    made = ensure(RESOURCE, session, SsmParameterSpec(name="/clinic", value=AWKWARD))
    changed = ensure(RESOURCE, session, SsmParameterSpec(name="/clinic", value=AWKWARD * 2))
    assert [one.field for one in changed.differences] == ["value"]
    assert found_in(repr([made, changed])) == set()


def test_an_id_holds_no_address_and_no_url(session: boto3.Session, options: Options) -> None:
    """Ids are shown and stored, so only ARNs stand in them as they are."""
    kind = kind_of("sns.subscription")
    topic = "arn:aws:sns:eu-central-1:123456789012:clinic"
    for protocol, endpoint in (
        ("https", "https://hooks.example.com/url-token-88ad1e"),
        ("email", "ada@clinic.example.com"),
        ("sms", "+4915112345678"),
    ):
        settings = {"topic_arn": topic, "protocol": protocol, "endpoint": endpoint}
        spec = kind.spec.model_validate(settings)
        id_ = kind.identity(spec, Desk(session, options).target)
        assert id_ is not None
        assert endpoint not in id_
        assert id_.startswith(f"{topic}|{protocol}|sha256:")


@pytest.mark.parametrize("kind", kinds())
def test_no_rule_of_a_secret_field_quotes_it(kind: str) -> None:
    """A `Shape` tells what does not fit; a secret field is held to limits alone."""
    spec: type[Spec] = kind_of(kind).spec
    for name, rule in rules_of(spec).items():
        if rule.secret:
            assert not any(isinstance(mark, Shape) for mark in marks_of(spec.model_fields[name]))
