"""A proxy before the embedded AWS that numbers what passes, to meet a process at one request of it.

It knows the calls of one process alone: the one that was given its address.
"""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

from provisioner.aws.calls import READS

Side = Literal["before", "after"]
LIMIT = 60.0
"""Seconds after which a meeting is given up, so that a test fails instead of hanging."""


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        number: from 1.
        what: the operation where its name is in the request, else the method and path.
        mutates: it may change something.
        inventory: it is to DynamoDB, where in these tests only the inventory is written.
    """

    number: int
    what: str
    mutates: bool
    inventory: bool


def identified(number: int, method: str, path: str, target: str, body: bytes) -> Request:
    """What a request is: by its target header, its `Action`, or its method."""
    action = re.match(rb"(?:.*&)?Action=(\w+)", body)
    operation = target.rpartition(".")[2] or (action[1].decode() if action else "")
    reads = bool(READS.match(operation)) if operation else method in {"GET", "HEAD"}
    what = operation or f"{method} {path.partition('?')[0]}"
    return Request(number, what, not reads, target.startswith("DynamoDB"))


Meet = Callable[[Request, Side], None]
"""Hears of each request, before AWS does its work and before the answer goes back. It may wait."""


def pass_by(request: Request, side: Side) -> None:
    """Let it pass."""
    del request, side


@dataclass
class Proxy:
    """What passed.

    Attributes:
        endpoint: its address.
        meet: is asked at both sides of each request; may be changed at any time.
        passed: the requests that were let through, in order.
        refused: those that were answered with an error.
    """

    endpoint: str = ""
    meet: Meet = pass_by
    passed: list[Request] = field(default_factory=list)
    refused: list[Request] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _count: int = 0

    def next(self) -> int:
        """The number of the next request."""
        with self._changed:
            self._count += 1
            return self._count

    def answered(self, request: Request, status: int) -> None:
        """Note how a request ended."""
        if status >= 400:
            with self._changed:
                self.refused.append(request)
                self._changed.notify_all()

    def wait_for_refusal(self, what: str) -> None:
        """Until a request of this operation was refused."""
        with self._changed:
            seen = self._changed.wait_for(lambda: what in [r.what for r in self.refused], LIMIT)
        assert seen, f"no {what} was refused"

    @property
    def writes(self) -> list[str]:
        """What passed and may have changed something outside the inventory."""
        return [one.what for one in self.passed if one.mutates and not one.inventory]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # what finds no place in it waits for a minute

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a killed process leaves broken connections."""


@contextmanager
def proxied(upstream: str, meet: Meet = pass_by) -> Iterator[Proxy]:
    """Stand before the embedded AWS at `upstream`."""
    proxy = Proxy(meet=meet)
    target = urlsplit(upstream).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _pass_on(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:  # whoever sent it was killed while it did
                return
            name = self.headers.get("X-Amz-Target", "")
            request = identified(proxy.next(), self.command, self.path, name, body)
            proxy.meet(request, "before")
            proxy.passed.append(request)
            status, headers, content = self._answer(body)
            proxy.answered(request, status)
            proxy.meet(request, "after")
            with suppress(ConnectionError):  # whoever asked may be gone
                self._send(status, headers, content)

        def _answer(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            connection = http.client.HTTPConnection(target, timeout=LIMIT)
            headers = {k: v for k, v in self.headers.items() if k.lower() != "expect"}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            return answer.status, answer.getheaders(), content

        def _send(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response(status)
            length = str(len(content))
            for name, value in headers:
                if name.lower() == "content-length" and self.command == "HEAD":
                    length = value
                elif name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _pass_on  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    proxy.endpoint = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Meeting:
    """Holds one request until it is let go.

    Attributes:
        what: the operation; the first request of it is held.
        side: at which side.
    """

    what: str
    side: Side = "after"
    _met: threading.Event = field(default_factory=threading.Event)
    _free: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request, side: Side) -> None:
        """Hear of a request."""
        fits = (request.what, side) == (self.what, self.side)
        if fits and self._lock.acquire(blocking=False):
            self._met.set()
            self._free.wait(LIMIT)

    def wait(self) -> None:
        """Until the request is held."""
        assert self._met.wait(LIMIT), f"the process made no {self.what}"

    def let_go(self) -> None:
        """Let it pass."""
        self._free.set()
