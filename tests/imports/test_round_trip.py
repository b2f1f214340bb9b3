"""Import, then adopt: nothing of the object changes, and the next apply has nothing to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from provisioner.api.imports import describe
from provisioner.api.plans import plan
from provisioner.api.runs import apply
from provisioner.aws.calls import Call
from provisioner.aws.clients import Aws
from provisioner.discovery.entries import Import
from provisioner.lifecycle import AnyType, Json, Owner
from provisioner.lifecycle.ensure import ensure, validated
from provisioner.manifest import load
from provisioner.manifest.writing import text_of
from provisioner.operations.desk import Options
from provisioner.operations.importing import Wish
from provisioner.planning.allowances import Allowances
from provisioner.registry import kind_of
from provisioner.stack import Stack
from provisioner.views.imports import addition_of
from tests.conftest import VirtualClock
from tests.contract.case import Case
from tests.contract.test_contract import CASES
from tests.imports.test_by_hand import HANDMADE

HANDS = Owner("contract", "thing")


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock, workers=1, allow=Allowances(adopt=True))


def made_by_hand(kind: AnyType, settings: dict[str, Json], aws: Aws) -> str:
    """An object of the kind that nobody claims; its id."""
    id_ = ensure(kind, aws, validated(kind, settings), owner=HANDS).id
    if kind.retag:
        kind.retag(aws, id_, {"Team": "theirs"}, [*HANDS.tags])
    aws.clock.sleep(3600)
    return id_


def manifest_of(found: Import, settings: dict[str, Json], folder: Path) -> Stack:
    """What is written, with what a person has to fill in."""
    (folder / "stack.yaml").write_text("stack: taken\n")
    [entry] = found.entries
    text = text_of(addition_of(found))
    if "code" in entry.fields:
        text = text.replace(str(entry.fields["code"]), str(Path(str(settings["code"])).resolve()))
    (folder / "imported.yaml").write_text(text)
    secrets: dict[str, str] = {}
    for name, where in entry.variables.items():
        value: Any = settings
        for part in where.split(".")[1:]:
            value = value[part]
        secrets[name] = str(value)
    return Stack.of(load(folder, variables=secrets))


OTHERS = {name: case for name, case in CASES.items() if name not in set(HANDMADE)}
"""Kinds that `test_by_hand` does not go through."""


@pytest.mark.parametrize("case", OTHERS.values(), ids=OTHERS.keys())
def test_import_and_adopt_change_nothing(
    case: Case, session: boto3.Session, aws: Aws, options: Options, tmp_path: Path
) -> None:
    """Not one call is made that changes AWS, and AWS shows the same to the letter."""
    kind = kind_of(case.kind)
    settings = case.settings(session)
    id_ = made_by_hand(kind, settings, aws)
    found = describe(session, [Wish(case.kind, id_)], options)
    if kind.alien:
        assert ([one.why for one in found.passed], found.entries) == ([kind.alien], ())
        return
    assert found.passed == ()
    stack = manifest_of(found, settings, tmp_path)
    before = kind.read(aws, [id_])[id_]
    heard: list[Call] = []
    apply(session, stack, replace(options, called=heard.append)).check()
    writes = [str(call) for call in heard if call.mutates and call.service != "dynamodb"]
    assert writes == []
    assert kind.read(aws, [id_])[id_] == before
    assert plan(session, stack, options).empty
    assert case.alive(session, id_)
