"""Every kind keeps every promise of the contract in `provisioner.lifecycle`."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace

import boto3
import pytest

import tests.resources
from provisioner.aws.calls import Call, Ledger
from provisioner.aws.clients import Aws, connect
from provisioner.errors import ForeignObjectError, ProvisionerError
from provisioner.lifecycle import (
    AnyType,
    Json,
    Observed,
    Owner,
    Spec,
    differences,
    rules_of,
    settings_of,
)
from provisioner.lifecycle.configuring import configure_to_the_end
from provisioner.lifecycle.creating import create_or_settle
from provisioner.lifecycle.ensure import Action, ensure, validated
from provisioner.registry import kind_of, kinds
from tests.conftest import VirtualClock
from tests.contract.case import Case

OWNER = Owner("contract", "thing")


def _cases() -> dict[str, Case]:
    found = {}
    for module in pkgutil.iter_modules(tests.resources.__path__):
        case = getattr(importlib.import_module(f"tests.resources.{module.name}"), "CASE", None)
        if isinstance(case, Case):
            found[case.kind] = case
    return found


CASES = _cases()
ALL = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
CHANGES = pytest.mark.parametrize(
    ("case", "change"),
    [(case, change) for case in CASES.values() for change in case.all_changes],
    ids=[f"{case.kind}-{change}" for case in CASES.values() for change in case.all_changes],
)


class BombError(Exception):
    """The process died here."""


class Fuse:
    """A permit that lets a number of writes pass, then kills."""

    def __init__(self, writes: int, *, after: bool = False) -> None:
        self.left = writes

    def __call__(self, call: Call) -> None:
        if call.mutates:
            if self.left == 0:
                raise BombError
            self.left -= 1


def make(case: Case, session: boto3.Session, aws: Aws) -> tuple[AnyType, Spec, str]:
    """Create the case's object and return its kind, spec and id."""
    kind = kind_of(case.kind)
    spec = validated(kind, case.settings(session))
    result = ensure(kind, aws, spec, owner=OWNER)
    assert result.action is Action.CREATE
    return kind, spec, result.id


def observed(kind: AnyType, aws: Aws, id_: str) -> Observed:
    """Read one object that must exist."""
    return kind.read(aws, [id_])[id_]


def lift(kind: AnyType, aws: Aws, id_: str) -> None:
    """Take away what protects an object from deletion, as a teardown would."""
    found = kind.read(aws, [id_])[id_]
    if kind.lift and kind.protection and kind.protection(found.settings):
        kind.lift(aws, id_)


def test_every_kind_has_a_case() -> None:
    """A kind without a contract case can't be merged."""
    assert set(kinds()) - set(CASES) == set()


@ALL
def test_every_field_is_changed_or_exempt(case: Case) -> None:
    """No field escapes the update promise unseen."""
    changed = {field for change in case.changes.values() for field in change}
    changed |= set(case.prepare)
    spec: type[Spec] = kind_of(case.kind).spec
    fields = {name for name, rule in rules_of(spec).items() if not rule.local}
    assert fields - changed - set(case.exempt) - {"tags"} == set()


@ALL
def test_create_then_nothing(case: Case, session: boto3.Session, aws: Aws) -> None:
    """Absent becomes CREATE; again is NOOP with zero writes."""
    kind, spec, id_ = make(case, session, aws)
    assert case.alive(session, id_)
    ledger = Ledger()
    again = ensure(kind, aws.permitting(lambda _: None, ledger), spec, owner=OWNER)
    assert again.differences == ()
    assert (again.action, again.id, ledger.writes) == (Action.NOOP, id_, 0)


@ALL
def test_create_says_what_read_finds(case: Case, session: boto3.Session, aws: Aws) -> None:
    """The answer of create needs no read-back: it differs from the spec exactly as a read does."""
    kind = kind_of(case.kind)
    spec = validated(kind, case.settings(session))
    id_, created = create_or_settle(kind, aws, spec, replace(OWNER, token="t"))
    found = observed(kind, aws, id_)
    wanted = settings_of(spec)
    assert differences(kind.spec, wanted, created) == differences(kind.spec, wanted, found)
    assert dict(found.attributes) | dict(created.attributes) == dict(found.attributes)


