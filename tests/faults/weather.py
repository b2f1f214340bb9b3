"""Faults at AWS calls, injected through botocore's own hooks.

A `Weather` hangs on a boto3 session. It numbers every call, before and after AWS did the work, and
asks its `trouble` what befalls it. A killed process makes no further call: once `Killed` was
raised, every call of the same process raises it again, whichever thread makes it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

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
        number: of the call in its process, from 1.
        side: before AWS sees it, or after it did the work.
        call: what is called.
        asked: its parameters, as boto3 takes them.
    """

    number: int
    side: Side
    call: Call
    asked: Mapping[str, Any]


Trouble = Callable[[Moment], BaseException | None]


def fair(moment: Moment) -> None:
    """No trouble at all."""
    del moment


def killed_at(number: int, side: Side) -> Trouble:
    """The process dies at one side of its nth call."""
    return at(number, side, killed)


def at(number: int, side: Side, error: Callable[[Call], BaseException]) -> Trouble:
    """Trouble at one side of the nth call of a process."""

    def trouble(moment: Moment) -> BaseException | None:
        return error(moment.call) if (moment.number, moment.side) == (number, side) else None

    return trouble


def killed(call: Call) -> BaseException:
    """The process dies here."""
    del call
    return Killed()


def cut(call: Call) -> BaseException:
    """The connection broke."""
    del call
    return ConnectionClosedError(endpoint_url=ENDPOINT)


def timed_out(call: Call) -> BaseException:
    """Nothing came back in time."""
    del call
    return ReadTimeoutError(endpoint_url=ENDPOINT)


def broken(call: Call) -> BaseException:
    """AWS failed."""
    return refused(call, "InternalFailure", 500)


def throttled(call: Call) -> BaseException:
    """Too many calls, in the service's own words."""
    if call == Call("dynamodb", "TransactWriteItems"):
        return _cancelled(call)
    code = {
        "ec2": "RequestLimitExceeded",
        "s3": "SlowDown",
        "apigateway": "TooManyRequestsException",
        "lambda": "TooManyRequestsException",
        "dynamodb": "ProvisionedThroughputExceededException",
        "iam": "Throttling",
        "sqs": "RequestThrottled",
    }.get(call.service, "ThrottlingException")
    return refused(call, code, 503 if call.service in {"ec2", "s3"} else 400)


def _cancelled(call: Call) -> BaseException:
    text = "Transaction cancelled, please refer cancellation reasons for specific reasons "
    error = refused(call, "TransactionCanceledException", 400, text + "[None, ThrottlingError]")
    assert isinstance(error, ClientError)
    reasons: Any = [{"Code": "None"}, {"Code": "ThrottlingError", "Message": "Rate exceeded"}]
    error.response["CancellationReasons"] = reasons
    return error


def refused(call: Call, code: str, status: int, message: str = "the weather") -> BaseException:
    """An answer with an error in it."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
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


class Veil(Protocol):
    """Something that stands between a caller and what AWS has."""

    def refusal(self, moment: Moment) -> BaseException | None:
        """What AWS says instead of doing the work."""

    def cover(self, moment: Moment, answer: dict[str, Any]) -> None:
        """Take from an answer what is not to be seen; hear of every answer."""


class Weather:
    """Numbers the calls of a session and lets trouble befall them.

    Attributes:
        trouble: asked at each side of each call of the process.
        veil: what hides part of AWS; stays from process to process.
        calls: of the process so far, in the order in which they were made.
        made: how many objects AWS has made since `forget`, by the call that makes them.
    """

    def __init__(self, session: boto3.Session) -> None:
        self.trouble: Trouble = fair
        self.veil: Veil | None = None
        self.calls: list[Call] = []
        self.made: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._dead = False
        session.events.register_last("before-parameter-build", self._ask)
        session.events.register_last("before-call", self._before)
        session.events.register_first("after-call", self._after)

    def new_process(self, trouble: Trouble = fair) -> None:
        """Forget the dead: count from one again."""
        with self._lock:
            self.calls, self.trouble, self._dead = [], trouble, False

    def _ask(self, *, params: Any, context: Any, **_: Any) -> None:
        context["asked"] = params

    def _before(self, *, model: Any, context: Any, **_: Any) -> None:
        call = Call(model.service_model.service_name, model.name)
        with self._lock:
            if self._dead:
                raise Killed
            self.calls.append(call)
            number = len(self.calls)
        moment = Moment(number, "before", call, context.get("asked") or {})
        context["moment"] = moment
        self._strike(moment)
        if self.veil and (refusal := self.veil.refusal(moment)):
            raise refusal

    def _after(self, *, http_response: Any, parsed: Any, context: Any, **_: Any) -> None:
        if self._dead:
            raise Killed
        before: Moment | None = context.get("moment")
        if before is None:
            return
        moment = Moment(before.number, "after", before.call, before.asked)
        if http_response.status_code < 300:
            if makes(moment.call):
                with self._lock:
                    self.made[str(moment.call)] += 1
            if self.veil:
                self.veil.cover(moment, parsed)
        self._strike(moment)

    def _strike(self, moment: Moment) -> None:
        error = self.trouble(moment)
        if isinstance(error, Killed):
            with self._lock:
                self._dead = True
        if error is not None:
            raise error


def makes(call: Call) -> bool:
    """Whether the call brings a new object into being each time it is done."""
    return call.operation.startswith(("Create", "Allocate")) and call.operation != "CreateTags"


def silence_the_dead() -> None:
    """A thread of a killed process ends without a word."""
    told = threading.excepthook

    def hook(arguments: threading.ExceptHookArgs) -> None:
        if not issubclass(arguments.exc_type, Killed):
            told(arguments)

    threading.excepthook = hook
