"""Faults at AWS calls, injected through botocore's own hooks.

A `Weather` hangs on a boto3 session. It numbers every call, before and after AWS did the work, and
asks its `trouble` what befalls it. A killed process makes no further call: once `Killed` was
raised, every call of the same process raises it again, whichever thread makes it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

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


@dataclass(frozen=True)
class Refused:
    """An answer with an error in it, as AWS would send it.

    Attributes:
        code: `Error.Code`; after a slash the modelled name, where AWS sends both.
        status: of HTTP.
        message: `Error.Message`.
        more: other members of the answer.
    """

    code: str
    status: int = 400
    message: str = "the weather"
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parsed(self) -> dict[str, Any]:
        """As botocore has it."""
        code, _, modelled = self.code.partition("/")
        error = {"Code": code, "Message": self.message}
        metadata = {"HTTPStatusCode": self.status, "RequestId": "weather", "HTTPHeaders": {}}
        more = {"QueryErrorCode": modelled} if modelled else {}
        return {"Error": error | more, "ResponseMetadata": metadata, **self.more}


Struck: TypeAlias = BaseException | Refused | None
Trouble = Callable[[Moment], Struck]


def fair(moment: Moment) -> None:
    """No trouble at all."""
    del moment


def killed_at(number: int, side: Side) -> Trouble:
    """The process dies at one side of its nth call."""
    return at(number, side, killed)


def at(number: int, side: Side, error: Callable[[Call], Struck]) -> Trouble:
    """Trouble at one side of the nth call of a process."""

    def trouble(moment: Moment) -> Struck:
        return error(moment.call) if (moment.number, moment.side) == (number, side) else None

    return trouble


def killed(call: Call) -> Struck:
    """The process dies here."""
    del call
    return Killed()


def cut(call: Call) -> Struck:
    """The connection broke."""
    del call
    return ConnectionClosedError(endpoint_url=ENDPOINT)


def timed_out(call: Call) -> Struck:
    """Nothing came back in time."""
    del call
    return ReadTimeoutError(endpoint_url=ENDPOINT)


def broken(call: Call) -> Struck:
    """AWS failed."""
    del call
    return Refused("InternalFailure", 500)


def throttled(call: Call) -> Struck:
    """Too many calls, in the service's own words."""
    if call == Call("dynamodb", "TransactWriteItems"):
        text = "Transaction cancelled, please refer cancellation reasons for specific reasons "
        reasons = [{"Code": "None"}, {"Code": "ThrottlingError", "Message": "Rate exceeded"}]
        more = {"CancellationReasons": reasons}
        return Refused("TransactionCanceledException", 400, text + "[None, ThrottlingError]", more)
    code = {
        "ec2": "RequestLimitExceeded",
        "s3": "SlowDown",
        "apigateway": "TooManyRequestsException",
        "lambda": "TooManyRequestsException",
        "dynamodb": "ProvisionedThroughputExceededException",
        "iam": "Throttling",
        "sqs": "RequestThrottled",
    }.get(call.service, "ThrottlingException")
    return Refused(code, 503 if call.service in {"ec2", "s3"} else 400, "Rate exceeded")


class Veil(Protocol):
    """Something that stands between a caller and what AWS has."""

    def refusal(self, moment: Moment) -> Refused | None:
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
        events: Any = session.events
        events.register_last("before-parameter-build", self._ask)
        events.register_last("before-call", self._before)
        events.register_first("after-call", self._after)

    def clear(self) -> None:
        """The weather of a new world."""
        self.veil = None
        self.made.clear()
        self.new_process()

    def new_process(self, trouble: Trouble = fair) -> None:
        """Forget the dead: count from one again."""
        with self._lock:
            self.calls, self.trouble, self._dead = [], trouble, False

    def _ask(self, *, params: Any, context: Any, **_: Any) -> None:
        context["asked"] = params

    def _before(
        self, *, model: Any, context: Any, **_: Any
    ) -> tuple[AWSResponse, dict[str, Any]] | None:
        call = Call(model.service_model.service_name, model.name)
        with self._lock:
            if self._dead:
                raise Killed
            self.calls.append(call)
            number = len(self.calls)
        moment = Moment(number, "before", call, context.get("asked") or {})
        context["moment"] = moment
        refused = self._strike(moment) or (self.veil and self.veil.refusal(moment))
        if not refused:
            return None
        del context["moment"]  # nothing was done, so there is no side after it
        return AWSResponse("", refused.status, HTTPHeaders(), None), refused.parsed

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
        if refused := self._strike(moment):
            http_response.status_code = refused.status
            parsed.clear()
            parsed.update(refused.parsed)

    def _strike(self, moment: Moment) -> Refused | None:
        struck = self.trouble(moment)
        if isinstance(struck, Killed):
            with self._lock:
                self._dead = True
        if isinstance(struck, BaseException):
            raise struck
        return struck


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
