"""Commands that only look: they can't write, and on a whole stack they don't try to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from provisioner.api.listings import outputs
from provisioner.api.plans import plan, plan_removal
from provisioner.api.runs import apply
from provisioner.api.strays import find_orphans
from provisioner.aws.calls import Call
from provisioner.aws.clients import Aws
from provisioner.cli import run
from provisioner.errors import WriteRefusedError
from provisioner.inventory.dynamodb import DynamoStore
from provisioner.operations.desk import Desk, Options
from tests.conftest import VirtualClock
from tests.faults.stacks import clinic

MANIFEST = """
stack: reads
resources:
  inbox: {kind: sqs.queue, queue_name: inbox, visibility_timeout: %d}
outputs: {url: "${inbox.url}"}
"""
READERS = (
    ("plan", "MANIFEST"),
    ("outputs", "reads"),
    ("history", "reads"),
    ("inventory", "list"),
    ("inventory", "list", "reads"),
    ("inventory", "show", "reads", "inbox"),
    ("teardown", "reads", "--plan"),
    ("orphans", "reads"),
    ("drift", "reads"),
    ("graph", "--stack", "reads"),
    ("stacks",),
)
"""Every command that promises to read only; MANIFEST stands for the stack's."""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """Every call that leaves for AWS from now on, whoever makes it."""
    made: list[Call] = []
    send: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def recorded(self: Any, operation: str, parameters: Any) -> Any:
        made.append(Call(self.meta.service_model.service_name, operation))
        return send(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    return made


@pytest.fixture
def manifest(session: boto3.Session, tmp_path: Path) -> Iterator[Path]:
    """A stack that stands, and of which the manifest wants something else by now."""
    file = tmp_path / "reads.yaml"
    file.write_text(MANIFEST % 30)
    assert run(["apply", str(file), "--yes", "--quiet"]) == 0
    file.write_text(MANIFEST % 60)
    yield file
    queues = session.client("sqs").list_queues()["QueueUrls"]
    assert [url.rpartition("/")[2] for url in queues] == ["inbox"]


def _spoken(command: tuple[str, ...], manifest: Path) -> list[str]:
    return [str(manifest) if word == "MANIFEST" else word for word in command]


def test_they_read_only(manifest: Path, calls: list[Call]) -> None:
    """Not one of their calls may change anything, in AWS or in the inventory."""
    for command in READERS:
        calls.clear()
        assert run(_spoken(command, manifest)) == 0
        assert any(call.service == "dynamodb" for call in calls), command
        assert [call for call in calls if call.mutates] == [], command


def test_their_inventory_refuses_to_be_written(
    manifest: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    calls: list[Call],
) -> None:
    """A fault that made it write is stopped before the call leaves."""
    rows: Any = DynamoStore.rows

    def write(self: DynamoStore, *given: Any, **named: Any) -> Any:
        self.break_lease("reads", 1)
        return rows(self, *given, **named)

    monkeypatch.setattr(DynamoStore, "rows", write)
    monkeypatch.setattr(DynamoStore, "stacks", write)
    monkeypatch.setattr(DynamoStore, "leases", write)
    for command in READERS:
        assert run(_spoken(command, manifest)) == 1, command
        told = capsys.readouterr().err
        assert "dynamodb.UpdateItem was refused: this command only reads." in told, command
    assert [call for call in calls if call.mutates] == []


def test_their_clients_refuse_to_write(
    manifest: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    calls: list[Call],
) -> None:
    """A kind whose read wrote would be stopped, too."""

    def write(aws: Aws, *_: Any) -> Any:
        aws.client("sqs").create_queue(QueueName="other")

    monkeypatch.setattr("provisioner.operations.desk.refresh", write)
    for command in (("plan", "MANIFEST"), ("teardown", "reads", "--plan")):
        assert run(_spoken(command, manifest)) == 1, command
        assert "sqs.CreateQueue was refused: this command only reads." in capsys.readouterr().err
    assert [call for call in calls if call.mutates] == []


def test_a_reading_desk_has_no_way_to_write(session: boto3.Session) -> None:
    """Its own clients and its inventory refuse, not only the ones meant for reading."""
    desk = Desk.reader(session)
    with pytest.raises(WriteRefusedError):
        desk.aws.client("sqs").create_queue(QueueName="other")
    with pytest.raises(WriteRefusedError):
        desk.inventory.open("reads", desk.who("apply"))
    assert session.client("dynamodb").list_tables()["TableNames"] == []


def test_looking_at_a_whole_stack_changes_nothing(
    session: boto3.Session, clock: VirtualClock, calls: list[Call]
) -> None:
    """Every sort of resource, planned before and after they stand, and to be torn down."""
    options = Options(clock=clock)
    looks: list[Callable[[], object]] = [
        lambda: plan(session, clinic(), options),
        lambda: plan_removal(session, "clinic", options),
        lambda: outputs(session, "clinic", options),
        lambda: find_orphans(session, "clinic", options=options),
        lambda: Desk.reader(session, options).inventory.runs("clinic"),
    ]
    looks[0]()
    assert [call for call in calls if call.mutates] == []
    apply(session, clinic(), options).check()
    calls.clear()
    for look in looks:
        look()
    assert len(calls) > 50
    assert [call for call in calls if call.mutates] == []


def test_the_exit_code_tells_what_a_plan_found(manifest: Path, tmp_path: Path) -> None:
    """0: as it should be; 2: there are changes; 1: it could not be planned; always 0 unasked."""
    ask = ("plan", str(manifest), "--detailed-exitcode", "--quiet")
    assert run([*ask]) == 2
    assert run(["plan", str(manifest), "--quiet"]) == 0
    manifest.write_text(MANIFEST % 30)
    assert run([*ask]) == 0
    manifest.write_text("stack: reads\nresources: {inbox: {kind: sqs.queue, queue: x}}")
    assert run([*ask]) == 1
    manifest.write_text("stack: reads\nresources: {}")
    assert run([*ask]) == 2
