"""Start, find, reset and stop the embedded AWS.

It is one process per user, on loopback only, and outlives the command that started it.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from provisioner.errors import LocalError
from provisioner.local.state import HOST, STATUS_PATH, Room, Server, read_state

START_LIMIT = 60.0
STOP_LIMIT = 10.0
EVERY = 0.05


def status(room: Room | None = None) -> Server | None:
    """The running server, asked itself; None if none answers."""
    server = read_state((room or Room.of()).state)
    if server is None:
        return None
    try:
        answer = json.loads(_request(server, "GET", STATUS_PATH))
    except (OSError, ValueError, http.client.HTTPException):
        return None
    return server if answer.get("pid") == server.pid else None


def start(room: Room | None = None) -> Server:
    """The running server; a new one if none runs.

    Raises:
        LocalError: moto is not installed, or the server did not start.
    """
    room = room or Room.of()
    with room.locked():
        running = status(room)
        if running:
            return running
        if importlib.util.find_spec("moto") is None:
            raise LocalError(
                "The embedded AWS needs moto, which is not installed.",
                hint="pip install 'provisioner[local]'",
            )
        room.state.unlink(missing_ok=True)
        return _spawned(room)


def stop(room: Room | None = None) -> Server | None:
    """Stop the server; what was stopped, or None if none ran. Its AWS is gone with it.

    Raises:
        LocalError: it does not end.
    """
    room = room or Room.of()
    with room.locked():
        server = status(room)
        if server is None:
            room.state.unlink(missing_ok=True)
            return None
        os.kill(server.pid, signal.SIGTERM)
        if not _within(STOP_LIMIT, lambda: status(room) is None):
            raise LocalError(f"The embedded AWS (pid {server.pid}) does not end.")
        room.state.unlink(missing_ok=True)
        return server


def reset(room: Room | None = None) -> Server:
    """Empty the running server's AWS.

    Raises:
        LocalError: none runs.
    """
    server = status(room)
    if server is None:
        raise LocalError("The embedded AWS does not run.", hint="Start it: local start.")
    _request(server, "POST", "/moto-api/reset")
    return server


def _spawned(room: Room) -> Server:
    port = os.environ.get("PROVISIONER_LOCAL_PORT", "0")
    with room.log.open("w") as log:
        process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-m", "provisioner.local.server", str(room.state), port],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=_environment(),
        )
    found: list[Server] = []

    def up() -> bool:
        server = status(room)
        found.extend([server] if server else [])
        return bool(server) or process.poll() is not None

    _within(START_LIMIT, up)
    if not found:
        process.kill()
        tail = room.log.read_text(errors="replace").strip().splitlines()[-1:]
        raise LocalError(
            f"The embedded AWS did not start: {' '.join(tail) or 'no word from it'}",
            hint=f"Its log is {room.log}.",
        )
    return found[0]


def _environment() -> dict[str, str]:
    """The server must not inherit an endpoint that leads back to itself, or a profile."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def _within(seconds: float, done: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if done():
            return True
        time.sleep(EVERY)
    return False


def _request(server: Server, method: str, path: str) -> bytes:
    port = urlsplit(server.endpoint).port
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request(method, path)
        return connection.getresponse().read()
    finally:
        connection.close()