@ALL
def test_attributes_are_as_declared_and_predicted(
    case: Case, session: boto3.Session, aws: Aws
) -> None:
    """Declared attributes are there, and what was predicted came true."""
    kind, spec, id_ = make(case, session, aws)
    found = observed(kind, aws, id_)
    assert set(found.attributes) <= set(kind.attributes)
    predicted = kind.predict(spec, aws.target)
    assert set(predicted) <= set(kind.attributes)
    assert {name: found.attributes.get(name) for name in predicted} == dict(predicted)
    identity = kind.identity(spec, aws.target)
    assert identity in (None, id_)


@ALL
def test_owned_from_the_first_call(case: Case, session: boto3.Session, aws: Aws) -> None:
    """The ownership tags are on the object as soon as it exists, and a search finds it."""
    kind = kind_of(case.kind)
    if not kind.taggable:
        assert kind.retag is None
        return
    spec = validated(kind, case.settings(session))
    owner = replace(OWNER, token="first")
    ledger = Ledger()
    id_, _ = kind.create(aws.permitting(lambda _: None, ledger), spec, owner.tags)
    assert ledger.writes == 1
    assert Owner.of(observed(kind, aws, id_).tags) == owner
    assert kind.search is not None
    assert id_ in kind.search(aws, OWNER.stack)
    assert kind.search(aws, "another-stack") == {}
    assert id_ in kind.search(aws, None)


@CHANGES
def test_a_changed_field_is_an_update_of_that_field(
    case: Case, change: str, session: boto3.Session, aws: Aws
) -> None:
    """Each change is sent as exactly that change, and then nothing is left to do."""
    kind, spec, id_ = make(case, session, aws)
    before = observed(kind, aws, id_)
    fields: dict[str, Json] = dict(case.changes.get(change, {}))
    settings = settings_of(spec)
    if change in case.prepare:
        fields |= case.prepare[change](session, settings)
    wanted = (
        validated(kind, {**settings, **fields, "tags": getattr(spec, "tags", {})})
        if (kind.taggable)
        else validated(kind, {**settings, **fields})
    )
    found = differences(kind.spec, settings_of(wanted), before)
    assert found, "the change changes nothing"
    assert set(found) <= set(fields)
    if any(difference.replace for difference in found.values()):
        with pytest.raises(ProvisionerError, match="in place"):
            ensure_at(kind, aws, id_, wanted, before)
        return
    ensure_at(kind, aws, id_, wanted, before)
    after = observed(kind, aws, id_)
    assert differences(kind.spec, settings_of(wanted), after) == {}
    spec_type: type[Spec] = kind.spec
    chosen_by_aws = {name for name, rule in rules_of(spec_type).items() if rule.computed}
    rest = {
        name: value
        for name, value in before.settings.items()
        if name not in fields and name not in chosen_by_aws
    }
    assert {name: after.settings.get(name) for name in rest} == rest


def ensure_at(kind: AnyType, aws: Aws, id_: str, spec: Spec, found: Observed) -> None:
    """Configure a known object, waiting as the engine would."""
    configure_to_the_end(kind, aws, id_, spec, found)


@ALL
def test_tags_are_set_and_removed(case: Case, session: boto3.Session, aws: Aws) -> None:
    """A tag is added, changed, removed; tags of others stay."""
    kind, spec, id_ = make(case, session, aws)
    if not kind.taggable or kind.retag is None:
        assert not kind.taggable
        return
    kind.retag(aws, id_, {"Colour": "green", "Theirs": "kept"}, [])
    assert (observed(kind, aws, id_).tags or {})["Colour"] == "green"
    kind.retag(aws, id_, {}, ["Colour"])
    tags = observed(kind, aws, id_).tags or {}
    assert "Colour" not in tags
    assert tags["Theirs"] == "kept"
    again = ensure(kind, aws, spec, owner=OWNER)
    assert again.action is Action.NOOP


