"""The embedded AWS itself: moto behind an HTTP server on loopback, in a process of its own.

    python -m provisioner.local.server STATE_FILE [PORT]

It says where it listens by writing the state file, once it does. moto's backends are not safe
across threads, so requests are answered one at a time; moto is bound to one core anyway.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from provisioner.local import gaps
from provisioner.local.state import HOST, STATUS_PATH, write_state
from provisioner.version import __version__

StartResponse = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class Handler(MotoRequestHandler):
    """Keeps connections open and answers without delay."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: a request is no news."""


class OneAtATime:
    """moto behind a lock, with a page that says who answers."""

    def __init__(self, app: Wsgi, status: dict[str, Any]) -> None:
        self._app = app
        self._status = json.dumps(status).encode()
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("PATH_INFO") == STATUS_PATH:
            headers = [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(self._status))),
            ]
            start("200 OK", headers)
            return [self._status]
        _receive(environ)
        with self._lock:
            return [b"".join(self._app(environ, start))]


def _receive(environ: dict[str, Any]) -> None:
    """Read the whole request, so that no slow sender keeps the others waiting."""
    if length := environ.get("CONTENT_LENGTH"):
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(length)))


def serve(state_file: Path, port: int = 0) -> None:
    """Listen until SIGTERM; the state of the embedded AWS lives as long as this process."""
    gaps.fill()
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    default_user_config["iam"]["load_aws_managed_policies"] = True
    status: dict[str, Any] = {
        "pid": os.getpid(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "provisioner": __version__,
            "moto": version("moto"),
            "python": sys.version.split()[0],
        },
    }
    server = make_server(HOST, port, _nothing, threaded=True, request_handler=Handler)
    status["endpoint"] = f"http://{HOST}:{server.port}"
    os.environ["MOTO_PORT"] = str(server.port)
    server.app = OneAtATime(DomainDispatcherApplication(create_backend_app), status)
    _stop_on_signals(server)
    write_state(state_file, status)
    server.serve_forever(poll_interval=0.1)
    state_file.unlink(missing_ok=True)


def _nothing(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
    """Stands in for the application until the port is known."""
    del environ
    start("503 Service Unavailable", [("Content-Length", "0")])
    return []


def _stop_on_signals(server: BaseWSGIServer) -> None:
    def stop(number: int, frame: object) -> None:
        del number, frame
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    serve(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
