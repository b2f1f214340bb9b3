"""The command line in processes of its own, against an embedded AWS of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from provisioner.local import control
from provisioner.local.session import LocalSession
from provisioner.local.state import Room
from tests.e2e.proxy import LIMIT

ROOT = Path(__file__).resolve().parents[2]
SMALL = """
stack: small
resources:
  key: {kind: kms.key, alias: alias/a}
  vpc: {kind: ec2.vpc, cidr_block: 10.0.0.0/16}
  subnet:
    kind: ec2.subnet
    vpc_id: ${vpc.id}
    cidr_block: 10.0.1.0/24
    availability_zone: ${region}a
  group: {kind: ec2.security_group, group_name: web, description: web, vpc_id: "${vpc.id}"}
  queue: {kind: sqs.queue, queue_name: q, kms_key: "${key.arn}"}
  topic: {kind: sns.topic, name: t}
"""


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
class Running:
    """A command that is under way."""

    process: subprocess.Popen[str]

    def until(self, text: str) -> None:
        """Read what it says beside its result, until it says this."""
        assert self.process.stderr is not None
        said = []
        late = threading.Timer(LIMIT, self.process.kill)
        late.start()
        try:
            for line in self.process.stderr:
                said.append(line)
                if text in line:
                    return
        finally:
            late.cancel()
        raise AssertionError(f"{text!r} was not said: {''.join(said)}")

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def ended(self) -> Ran:
        """Wait for its end; what it said since it was last heard."""
        try:
            out, err = self.process.communicate(timeout=120)
        finally:
            self.process.kill()
        return Ran(self.process.returncode, out, err)


@dataclass(frozen=True)
class World:
    """An embedded AWS and the command line on it."""

    room: Room
    session: boto3.Session
    started: list[Running] = field(default_factory=list)

    def run(self, *words: str, env: Mapping[str, str] | None = None, brief: float = 0) -> Ran:
        """`python -m provisioner …` in a process of its own.

        Args:
            words: of the command line.
            env: variables.
            brief: seconds of its lease and doubts, if not the usual ones.
        """
        done = subprocess.run(  # noqa: S603  our own command
            [sys.executable, "-m", *_program(brief), *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str, via: str = "", brief: float = 0) -> Running:
        """The same, not waited for.

        Args:
            words: of the command line.
            via: the endpoint to use instead of `--local`.
            brief: seconds of its lease and doubts, if not the usual ones.
        """
        to = {"AWS_ENDPOINT_URL": via, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
        process = subprocess.Popen(  # noqa: S603  our own command
            [sys.executable, "-m", *_program(brief), *words, *([] if via else ["--local"])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=self.environment(to if via else {}),
        )
        self.started.append(Running(process))
        return self.started[-1]

    def end_all(self) -> None:
        """Let no command outlive its test."""
        while self.started:
            with self.started.pop().process as process:
                process.kill()

    @property
    def endpoint(self) -> str:
        """Where the embedded AWS listens."""
        server = control.status(self.room)
        assert server is not None
        return server.endpoint

    def environment(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """Nothing of AWS but the region, and the room of this embedded AWS."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        kept |= {"PROVISIONER_LOCAL_DIR": str(self.room.folder), "AWS_REGION": "eu-central-1"}
        return kept | dict(env or {})


def _program(brief: float) -> list[str]:
    return ["tests.e2e.brief", str(brief)] if brief else ["provisioner"]


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and (
    threading.current_thread() is threading.main_thread()
):  # a job in the background ignores Ctrl-C, and so would the commands it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    room = Room(tmp_path_factory.mktemp("local"))
    server = control.start(room)
    yield World(room, LocalSession(server.endpoint, "eu-central-1"))
    control.stop(room)


@pytest.fixture(autouse=True)
def _empty_aws(world: World) -> Iterator[None]:
    control.reset(world.room)
    yield
    world.end_all()


@pytest.fixture
def small(tmp_path: Path) -> str:
    """A manifest of six resources, which need each other."""
    (tmp_path / "main.yaml").write_text(SMALL)
    return str(tmp_path)
