"""The command line in processes of its own, against an embedded AWS of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from provisioner.local import control
from provisioner.local.session import LocalSession
from provisioner.local.state import Room

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The lines of `--json`."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def summary(self) -> dict[str, Any]:
        """The summary in the last line."""
        last = self.documents[-1]
        assert last["event"] == "run.finished", (last, self.err)
        summary: dict[str, Any] = last["summary"]
        return summary

    def counts(self) -> dict[str, int]:
        """What happened to how many resources."""
        return {k: v for k, v in self.summary.items() if isinstance(v, int) and v}


@dataclass(frozen=True)
class World:
    """An embedded AWS and the command line on it."""

    room: Room
    session: boto3.Session

    def run(self, *words: str, env: Mapping[str, str] | None = None) -> Ran:
        """`python -m provisioner …` in a process of its own."""
        done = subprocess.run(  # noqa: S603  our own command
            [sys.executable, "-m", "provisioner", *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def environment(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """Nothing of AWS but the region, and the room of this embedded AWS."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        kept |= {"PROVISIONER_LOCAL_DIR": str(self.room.folder), "AWS_REGION": "eu-central-1"}
        return kept | dict(env or {})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    room = Room(tmp_path_factory.mktemp("local"))
    server = control.start(room)
    yield World(room, LocalSession(server.endpoint, "eu-central-1"))
    control.stop(room)


@pytest.fixture(autouse=True)
def _empty_aws(world: World) -> None:
    control.reset(world.room)
