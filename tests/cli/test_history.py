"""`history` and `unlock`, on an AWS in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.session
import pytest

from provisioner.aws.calls import Call
from provisioner.aws.clients import connect
from provisioner.cli import run
from provisioner.errors import LeaseLostError
from provisioner.inventory import Holder, Inventory
from provisioner.inventory.dynamodb import DynamoStore

MANIFEST = """
stack: work
resources:
  inbox: {kind: sqs.queue, queue_name: inbox, visibility_timeout: %d}
  key: {kind: kms.key, alias: alias/work}
"""
SECRET = """
  hook:
    kind: lambda.function
    function_name: hook
    runtime: python3.13
    role: arn:aws:iam::123456789012:role/lambda
    code: hook
    environment: {TOKEN: %s}
"""
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(session: boto3.Session, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run one command: its code, what it said, and what it said beside."""

    def command(*words: str) -> tuple[int, str, str]:
        code = run(words)
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


@pytest.fixture
def inventory(session: boto3.Session) -> Inventory:
    aws = connect(session)
    return Inventory(DynamoStore(aws), aws.clock)


def documents(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_history_tells_who_did_what_when(say: Say, tmp_path: Path) -> None:
    """Newest first; of one run each step, before and after, with AWS's request ids."""
    manifest = tmp_path / "work.yaml"
    manifest.write_text(MANIFEST % 30)
    say("apply", str(manifest), "--yes")
    manifest.write_text(MANIFEST % 60)
    say("apply", str(manifest), "--yes")
    code, out, _ = say("history", "work", "--json")
    second, first = documents(out)
    assert (code, first["result"], second["command"]) == (0, "succeeded", "apply")
    assert (first["summary"]["created"], second["summary"]["updated"]) == (2, 1)
    assert first["who"].endswith("(moto)")
    _, out, _ = say("history", "work", second["id"], "--json")
    told, step = documents(out)
    assert told == second
    assert (step["address"], step["action"], step["failed"]) == ("inbox", "configure", False)
    [change] = step["changes"]
    assert (change["field"], change["before"], change["after"]) == ("visibility_timeout", 30, 60)
    [request] = step["request_ids"]
    assert request.startswith("sqs.SetQueueAttributes ")
    _, out, _ = say("history", "work", second["id"])
    for word in (second["id"], second["who"], second["host"], "visibility_timeout: 30 → 60"):
        assert word in out
    assert request in out
    _, out, _ = say("history", "work", "--limit", "1")
    assert (second["id"] in out, f"--before {second['id']}" in out) == (True, True)
    _, out, _ = say("history", "work", "--before", second["id"])
    assert (first["id"] in out, second["id"] in out) == (True, False)


def refuse(**_: Any) -> Any:
    """What a client gets to see instead of calling."""
    error = {"Code": "AccessDenied", "Message": "not you"}
    answer = {"Error": error, "ResponseMetadata": {"RequestId": "id-4711"}}
    return SimpleNamespace(status_code=403), answer


def test_history_tells_what_failed(session: boto3.Session, say: Say, tmp_path: Path) -> None:
    """With AWS's sentence, its code and its request id; and what the run left undone."""
    manifest = tmp_path / "work.yaml"
    manifest.write_text(MANIFEST % 30)
    made = botocore.session.Session.create_client

    def watched(self: Any, *words: Any, **named: Any) -> Any:
        client = made(self, *words, **named)
        client.meta.events.register("before-call.sqs.CreateQueue", refuse)
        return client

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session.Session, "create_client", watched)
        code, _, _ = say("apply", str(manifest), "--yes")
    assert code == 3
    _, out, _ = say("history", "work", "--json")
    [told] = documents(out)
    assert told["result"] == "partial"
    _, out, _ = say("history", "work", told["id"], "--json")
    [failed] = [step for step in documents(out)[1:] if step["failed"]]
    assert (failed["address"], failed["request_ids"]) == ("inbox", ["CreateQueue id-4711"])
    assert "AccessDenied" in failed["message"]
    _, out, _ = say("history", "work", told["id"])
    assert "✗ failed     inbox" in out
    assert "not you" in out


