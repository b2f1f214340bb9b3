"""A saved plan is done exactly, or not at all; what has moved since is named."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from provisioner.api.plans import plan
from provisioner.api.runs import apply
from provisioner.cli import run
from provisioner.errors import PlanError, StalePlanError
from provisioner.operations.desk import Options
from provisioner.planning.allowances import Allowances
from provisioner.planning.savedplan import SavedPlan
from provisioner.stack import Stack
from provisioner.stack.selection import Selection
from tests.conftest import VirtualClock
from tests.e2e.alive import alive
from tests.engine.test_story import counts
from tests.faults.stage import Clients

MANIFEST = """
stack: work
variables:
  timeout: {type: integer, env: WORK_TIMEOUT, default: 30}
  token: {secret: true, default: ""}
tags: {Team: care}
resources:
  inbox: {kind: sqs.queue, queue_name: inbox, visibility_timeout: "${var.timeout}"}
  outbox: {kind: sqs.queue, queue_name: outbox}
  parameter: {kind: ssm.parameter, name: /clinic/token, type: SecureString, value: "${var.token}"}
"""
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = Path("work.yaml")
    file.write_text(MANIFEST)
    return file


@pytest.fixture
def say(session: boto3.Session, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run one command: its code, and all it said."""

    def command(*words: str) -> tuple[int, str]:
        code = run(words)
        told = capsys.readouterr()
        return code, told.out + told.err

    return command


def timeout(session: boto3.Session, name: str = "inbox") -> str:
    sqs = session.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    return found["Attributes"]["VisibilityTimeout"]


TOKEN = ("--var", "token=hunter2-hunter2")


