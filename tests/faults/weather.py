"""Faults at AWS calls, injected through botocore's own hooks.

A `Weather` hangs on a boto3 session. It numbers every call, before and after AWS did the work, and
asks its `trouble` what befalls it. A killed process makes no further call: once `Killed` was
raised, every call of the same process raises it again, whichever thread makes it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import boto3
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from provisioner.aws.calls import Call

Side = Literal["before", "after"]
SIDES: tuple[Side, Side] = ("before", "after")
ENDPOINT = "https://aws.example.com"


class Killed(BaseException):
    """The process is gone: no handler of the program under test may catch this."""


@dataclass(frozen=True)
class Moment:
    """One side of one call.

    Attributes:
        number: of the call in its process, from 1; of that call's service and operation, too.
        side: before AWS sees it, or after it did the work.
        call: what is called.
        parameters: of the call, as they are sent.
    """

    number: int
    side: Side
    call: Call
    parameters: Any = None


Trouble = Callable[[Moment], BaseException | None]


def fair(moment: Moment) -> None:
    """No trouble at all."""
    del moment


def killed_at(number: int, side: Side) -> Trouble:
    """The process dies at one side of its nth call."""

    def trouble(moment: Moment) -> BaseException | None:
        return Killed() if (moment.number, moment.side) == (number, side) else None

    return trouble


def lost_at(number: int, error: BaseException) -> Trouble:
    """AWS does the work of the nth call, and the answer does not come back."""

    def trouble(moment: Moment) -> BaseException | None:
        return error if (moment.number, moment.side) == (number, "after") else None

    return trouble


def cut() -> BaseException:
    """The connection broke."""
    return ConnectionClosedError(endpoint_url=ENDPOINT)


def timed_out() -> BaseException:
    """Nothing came back in time."""
    return ReadTimeoutError(endpoint_url=ENDPOINT)


def refused(call: Call, code: str, status: int) -> BaseException:
    """An answer with an error in it."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": "the weather"},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "weather",
                "HostId": "",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        call.operation,
    )


class Weather:
    """Numbers the calls of a session and lets trouble befall them.

    Attributes:
        trouble: asked at each side of each call of the process.
        calls: of the process so far, in the order in which they were made.
    """

    def __init__(self, session: boto3.Session) -> None:
        self.trouble: Trouble = fair
        self.calls: list[Call] = []
        self._lock = threading.Lock()
        self._dead = False
        session.events.register_last("before-call", self._before)
        session.events.register_first("after-call", self._after)

    def new_process(self, trouble: Trouble = fair) -> None:
        """Forget the dead: count from one again."""
        with self._lock:
            self.calls, self.trouble, self._dead = [], trouble, False

    def _before(self, *, model: Any, params: Any, context: Any, **_: Any) -> None:
        call = Call(model.service_model.service_name, model.name)
        with self._lock:
            if self._dead:
                raise Killed
            self.calls.append(call)
            context["weather"] = len(self.calls)
        self._strike(Moment(context["weather"], "before", call, params))

    def _after(self, *, model: Any, context: Any, **_: Any) -> None:
        call = Call(model.service_model.service_name, model.name)
        if self._dead:
            raise Killed
        if number := context.get("weather"):
            self._strike(Moment(number, "after", call))

    def _strike(self, moment: Moment) -> None:
        error = self.trouble(moment)
        if isinstance(error, Killed):
            with self._lock:
                self._dead = True
        if error is not None:
            raise error


def silence_the_dead() -> None:
    """A thread of a killed process ends without a word."""
    told = threading.excepthook

    def hook(arguments: threading.ExceptHookArgs) -> None:
        if not issubclass(arguments.exc_type, Killed):
            told(arguments)

    threading.excepthook = hook
