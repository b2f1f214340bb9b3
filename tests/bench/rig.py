"""An embedded AWS with a proxy in front of it, emptied before every round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioner.local import control
from provisioner.local.session import LocalSession
from provisioner.local.state import Room

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Calls:
    """What passed the proxy."""

    reads: int
    writes: int
    most: int
    wrong: int

    @property
    def all(self) -> int:
        """Every call."""
        return self.reads + self.writes


@dataclass(frozen=True)
class Rig:
    """Where commands run.

    Attributes:
        via: the proxy's address; upstream: that of the AWS behind it.
        room: of the embedded AWS.
        latency: seconds that each call takes longer.
    """

    via: str
    upstream: str
    room: Room
    latency: float

    @property
    def session(self) -> LocalSession:
        """Beside the proxy: nothing that it does is counted."""
        return LocalSession(self.upstream, REGION)

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of AWS but the proxy."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        places = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": self.via}
        return {**kept, **keys, **places, "ENVIRONMENT_SUFFIX": "dev"}

    def empty(self) -> None:
        """An account in which nothing is."""
        control.reset(self.room)
        self.session.client("ec2").describe_vpcs()

    def count_anew(self) -> None:
        """Forget what has passed."""
        self._admin("reset", {})

    def calls(self) -> Calls:
        """What has passed since."""
        told = self._admin("stats")
        wrong = sum(n for code, n in told["by_status"].items() if int(code) >= 500)
        return Calls(told["reads"], told["writes"], told["max_in_flight"], wrong)

    def _admin(self, what: str, body: Mapping[str, object] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.via}/__proxy__/{what}", data) as answer:  # noqa: S310
            return json.load(answer)


@contextmanager
def rig(proxy: Path, latency: float) -> Iterator[Rig]:
    """Start both, and stop them afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Path(folder))
        server = control.start(room)
        words = [sys.executable, str(proxy), "--upstream", server.endpoint, "--port", "0"]
        words += ["--latency-ms", str(round(latency * 1000))]
        try:
            with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
                try:
                    assert process.stdout is not None
                    via = json.loads(process.stdout.readline())["endpoint"]
                    yield Rig(via, server.endpoint, room, latency)
                finally:
                    process.terminate()
        finally:
            control.stop(room)