def test_what_was_saved_is_done_and_nothing_else(
    manifest: Path, say: Say, session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the variables of then, without a question; done twice it is out of date."""
    monkeypatch.setenv("WORK_TIMEOUT", "45")
    code, out = say("plan", "work.yaml", "--out", "work.plan", *TOKEN)
    assert code == 0
    assert "To do exactly this: provisioner apply work.plan" in out
    assert alive(session) == {}
    monkeypatch.delenv("WORK_TIMEOUT")
    assert say("apply", "work.plan", *TOKEN)[0] == 0
    assert timeout(session) == "45"
    value = session.client("ssm").get_parameter(Name="/clinic/token", WithDecryption=True)
    assert value["Parameter"]["Value"] == "hunter2-hunter2"
    code, out = say("apply", "work.plan", *TOKEN)
    assert code == 1
    assert "run 0" in out
    assert "was about inbox, outbox, parameter" in out
    assert "inbox: it is there by now" in out


def test_what_moved_in_aws_is_named_field_by_field(
    session: boto3.Session, clock: VirtualClock
) -> None:
    """Before the first write; all is left as it is, and a new plan is done."""
    clients: Any = Clients(session)
    options = Options(clock=clock)
    apply(clients, small(), options).check()
    saved = SavedPlan.of(plan(clients, small(delay=5), options, to_save=True))
    clock.sleep(600)
    sqs = session.client("sqs")
    url = sqs.get_queue_url(QueueName="small")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "9"})
    sqs.tag_queue(QueueUrl=url, Tags={"Team": "care"})
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="small-2")["QueueUrl"])
    before = alive(session)
    with pytest.raises(StalePlanError) as stale:
        apply(clients, small(delay=5), options, pinned=saved)
    assert stale.value.moved == (
        "queue: delay_seconds was changed in AWS: was 0, is 9",
        "queue: tags was changed in AWS",
        "spare: it is gone from AWS",
    )
    assert stale.value.hint == "Plan again, with --out."
    assert alive(session) == before
    again = SavedPlan.of(plan(clients, small(delay=5), options, to_save=True))
    report = apply(clients, small(delay=5), options, pinned=again).check()
    assert counts(report) == {"created": 1, "updated": 1, "unchanged": 1}


def test_another_manifest_another_run_another_secret(
    manifest: Path, say: Say, session: boto3.Session
) -> None:
    """Each is named: the manifest, the run with who did it, the field whose secret is another."""
    assert say("apply", "work.yaml", "--yes", *TOKEN)[0] == 0
    assert say("plan", "work.yaml", "--out", "work.plan", *TOKEN)[0] == 0
    code, out = say("apply", "work.plan", "--var", "token=other-other-other")
    assert code == 1
    assert "parameter: another value is wanted" in out
    assert "other-other-other" not in out
    manifest.write_text(MANIFEST.replace("default: 30", "default: 60"))
    code, out = say("apply", "work.plan", *TOKEN)
    assert code == 1
    assert "the manifest, or a variable of it, is another one by now" in out
    assert say("apply", "work.yaml", "--yes", *TOKEN)[0] == 0
    manifest.write_text(MANIFEST)
    assert say("apply", "work.yaml", "--yes", *TOKEN)[0] == 0
    code, out = say("apply", "work.plan", *TOKEN)  # AWS is as it was, but somebody was there
    assert code == 1
    assert out.count("(apply) by ") == 2
    assert out.count("was about inbox") == 2


def test_a_run_that_changed_nothing_is_no_matter(manifest: Path, say: Say) -> None:
    """A plan stays good as long as what it was made of does."""
    assert say("apply", "work.yaml", "--yes", *TOKEN)[0] == 0
    manifest.write_text(MANIFEST.replace("default: 30", "default: 60"))
    assert say("plan", "work.yaml", "--out", "work.plan", *TOKEN)[0] == 0
    manifest.write_text(MANIFEST)
    assert say("apply", "work.yaml", "--yes", *TOKEN)[0] == 0
    manifest.write_text(MANIFEST.replace("default: 30", "default: 60"))
    assert say("apply", "work.plan", *TOKEN)[0] == 0


def test_no_secret_is_in_the_file(manifest: Path, say: Say) -> None:
    """Neither one that is wanted nor one that AWS has; and nobody else can read it."""
    assert say("apply", "work.yaml", "--yes", *TOKEN)[0] == 0
    assert say("plan", "work.yaml", "--out", "work.plan", "--var", "token=hunter3-hunter3")[0] == 0
    text = Path("work.plan").read_text()
    assert "hunter" not in text
    assert '"action": "update"' in text
    assert stat.S_IMODE(Path("work.plan").stat().st_mode) == 0o600


def test_a_bad_file_says_what_to_do(manifest: Path, say: Say) -> None:
    """Changed by hand, cut off, of a newer version, in another folder: nothing is done."""
    assert say("plan", "work.yaml", "--out", "work.plan", *TOKEN)[0] == 0
    whole = Path("work.plan").read_text()

    def said(text: str, *words: str) -> str:
        Path("bad.plan").write_text(text)
        code, out = say("apply", "bad.plan", *TOKEN, *words)
        assert code in {1, 64}
        return out

    assert "was changed after it was saved" in said(whole.replace('"inbox"', '"outbox"'))
    assert "is a damaged plan: stack" in said(whole.replace('"stack"', '"stock"'))
    assert "bad.plan is not a whole plan" in said(whole[: len(whole) // 2])
    newer = said(whole.replace('"version": 1', '"version": 2'))
    assert "of version 2" in newer
    assert "Apply it with the version that made it" in newer
    assert "says itself what is allowed" in said(whole, "--target", "inbox")
    assert "says itself which overlay" in said(whole, "--overlay", "prod")
    manifest.rename("other.yaml")
    assert "the manifest work.yaml, which is not there" in said(whole)


def test_from_python(session: boto3.Session, clock: VirtualClock, tmp_path: Path) -> None:
    """What was allowed and chosen goes with the plan; code that wants something else is refused."""
    clients: Any = Clients(session)
    options = Options(clock=clock)
    stack = small()
    apply(clients, stack, options).check()
    chosen = replace(
        options,
        allow=Allowances(replace=frozenset({"key"})),
        select=Selection(target=frozenset({"queue"}), replace=frozenset({"queue"})),
    )
    planned = plan(clients, stack, chosen, to_save=True)
    SavedPlan.of(planned).write(tmp_path / "plan.json")
    saved = SavedPlan.read(tmp_path / "plan.json")
    assert (saved.allow, saved.select) == (chosen.allow, chosen.select)
    with pytest.raises(StalePlanError) as stale:
        apply(clients, small(delay=5), options, pinned=saved)
    assert stale.value.moved == ("queue: another delay_seconds is wanted",)
    with pytest.raises(StalePlanError, match="it is of stack small, and this is other"):
        apply(clients, small("other"), options, pinned=saved)
    report = apply(clients, stack, options, pinned=saved).check()
    assert counts(report) == {"replaced": 1}
    with pytest.raises(PlanError, match="can't be saved"):
        saved.write(tmp_path / "nowhere" / "plan.json")


def small(name: str = "small", *, delay: int = 0) -> Stack:
    stack = Stack(name)
    stack.add("key", "kms.key", alias=f"alias/{name}")
    stack.add("queue", "sqs.queue", queue_name=name, delay_seconds=delay)
    stack.add("spare", "sqs.queue", queue_name=f"{name}-2")
    return stack
