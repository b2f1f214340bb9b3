"""The layer itself: botocore's event hooks, and which rules are on."""

from __future__ import annotations

import difflib
import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeVar

import botocore.session
from boto3.session import Session
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from provisioner.strict.clock import Clock, VirtualClock
from provisioner.strict.rule import After, Answer, Call, Refusal, Rule, UnknownRuleError
from provisioner.strict.rules import all_rules, all_watches
from provisioner.strict.world import Flight, World

T = TypeVar("T")
EXCHANGE = "provisioner.strict"
"""Where a call's exchange is kept in botocore's request context."""


@dataclass(frozen=True)
class Exchange:
    """A call, and what is answered in AWS's place: an HTTP status and a parsed answer."""

    call: Call
    world: World
    answer: tuple[int, Answer] | None


class Strict:
    """AWS's rules over the clients of a session. Safe across threads.

    Attributes:
        session: whose clients meet the rules, if they were made after the layer was attached.
        world: what the rules know.
        refusals: the rule and the call of every refusal so far, in order.
    """

    def __init__(
        self,
        session: Session,
        world: World,
        rules: Sequence[Rule],
        watches: Sequence[Mapping[str, After]] = (),
    ) -> None:
        self.session = session
        self.world = world
        self.refusals: list[tuple[str, Call]] = []
        self._all = {rule.name: rule for rule in rules}
        self._on = dict(self._all)
        self._watches = watches
        self._attached = True
        events: Any = session.events
        events.register_last("before-parameter-build", self._look_before)
        events.register("before-call", self._answer_instead)
        events.register_first("after-call", self._look_after)
        events.register_first("after-call-error", self._forget)

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of the rules that are on."""
        return tuple(self._on)

    def off(self, *patterns: str) -> Strict:
        """Switch rules off by name or pattern: `off("ec2.quotas", "kms.*")`."""
        return self._switch(set(self._on) - self._named(patterns))

    def on(self, *patterns: str) -> Strict:
        """Switch rules on again."""
        return self._switch(set(self._on) | self._named(patterns))

    def only(self, *patterns: str) -> Strict:
        """Leave these rules on and no other; without a pattern, none."""
        return self._switch(self._named(patterns))

    def catch_up(self) -> None:
        """Let the emulator have done what AWS would have done by now."""
        with self.world.memory.lock:
            self.world.catch_up()

    def detach(self) -> None:
        """Leave the emulator to itself, with everything done that AWS would do some time."""
        with self.world.memory.lock:
            self._attached = False
            self.world.catch_up(math.inf)

    def _named(self, patterns: Sequence[str]) -> set[str]:
        found = set()
        for pattern in patterns:
            names = {name for name in self._all if fnmatchcase(name, pattern)}
            if not names:
                near = difflib.get_close_matches(pattern, self._all, 1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise UnknownRuleError(f"There is no rule {pattern!r}.{hint}")
            found |= names
        return found

    def _switch(self, names: set[str]) -> Strict:
        self._on = {name: rule for name, rule in self._all.items() if name in names}
        return self

    def _look_before(self, *, params: Any, model: Any, context: Any, **_: Any) -> None:
        """Ask the rules while the call is still in the caller's terms."""
        if not self._attached or context.get("is_presign_request"):
            return
        service = model.service_model.service_name
        call = Call(service, model.name, params, str(context["client_region"]), dict(params))
        world = self.world.at(call.region)
        with world.memory.lock:
            world.catch_up()
            context[EXCHANGE] = exchange = Exchange(call, world, self._asked(world, call))
            if exchange.answer is None:
                flight = Flight(call, threading.current_thread(), time.monotonic())
                world.memory.under_way[threading.get_ident()] = flight

    def _asked(self, world: World, call: Call) -> tuple[int, Answer] | None:
        for rule in self._on.values():
            for look in _fitting(rule.before, call):
                try:
                    answer = look(world, call)
                except Refusal as refusal:
                    return self._refused(rule, call, refusal)
                if answer is not None:
                    return 200, {**answer, "ResponseMetadata": _metadata(200)}
        return None

    def _answer_instead(self, *, context: Any, **_: Any) -> tuple[AWSResponse, Answer] | None:
        """Answer in AWS's place, if a rule wants that."""
        exchange = context.get(EXCHANGE)
        if exchange is None or exchange.answer is None:
            return None
        status, answer = exchange.answer
        return AWSResponse("", status, HTTPHeaders(), None), answer

    def _look_after(self, *, http_response: Any, parsed: Any, context: Any, **_: Any) -> None:
        """Let the rules see, and change, what a call that succeeded answers."""
        exchange = context.pop(EXCHANGE, None)
        if exchange is None or not self._attached:
            return
        call, world = exchange.call, exchange.world
        with world.memory.lock:
            self._over(call)
            if http_response.status_code >= 300:
                return
            if exchange.answer is None:
                for watches in self._watches:
                    for look in _fitting(watches, call):
                        look(world, call, parsed)
            if refused := self._told(world, call, parsed):
                http_response.status_code, answer = refused
                parsed.clear()
                parsed.update(answer)

    def _told(self, world: World, call: Call, answer: Answer) -> tuple[int, Answer] | None:
        for rule in self._on.values():
            for look in _fitting(rule.after, call):
                try:
                    look(world, call, answer)
                except Refusal as refusal:
                    return self._refused(rule, call, refusal)
        return None

    def _refused(self, rule: Rule, call: Call, refusal: Refusal) -> tuple[int, Answer]:
        self.refusals.append((rule.name, call))
        metadata = _metadata(refusal.status)
        return refusal.status, {"Error": dict(refusal.error), "ResponseMetadata": metadata}

    def _forget(self, *, context: Any, **_: Any) -> None:
        """No answer came back."""
        exchange = context.pop(EXCHANGE, None)
        if exchange is not None:
            with exchange.world.memory.lock:
                self._over(exchange.call)

    def _over(self, call: Call) -> None:
        under_way = self.world.memory.under_way
        thread = threading.get_ident()
        if thread in under_way and under_way[thread].call is call:
            del under_way[thread]


