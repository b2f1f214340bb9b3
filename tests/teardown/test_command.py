"""`teardown` on the command line: what it tells beforehand, what it is allowed by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from provisioner.cli import run
from tests.e2e.alive import alive

MANIFEST = """
stack: clinic
resources:
  records: {kind: s3.bucket, bucket_name: records-of-a-clinic, kms_key: "${key.arn}"}
  key: {kind: kms.key, alias: alias/clinic, deletion_window_days: 7}
  patients:
    kind: dynamodb.table
    table_name: patients
    key: {partition: pk}
    deletion_protection: false
    protect: %s
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
def clinic(say: Say, tmp_path: Path, session: boto3.Session) -> Path:
    """The stack stands, a patient's record in it, and somebody protected the table."""
    manifest = tmp_path / "clinic.yaml"
    manifest.write_text(MANIFEST % "true")
    assert say("apply", str(manifest), "--yes")[0] == 0
    session.client("s3").put_object(Bucket="records-of-a-clinic", Key="a", Body=b"x" * 1500)
    session.client("dynamodb").update_table(TableName="patients", DeletionProtectionEnabled=True)
    return manifest


def test_the_plan_tells_all_that_blocks_and_what_stays(
    clinic: Path, say: Say, session: boto3.Session
) -> None:
    """In people's words, with counts, bytes and what to do; nothing is touched; it exits with 1."""
    before = alive(session)
    code, out, _ = say("teardown", "clinic", "--plan")
    assert code == 1
    words = " ".join(out.split())
    assert "records-of-a-clinic holds 1 version of objects (1.5 kB)" in words
    assert "--empty records" in words
    assert "deletion protection was switched on by somebody else" in words
    assert "--lift patients" in words
    assert "patients it is protected" in words
    assert "the key stays pending deletion for 7 days and can be restored until 20" in words
    assert "Blocked: nothing will be deleted" in words
    assert alive(session) == before


def test_the_plan_tells_programs_the_same(clinic: Path, say: Say) -> None:
    """Each obstacle with its address, and how long it takes."""
    code, out, _ = say("teardown", "clinic", "--plan", "--json")
    [document] = [json.loads(line) for line in out.splitlines()]
    assert (code, document["blocked"]) == (1, True)
    told: dict[str, list[Any]] = {}
    for one in document["obstacles"]:
        told.setdefault(one["address"], []).append(one)
    assert [(one["blocks"], one["empties"]) for one in told["records"]] == [(True, True)]
    assert len(told["patients"]) == 2
    assert document["expected_seconds"] >= 1


def test_what_is_allowed_by_name_is_done(clinic: Path, say: Say, session: boto3.Session) -> None:
    """Once nothing is protected in the manifest any more, two words are all it takes."""
    refused = say("teardown", "clinic", "--yes", "--empty", "records", "--lift", "patients")
    assert (refused[0], "it is protected" in refused[2]) == (1, True)
    clinic.write_text(MANIFEST % "false")
    session.client("dynamodb").update_table(TableName="patients", DeletionProtectionEnabled=False)
    assert say("apply", str(clinic), "--yes")[0] == 0
    session.client("dynamodb").update_table(TableName="patients", DeletionProtectionEnabled=True)
    allowed = ("--empty", "records", "--lift", "patients")
    code, out, _ = say("teardown", "clinic", "--plan", *allowed)
    assert (code, "It takes" in out, "is taken away first" in out) == (0, True, True)
    code, out, err = say("teardown", "clinic", "--yes", *allowed)
    assert code == 0, err
    assert "unprotected" in err
    assert alive(session) == {}


def test_a_key_is_brought_back(clinic: Path, say: Say, session: boto3.Session) -> None:
    """`restore-key` says until when it was possible, and may be repeated."""
    clinic.write_text(MANIFEST % "false")
    session.client("dynamodb").update_table(TableName="patients", DeletionProtectionEnabled=False)
    assert say("apply", str(clinic), "--yes")[0] == 0
    assert say("teardown", "clinic", "--yes", "--empty", "records")[0] == 0
    code, out, _ = say("restore-key", "clinic")
    assert code == 0
    assert "could have been restored until" in out
    assert "alias/clinic again" in out
    code, out, _ = say("restore-key", "clinic", "--json")
    document = json.loads(out)
    assert (code, document["result"], document["keys"]) == (0, "succeeded", [])
    assert say("plan", str(clinic), "--detailed-exitcode")[0] == 2
    assert len(alive(session)["kms"]) == 1


def test_a_stack_that_nobody_knows_is_told(say: Say) -> None:
    """No key of it is anywhere."""
    code, _, err = say("restore-key", "clinc")
    assert (code, "carries the tags of a stack 'clinc'" in err) == (1, True)
