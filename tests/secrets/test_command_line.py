"""The command line from plan to teardown: no secret in what it prints, logs and stores."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from provisioner.cli import run
from tests.secrets.planted import NEWS, environment, found_in, stored, written


class Ears:
    """Everything a command says, wherever it says it."""

    def __init__(self, folder: Path, capsys: Any, caplog: Any, monkeypatch: Any) -> None:
        self.folder, self._capsys, self._caplog = folder, capsys, caplog
        self._monkeypatch = monkeypatch

    def hear(self, *words: str, changed: bool = False) -> tuple[int, str]:
        """Run a command; its exit code and all it said."""
        for name, value in environment(changed=changed).items():
            self._monkeypatch.setenv(name, value)
        code = run(words)
        said = self._capsys.readouterr()
        return code, said.out + said.err + self._caplog.text

    def manifest(self, command: str, *words: str, changed: bool = False) -> tuple[int, str]:
        """Run a command on the manifest."""
        overlay = "second" if changed else "first"
        words = (command, str(self.folder), "--overlay", overlay, *words)
        return self.hear(*words, changed=changed)


@pytest.fixture
def ears(
    session: boto3.Session,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Ears]:
    logging.getLogger().addHandler(caplog.handler)
    caplog.handler.setLevel(logging.NOTSET)
    yield Ears(written(tmp_path / "clinic"), capsys, caplog, monkeypatch)
    logging.getLogger().removeHandler(caplog.handler)


def test_no_command_tells_a_secret(ears: Ears) -> None:
    """Plan, apply, change, history, inventory, rollback, teardown; for people and for programs."""
    saved = ears.folder.parent / "clinic.plan"
    said = [
        ears.manifest("validate"),
        ears.manifest("plan"),
        ears.manifest("plan", "--json", "-vv"),
        ears.manifest("apply", "--yes", "-vv"),
        ears.manifest("plan", changed=True),
        ears.manifest("plan", "--json", changed=True),
        ears.manifest("plan", "--out", str(saved), changed=True),
        ears.hear("apply", str(saved), "--json", "-vv", changed=True),
    ]
    assert found_in(saved.read_text()) == set()
    table = stored()
    _, history = ears.hear("history", "clinic", "--json")
    runs = [json.loads(line)["id"] for line in history.splitlines()]
    said += [ears.hear("history", "clinic", run_id, "--json") for run_id in runs]
    said += [ears.hear("history", "clinic", run_id) for run_id in runs]
    said += [
        ears.hear("inventory", "list"),
        ears.hear("inventory", "show", "clinic", "function"),
        ears.hear("inventory", "show", "clinic", "parameter", "--json"),
        ears.hear("inventory", "show", "clinic", "hook", "--json"),
        ears.hear("outputs", "clinic", "--json"),
        ears.hear("rollback", "clinic", runs[0], "--yes", "--json", "-vv"),
        ears.hear("teardown", "clinic", "--plan"),
        ears.hear("teardown", "clinic", "--yes", "--json", "-vv"),
    ]
    assert [(code, text) for code, text in said if code != 0] == []
    assert [found_in(text) for _, text in said] == [set()] * len(said)
    assert found_in(table + stored()) == set()
    assert '"field": "value", "before": "(secret)", "after": "(secret)"' in said[5][1]


def test_a_refusal_that_quotes_what_was_sent_is_told_without_it(
    ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS's code and the rest of its sentence are told and kept; at -vv, too."""

    def quote(params: Any, model: Any, **_: Any) -> None:
        error = {"Error": {"Code": "ValidationException", "Message": f"Not {params} with this."}}
        raise ClientError(error, model.name)  # type: ignore[arg-type]

    refused = ("lambda.CreateFunction", "ssm.PutParameter", "sns.Subscribe")
    make = boto3.Session.client

    def client(self: boto3.Session, *args: Any, **named: Any) -> Any:
        made = make(self, *args, **named)
        for call in refused:
            made.meta.events.register(f"provide-client-params.{call}", quote)
        return made

    monkeypatch.setattr(boto3.Session, "client", client)
    said = [
        ears.manifest("apply", "--yes", "-vv"),
        ears.manifest("apply", "--yes", "--json", "-vv"),
        ears.hear("history", "clinic", "--json"),
    ]
    assert [code for code, _ in said[:2]] == [3, 1]
    assert [found_in(text) for _, text in said] == [set()] * 3
    assert found_in(stored()) == set()
    assert "ValidationException" in said[0][1]
    assert "with this." in said[1][1]
    assert "(secret)" in said[0][1]
    assert set(NEWS)  # the search knows what was planted