def attach(
    session: Session,
    *,
    clock: Clock = time,
    rules: Sequence[Rule] | None = None,
    beside: Session | None = None,
) -> Strict:
    """Put AWS's rules over a session. Clients made from it before don't meet them.

    Args:
        session: of an emulator.
        clock: tells the seconds that states and propagation take; share it with what is tested.
        rules: all there are, by default.
        beside: a session of the same account and emulator that the layer does not hang on, for the
            rules to look around with. By default one is made with the same profile, region and
            credentials.
    """
    region = session.region_name or "us-east-1"
    world = World(clock, beside or _beside(session), region)
    if isinstance(clock, VirtualClock):
        clock.at_work = world.at_work
    return Strict(session, world, all_rules() if rules is None else rules, all_watches())


def _beside(session: Session) -> Session:
    core = botocore.session.Session()
    if session.profile_name in session.available_profiles:
        core.set_config_variable("profile", session.profile_name)
    # The models are parsed once for both.
    loader = session._session.get_component("data_loader")  # noqa: SLF001
    core.register_component("data_loader", loader)
    credentials = session.get_credentials()
    frozen = credentials.get_frozen_credentials() if credentials else None
    return Session(
        aws_access_key_id=frozen.access_key if frozen else None,
        aws_secret_access_key=frozen.secret_key if frozen else None,
        aws_session_token=frozen.token if frozen else None,
        region_name=session.region_name,
        botocore_session=core,
    )


def _fitting(looks: Mapping[str, T], call: Call) -> list[T]:
    return [look for pattern, look in looks.items() if call.fits(pattern)]


def _metadata(status: int) -> dict[str, Any]:
    return {
        "RequestId": "strict",
        "HTTPStatusCode": status,
        "HTTPHeaders": {},
        "RetryAttempts": 0,
    }
