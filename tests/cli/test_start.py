"""The command line starts at once, since it imports nothing that it does not need."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioner.cli.commands import cli

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from provisioner.cli import run
code = run(sys.argv[1:])
heavy = {"boto3", "botocore", "pydantic", "rich", "moto", "yaml"} & set(sys.modules)
sys.exit(f"{sorted(heavy)} were imported" if heavy else code)
"""


@pytest.mark.parametrize("words", [["--help"], ["apply", "--help"], ["local", "--help"]])
def test_help_imports_no_aws_library(words: list[str]) -> None:
    """Nor anything else that takes its time."""
    ran = subprocess.run(  # noqa: S603  our own interpreter and text
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Usage" in ran.stdout


@pytest.mark.parametrize(
    "command",
    [
        *("validate", "plan", "apply", "teardown", "outputs", "history", "inventory", "unlock"),
        *("kinds", "local"),
    ],
)
def test_every_command_explains_itself(command: str) -> None:
    """One sentence and every option."""
    shown = CliRunner().invoke(cli, [command, "--help"])
    assert shown.exit_code == 0
    assert len(shown.output.splitlines()) > 4


def test_kinds_lists_all_and_shows_one() -> None:
    """The schema of a kind is JSON."""
    listed = CliRunner().invoke(cli, ["kinds"])
    assert "s3.bucket" in listed.output.splitlines()
    shown = CliRunner().invoke(cli, ["kinds", "--schema", "s3.bucket"])
    assert '"bucket_name"' in shown.output


def test_validate_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that would fail."""

    def refuse(*_: object) -> None:
        message = "validate is offline"
        raise AssertionError(message)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    shown = CliRunner().invoke(cli, ["validate", str(ROOT / "manifests" / "healthcare")])
    assert shown.exit_code == 0, shown.output
    assert "110 resources" in shown.output