def test_history_never_tells_a_secret(say: Say, tmp_path: Path, session: boto3.Session) -> None:
    """Neither the old value nor the new one."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "handler.py").write_text("def handler(event, context): ...\n")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    session.client("iam").create_role(RoleName="lambda", AssumeRolePolicyDocument=json.dumps(trust))
    manifest = tmp_path / "work.yaml"
    for value in ("s3cr3t-4711", "s3cr3t-4712"):
        manifest.write_text(MANIFEST % 30 + SECRET % value)
        code, _, err = say("apply", str(manifest), "--yes")
        assert code == 0, err
    environment = session.client("lambda").get_function_configuration(FunctionName="hook")
    assert environment["Environment"]["Variables"] == {"TOKEN": "s3cr3t-4712"}
    _, out, _ = say("history", "work", "--json")
    ids = [document["id"] for document in documents(out)]
    assert say("teardown", "work", "--yes")[0] == 0
    _, out, _ = say("history", "work", "--limit", "1", "--json")
    ids += [document["id"] for document in documents(out)]
    _, out, _ = say("history", "work", ids[-1], "--json")
    steps = [step for step in documents(out)[1:] if step["address"] == "hook"]
    [hook] = [step for step in steps if step.get("deleted")]
    assert hook["deleted"]["environment"] == {"TOKEN": "(secret)"}
    for words in (["work"], *(["work", one] for one in ids)):
        for flags in ([], ["--json"]):
            _, out, _ = say("history", *words, *flags)
            assert "s3cr3t" not in out
            assert "sealed:" not in out
            assert "environment" in out or words[-1] not in {ids[0], ids[-1]}


def test_an_unknown_stack_or_run(say: Say, tmp_path: Path) -> None:
    """The nearest stack, or where to see the runs."""
    (tmp_path / "work.yaml").write_text(MANIFEST % 30)
    say("apply", str(tmp_path / "work.yaml"), "--yes")
    for command in ("history", "unlock"):
        code, _, err = say(command, "wrok")
        assert (code, "'work'" in err) == (1, True)
    code, _, err = say("history", "work", "zzz")
    assert (code, "history work" in err) == (1, True)


def test_unlock_where_nobody_holds_the_stack(say: Say, tmp_path: Path) -> None:
    """Says so; that is what was wanted."""
    (tmp_path / "work.yaml").write_text(MANIFEST % 30)
    say("apply", str(tmp_path / "work.yaml"), "--yes")
    code, out, _ = say("unlock", "work")
    assert (code, "Nobody holds work." in out) == (0, True)
    code, out, _ = say("unlock", "work", "--json")
    assert (code, documents(out)[0]["holder"]) == (0, None)


def test_unlock_shows_the_holder_and_shuts_it_out(say: Say, inventory: Inventory) -> None:
    """Who, where, what, since when; without an answer it stays; its next write is refused."""
    holder = Holder(who="ada", host="laptop", command="teardown", run="r1")
    journal = inventory.open("work", holder)
    journal.intend([])
    code, out, err = say("unlock", "work")
    assert (code, "--yes" in err) == (1, True)
    for word in ("ada", "laptop", "teardown", "r1", "UTC", "ends in", "refused"):
        assert word in out
    journal.check(Call("sqs", "CreateQueue"))
    code, out, _ = say("unlock", "work", "--yes", "--json")
    [told] = documents(out)
    assert (code, told["taken_away"], told["holder"]["run"]) == (0, True, "r1")
    lease = inventory.lease("work")
    assert lease is not None
    assert lease.holder is None
    with pytest.raises(LeaseLostError):
        journal.close("succeeded", {})
    _, out, _ = say("history", "work")
    assert "died" in out


def test_a_run_without_steps_is_told_too(session: boto3.Session, tmp_path: Path, say: Say) -> None:
    """What a recovery did stands in the history like anything else."""
    manifest = tmp_path / "work.yaml"
    manifest.write_text(MANIFEST % 30)
    assert say("apply", str(manifest), "--yes")[0] == 0
    session.client("dynamodb").delete_item(
        TableName="provisioner-inventory",
        Key={"pk": {"S": "STACK#work"}, "sk": {"S": "RESOURCE#inbox"}},
    )
    assert say("recover", "work", "--manifest", str(manifest))[0] == 0
    _, out, _ = say("history", "work", "--json", "--limit", "1")
    code, out, _ = say("history", "work", documents(out)[0]["id"])
    assert code == 0
    assert "✓ recovered  inbox  sqs.queue" in out