@ALL
def test_delete_twice(case: Case, session: boto3.Session, aws: Aws) -> None:
    """A delete takes the object away; a second one is a success; a read does not find it."""
    kind, spec, id_ = make(case, session, aws)
    settings = settings_of(spec)
    if kind.unwire:
        kind.unwire(aws, id_)
        kind.unwire(aws, id_)
    lift(kind, aws, id_)
    kind.delete(aws, id_, settings)
    assert not case.alive(session, id_)
    kind.delete(aws, id_, settings)
    assert kind.read(aws, [id_]) == {}


@ALL
def test_a_foreign_object_is_left_alone(case: Case, session: boto3.Session, aws: Aws) -> None:
    """An object with our name but without our tags stops the run, untouched."""
    kind = kind_of(case.kind)
    spec = validated(kind, case.settings(session))
    if not kind.taggable or kind.identity(spec, aws.target) is None:
        return
    id_, _ = kind.create(aws, spec, {"Theirs": "yes"})
    before = observed(kind, aws, id_)
    with pytest.raises(ForeignObjectError):
        ensure(kind, aws, spec, owner=OWNER)
    assert observed(kind, aws, id_) == before


@ALL
def test_a_missing_id_is_absent(case: Case, session: boto3.Session, aws: Aws) -> None:
    """Reading the object beside one that was deleted finds the one and not the other."""
    kind, _, id_ = make(case, session, aws)
    assert kind.read(aws, []) == {}
    assert set(kind.read(aws, [id_])) == {id_}


@ALL
def test_a_crash_before_any_write_heals(
    case: Case, session: boto3.Session, clock: VirtualClock
) -> None:
    """Die before each write in turn; the next run finishes the same object, and only one."""
    kind = kind_of(case.kind)
    aws = connect(session, clock=clock)
    spec = validated(kind, case.settings(session))
    writes = 0
    while writes < 60:
        try:
            ensure(kind, aws.permitting(Fuse(writes)), spec, owner=OWNER)
        except (BombError, ProvisionerError):
            writes += 1
        else:
            break
        healed = ensure(kind, aws, spec, owner=OWNER)
        ledger = Ledger()
        again = ensure(kind, aws.permitting(lambda _: None, ledger), spec, owner=OWNER)
        assert (again.action, again.id, ledger.writes) == (Action.NOOP, healed.id, 0)
        if kind.search:
            assert len(kind.search(aws, OWNER.stack)) == 1
        lift(kind, aws, healed.id)
        kind.delete(aws, healed.id, settings_of(spec))
    assert writes < 60


ACTIONS = {
    "s3:DeleteObjects": "s3:DeleteObjectVersion",
    "apigateway:UpdateAccount": "apigateway:PATCH",
    "apigateway:DeleteRestApi": "apigateway:DELETE",
    "apigateway:DeleteStage": "apigateway:DELETE",
    "apigateway:DeleteDeployment": "apigateway:DELETE",
}
"""Calls whose IAM action has another name."""


@ALL
def test_a_delete_needs_no_right_that_the_kind_does_not_name(
    case: Case, session: boto3.Session, clock: VirtualClock
) -> None:
    """Whoever asks beforehand what the caller may do, asks for all of it."""
    aws = connect(session, clock=clock)
    kind, spec, id_ = make(case, session, aws)
    ledger = Ledger()
    counted = aws.permitting(lambda _: None, ledger)
    named = {entry.split()[0] for entry in (*kind.deletes, *kind.lifts, *kind.drains)}
    if kind.unwire:
        kind.unwire(counted, id_)
    lift(kind, counted, id_)
    if kind.drain:
        kind.drain(counted, id_)
    kind.delete(counted, id_, settings_of(spec))
    sent = {call.replace(".", ":") for call in ledger.counts if Call(*call.split(".")).mutates}
    assert sent
    assert {ACTIONS.get(action, action) for action in sent} <= named
