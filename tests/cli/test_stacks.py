"""`stacks`: every way a run can end is told, by one query, whatever the number of stacks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from jsonschema import Draft202012Validator

from provisioner.aws.clients import connect
from provisioner.cli import run
from provisioner.inventory import Holder, Inventory, Record, Status
from provisioner.inventory.dynamodb import DynamoStore
from provisioner.inventory.lease import LASTS
from tests.conftest import VirtualClock

Say = Callable[..., tuple[int, str, str]]
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schema" / "stack.json"
QUEUE = """
stack: %s
resources:
  inbox: {kind: sqs.queue, queue_name: %s-inbox}
"""


@pytest.fixture
def say(session: boto3.Session, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run one command: its code, what it said, and what it said beside."""

    def command(*words: str) -> tuple[int, str, str]:
        code = run(words)
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


@pytest.fixture
def clock() -> VirtualClock:
    """Of the machine that ran before."""
    return VirtualClock()


@pytest.fixture
def inventory(session: boto3.Session, clock: VirtualClock) -> Inventory:
    return Inventory(DynamoStore(connect(session, clock=clock)), clock)


@pytest.fixture
def dynamodb_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []
    send: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def recorded(self: Any, operation: str, parameters: Any) -> Any:
        made.append(operation)
        return send(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    return made


def record(stack: str, address: str, status: Status = Status.READY) -> Record:
    return Record(
        stack=stack,
        address=address,
        kind="sqs.queue",
        id=address,
        region="eu-central-1",
        account="123456789012",
        status=status,
        created_at="2026-01-01T00:00:00+00:00",
        updated_at="2026-01-01T00:00:00+00:00",
    )


def holder(run: str) -> Holder:
    return Holder(who="ada", host="laptop", command="apply", run=run)


def health(inventory: Inventory) -> dict[str, str]:
    return {one.name: str(one.health) for one in inventory.listed()}


def test_each_way_a_run_ends_is_told(inventory: Inventory, clock: VirtualClock) -> None:
    """All of them; and a run that failed before it changed anything leaves the stack as it was."""
    for name, result in (("a", "succeeded"), ("b", "partial"), ("c", "interrupted")):
        with inventory.open(name, holder(f"{name}1")) as journal:
            journal.intend([record(name, "x", Status.INTENDED)])
            journal.note(record(name, "x"))
            journal.close(result, {})
    with inventory.open("a", holder("a2")) as journal:
        journal.close("failed", {})
    with inventory.open("d", holder("d1")) as journal:
        journal.intend([record("d", "x", Status.INTENDED)])
        journal.close("succeeded", {})
    alive = inventory.open("e", holder("e1"))
    alive.intend([record("e", "x", Status.INTENDED)])
    dead = inventory.open("f", holder("f1"))
    dead.intend([record("f", "x", Status.INTENDED)])
    lease = inventory.lease("f")
    assert lease is not None
    assert inventory.unlock(lease)
    known = {"a": "ready", "b": "partial", "c": "interrupted", "d": "partial", "f": "died"}
    assert health(inventory) == known | {"e": "running"}
    clock.sleep(LASTS + 1)
    assert health(inventory) == known | {"e": "silent"}


def test_a_stack_is_listed_from_its_first_run_until_nothing_is_left(inventory: Inventory) -> None:
    """Also while that run is only planning; the history of a stack that is gone stays."""
    first = inventory.open("s", holder("r1"))
    [one] = inventory.listed()
    assert (one.health, one.standing, one.holder) == ("running", None, holder("r1"))
    with first as journal:
        journal.intend([record("s", "x", Status.INTENDED), record("s", "y", Status.INTENDED)])
        journal.note(record("s", "x"))
        journal.forget("y")
        journal.close("succeeded", {})
    [one] = inventory.listed()
    assert one.standing is not None
    assert (one.standing.resources, one.standing.result) == (1, "succeeded")
    since = one.standing.since
    with inventory.open("s", Holder(who="bob", host="ci", command="teardown", run="r2")) as journal:
        journal.intend([record("s", "x", Status.DELETING)])
        [one] = inventory.listed()
        assert one.standing is not None
        assert (one.standing.command, one.standing.who, one.standing.since) == (
            "teardown",
            "bob",
            since,
        )
        journal.forget("x")
        journal.close("succeeded", {})
    assert inventory.listed() == ()
    assert [one.id for one in inventory.runs("s")] == ["r2", "r1"]


def test_the_command_lists_all_by_one_query(
    say: Say, tmp_path: Path, dynamodb_calls: list[str]
) -> None:
    """For people a line a stack, for programs a document that fits the schema."""
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.yaml").write_text(QUEUE % (name, name))
        assert say("apply", str(tmp_path / f"{name}.yaml"), "--yes")[0] == 0
    assert say("teardown", "two", "--yes")[0] == 0
    dynamodb_calls.clear()
    code, out, _ = say("stacks", "--json")
    assert dynamodb_calls == ["GetCallerIdentity", "Query"]
    documents = [json.loads(line) for line in out.splitlines()]
    assert (code, [one["stack"] for one in documents]) == (0, ["one", "three"])
    for one in documents:
        Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(one)
        assert (one["health"], one["resources"]) == ("ready", 1)
        assert (one["last_run"]["command"], one["last_run"]["result"]) == ("apply", "succeeded")
    code, out, _ = say("stacks")
    head, first, second, total = out.splitlines()
    assert head.split() == ["stack", "health", "resources", "age", "expires", "last", "run"]
    assert first.split()[:3] == ["one", "ready", "1"]
    assert "apply succeeded, 2" in second
    assert total == "2 stacks."


def test_without_an_inventory_there_are_none(say: Say) -> None:
    """And no table is made by looking."""
    code, out, _ = say("stacks")
    assert (code, out) == (0, "There are no stacks here.\n")
