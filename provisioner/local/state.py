"""Where the embedded AWS leaves word of itself: a small JSON file in the user's state folder."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

HOST = "127.0.0.1"
STATUS_PATH = "/_provisioner/status"


@dataclass(frozen=True)
class Room:
    """The folder of one embedded AWS.

    Attributes:
        folder: holds its state, log and lock.
    """

    folder: Path

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Room:
        """`PROVISIONER_LOCAL_DIR`, else `provisioner/` in `XDG_STATE_HOME` or `~/.local/state`."""
        if named := environment.get("PROVISIONER_LOCAL_DIR"):
            return cls(Path(named))
        home = environment.get("XDG_STATE_HOME")
        base = Path(home) if home else Path.home() / ".local" / "state"
        return cls(base / "provisioner")

    @property
    def state(self) -> Path:
        """What the running server says of itself."""
        return self.folder / "local.json"

    @property
    def log(self) -> Path:
        """What the server printed."""
        return self.folder / "local.log"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One command at a time starts or stops the server."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / "local.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@dataclass(frozen=True)
class Server:
    """A running embedded AWS.

    Attributes:
        endpoint: its URL.
        pid: of its process.
        started: when, in UTC.
        versions: of what answers.
    """

    endpoint: str
    pid: int
    started: str
    versions: Mapping[str, str]

    def as_json(self) -> dict[str, JsonValue]:
        """Plain data."""
        return {
            "endpoint": self.endpoint,
            "pid": self.pid,
            "started": self.started,
            "versions": dict(self.versions),
        }


def write_state(file: Path, status: Mapping[str, JsonValue]) -> None:
    """Replace the state file in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(status))
    draft.replace(file)


def read_state(file: Path) -> Server | None:
    """What the file says; None if there is none or it is no such file."""
    try:
        status = json.loads(file.read_text())
        return Server(
            str(status["endpoint"]),
            int(status["pid"]),
            str(status["started"]),
            {str(k): str(v) for k, v in status["versions"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
