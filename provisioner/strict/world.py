"""What rules know: time, what happened when, and what the emulator really has."""

from __future__ import annotations

import heapq
import itertools
import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from boto3.session import Session
from botocore.exceptions import ClientError

from provisioner.strict.clock import Clock
from provisioner.strict.rule import Call, Refusal

ROLE_SECONDS = 8.0
"""So long is a new role, or a new trust policy, unknown to other services."""


FLIGHT_SECONDS = 3.0
"""Real seconds after which a call that no answer came to is not under way any more."""


@dataclass(frozen=True)
class Flight:
    """A call that the emulator is at work on.

    Attributes:
        call: which.
        thread: that waits for the answer.
        since: real seconds.
    """

    call: Call
    thread: threading.Thread
    since: float

    @property
    def lasts(self) -> bool:
        """Whether it is still under way; an answer may be lost, and a thread may end by a fault."""
        return self.thread.is_alive() and time.monotonic() - self.since < FLIGHT_SECONDS


@dataclass
class Memory:
    """What all views of one world share. To be touched under its lock only."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    moments: dict[tuple[str, str], float] = field(default_factory=dict)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    under_way: dict[int, Flight] = field(default_factory=dict)
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    due: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    now: float | None = None


@dataclass(frozen=True)
class World:
    """The account a rule looks at, in the region of the call. Rules run one at a time.

    Attributes:
        clock: tells the seconds.
        session: makes clients that the layer does not hang on.
        region: of the call.
        memory: what happened so far.
    """

    clock: Clock
    session: Session
    region: str
    memory: Memory = field(default_factory=Memory)

    def at(self, region: str) -> World:
        """The same world, looked at in another region."""
        return replace(self, region=region)

    def client(self, service: str) -> Any:
        """A client of the account that meets no rule: what it says is what the emulator has."""
        known = self.memory.clients
        key = (service, self.region)
        if key not in known:
            make: Any = self.session.client
            known[key] = make(service, region_name=self.region)
        return known[key]

    @property
    def account(self) -> str:
        """The account's number."""
        known = self.notes("account")
        if "number" not in known:
            known["number"] = self.client("sts").get_caller_identity()["Account"]
        return str(known["number"])

    @property
    def now(self) -> float:
        """Seconds of the clock; while something due is done, those at which it was."""
        now = self.memory.now
        return self.clock.monotonic() if now is None else now

    def note(self, what: str, which: str) -> None:
        """Remember that this happens now: `world.note("ec2.created", id_)`."""
        self.memory.moments[what, which] = self.now

    def age(self, what: str, which: str) -> float:
        """Seconds since this was noted; infinite if it never was."""
        return self.now - self.memory.moments.get((what, which), -math.inf)

    def recent(self, what: str, seconds: float) -> list[str]:
        """All that this was noted for in the last seconds."""
        moments = self.memory.moments.items()
        return [one for (name, one), at in moments if name == what and self.now - at < seconds]

    def forget(self, what: str, which: str) -> None:
        """Take a note back."""
        self.memory.moments.pop((what, which), None)

    def notes(self, name: str) -> dict[str, Any]:
        """A rule's own memory, by the rule's name or one that several rules agree on."""
        return self.memory.notes.setdefault(name, {})

    def later(self, seconds: float, do: Callable[[], object]) -> None:
        """Have something done when so many seconds have passed, before the next call is looked at.

        What takes AWS minutes to take away is taken away from the emulator that late: until then
        everything that looks at it sees it.
        """
        at = self.now + seconds
        heapq.heappush(self.memory.due, (at, next(self.memory.numbers), do))

    def catch_up(self, until: float | None = None) -> None:
        """Do what is due by now, or by another time."""
        memory = self.memory
        limit = self.clock.monotonic() if until is None else until
        while memory.due and memory.due[0][0] <= limit:
            memory.now, _, do = heapq.heappop(memory.due)
            try:
                do()
            finally:
                memory.now = None

    def others(self, call: Call, pattern: str) -> list[Call]:
        """Calls that fit a pattern and that the emulator is at work on, for other threads.

        What they make is not there yet when a rule looks.
        """
        flights = [flight for flight in self.memory.under_way.values() if flight.lasts]
        return [one.call for one in flights if one.call is not call and one.call.fits(pattern)]

    def at_work(self) -> frozenset[int]:
        """The threads whose calls the emulator is at work on; time stands still for them."""
        flights = self.memory.under_way.copy()
        return frozenset(thread for thread, flight in flights.items() if flight.lasts)

    def refuse(self, code: str, message: str, status: int = 400, *, modelled: str = "") -> NoReturn:
        """Answer the call with an error, as AWS does.

        Args:
            code: `Error.Code`.
            message: `Error.Message`, in AWS's words where they are known.
            status: of HTTP; EC2 and IAM send 400, 404, 409, throttles 400 or 503.
            modelled: the modelled name where it is not the code: SQS and CloudWatch only.
        """
        raise Refusal(code, message, status, modelled)

    def role_age(self, arn: str) -> float:
        """Seconds since a role or its trust policy was made; infinite if that was before the layer.

        Re-creating a role starts anew.
        """
        return self.age("iam.role", arn.rpartition("/")[2])

    def can_assume(self, service: str, arn: str) -> bool:
        """Whether a service, e.g. `lambda.amazonaws.com`, can take on a role by now.

        It must exist, name the service in its trust policy, and be a few seconds old.
        """
        try:
            role = self.client("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]
        except ClientError:
            return False
        trusts = service in json.dumps(role["AssumeRolePolicyDocument"])
        return role["Arn"] == arn and trusts and self.role_age(arn) >= ROLE_SECONDS
