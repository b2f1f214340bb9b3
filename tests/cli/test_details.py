"""How much of a plan a command shows."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest

from provisioner.cli import run

MANIFEST = """
stack: told
resources:
  key: {kind: kms.key, alias: alias/told}
  queue: {kind: sqs.queue, queue_name: told, kms_key: "${key.arn}"}
"""


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    file = tmp_path / "told.yaml"
    file.write_text(MANIFEST, encoding="utf-8")
    return str(file)


def test_each_level_shows_every_resource_once(
    session: boto3.Session, manifest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --full its settings, too; what is not known yet is named."""
    shown = {}
    for option in ("--summary", "", "--full"):
        assert run(["plan", manifest, *([option] if option else [])]) == 0
        shown[option] = capsys.readouterr().out
    for text in shown.values():
        assert text.count("  + create  key  kms.key") == 1
        assert text.count("  + create  queue  sqs.queue") == 1
    assert "      kms_key: ⟨arn of key⟩\n" in shown["--full"]
    assert "kms_key" not in shown["--summary"] + shown[""]
    assert "\x1b" not in str(shown)


def test_every_command_that_shows_a_plan_takes_them(
    session: boto3.Session, manifest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Apply and teardown show theirs as wide as asked; --json is the same at any level."""
    assert run(["apply", manifest, "--yes", "--full"]) == 0
    assert "      kms_key: ⟨arn of key⟩\n" in capsys.readouterr().out
    assert run(["teardown", "told", "--plan", "--summary"]) == 0
    assert "  - delete  queue  sqs.queue  told  [delete]\n" in capsys.readouterr().out
    documents = []
    for option in ("--summary", "--full"):
        assert run(["teardown", "told", "--plan", "--json", option]) == 0
        documents.append(json.loads(capsys.readouterr().out))
    assert documents[0] == documents[1]


def test_one_level_is_chosen(manifest: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Two are a mistake."""
    assert run(["plan", manifest, "--summary", "--full"]) == 64
    assert "one or the other" in capsys.readouterr().err
