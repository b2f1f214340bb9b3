"""boto3 clients behind one gate.

A `ClientPool` makes one client per service of a session, lazily and under a lock. An `Aws` hands
out guarded twins of those clients: every call passes a permit (read-only? lease still ours?), the
rate limiter, the ledger and the retry table. Nothing else in the package calls AWS.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from botocore.config import Config

from provisioner.aws.calls import Call, Delay, Delayed, Ledger
from provisioner.aws.clock import Clock, SystemClock
from provisioner.aws.failures import translate
from provisioner.aws.limits import Limiter
from provisioner.aws.retry import send
from provisioner.aws.shared import Shared
from provisioner.aws.target import Target
from provisioner.errors import WriteRefusedError

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.client import BaseClient

    ClientFactory: TypeAlias = Session
else:
    ClientFactory = object
    """A boto3 session, or anything that makes clients as one does."""

T = TypeVar("T")
Permit = Callable[[Call], None]
"""Is asked before each attempt of a call; raises to refuse it."""


Sent = Callable[[Call, str], None]
"""Hears of a call that AWS answered, with its request id."""


def anything(call: Call) -> None:
    """Permit every call."""


def only_reads(call: Call) -> None:
    """Permit no call that may change anything.

    Raises:
        WriteRefusedError: for every mutating call.
    """
    if call.mutates:
        raise WriteRefusedError(f"{call} was refused: this command only reads.")


class Turns:
    """A lock per name. Safe across threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def of(self, name: str) -> threading.Lock:
        """The lock of a name."""
        with self._lock:
            return self._locks.setdefault(name, threading.Lock())


_MAKING = threading.Lock()
"""boto3 makes clients in one thread at a time, and runs side by side may share a session."""


class ClientPool:
    """One boto3 client per service, made on first use. Safe across threads.

    Args:
        session: the caller's boto3 session.
        region: overrides the session's region.
        width: connections kept per client; at least the number of threads that share it.
        user_agent: appended to the user agent of every call.
    """

    def __init__(
        self,
        session: ClientFactory,
        *,
        region: str | None = None,
        width: int = 48,
        user_agent: str = "provisioner",
    ) -> None:
        self._session = session
        self._region = region
        self._width, self._user_agent = width, user_agent
        self._lock = threading.Lock()
        self._clients: dict[str, BaseClient] = {}
        self._config = Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=width,
            connect_timeout=10,
            read_timeout=60,
            tcp_keepalive=True,
            user_agent_extra=user_agent,
        )

    def elsewhere(self, region: str) -> ClientPool:
        """A pool of the same session's clients of another region."""
        return ClientPool(
            self._session, region=region, width=self._width, user_agent=self._user_agent
        )

    def raw(self, service: str) -> BaseClient:
        """The client itself, without a guard."""
        with self._lock:
            if service not in self._clients:
                make: Callable[..., BaseClient] = self._session.client
                options = {"region_name": self._region} if self._region else {}
                with _MAKING:
                    client = make(service, config=self._config, **options)
                    _ = client.exceptions  # made once: made in two threads they would differ
                self._clients[service] = client
            return self._clients[service]


class Aws(ClientFactory):
    """What a kind gets to talk to AWS with: guarded clients of one target.

    To the type checker it is a boto3 session, so `aws.client("kms")` is a typed KMS client.

    Attributes:
        target: account, region, partition.
        ledger: what was called, and how often.
        clock: time, for waits.
    """

    def __init__(
        self,
        pool: ClientPool,
        target: Target,
        *,
        permit: Permit = anything,
        ledger: Ledger | None = None,
        limiter: Limiter | None = None,
        clock: Clock | None = None,
        facets: Executor | None = None,
        told: Delayed | None = None,
        turns: Turns | None = None,
        sent: Sent | None = None,
        shared: Shared | None = None,
    ) -> None:
        self.target = target
        self.clock: Clock = clock or SystemClock()
        self.ledger = ledger or Ledger()
        self._pool = pool
        self._permit = permit
        self._limiter = limiter or Limiter(self.clock)
        self._facets = facets or ThreadPoolExecutor(16, thread_name_prefix="facet")
        self._told = told
        self._turns = turns or Turns()
        self._sent = sent
        self._shared = shared
        self._lock = threading.Lock()
        self._twins: dict[str, BaseClient] = {}

    def permitting(self, permit: Permit, ledger: Ledger | None = None) -> Aws:
        """The same clients behind another permit, and counted apart if a ledger is given."""
        return self._twin(permit, ledger or self.ledger, self._sent, self._told)

    def elsewhere(self, region: str) -> Aws:
        """Clients of another region of the same account, behind the same permit."""
        return Aws(
            self._pool.elsewhere(region),
            replace(self.target, region=region),
            permit=self._permit,
            ledger=self.ledger,
            clock=self.clock,
            facets=self._facets,
            told=self._told,
            turns=self._turns,
            sent=self._sent,
        )

    def telling(self, sent: Sent, delayed: Delayed | None = None) -> Aws:
        """The same clients, of whose calls somebody hears.

        Args:
            sent: of every answered call, with its request id.
            delayed: of every call that waits; who heard of those before still does.
        """
        return self._twin(self._permit, self.ledger, sent, _both(self._told, delayed))

    def sharing(self) -> Aws:
        """The same clients for one look: what many objects need is asked for once."""
        return self._twin(self._permit, self.ledger, self._sent, self._told, Shared())

    def shared(self, what: str, call: Callable[[], T]) -> T:
        """What a call answers, which others of the same look may have asked for already.

        Args:
            what: names the question, e.g. `lambda.ListFunctions`.
            call: asks it; without `sharing` each time.
        """
        return self._shared.answer(what, call) if self._shared else call()

    def _twin(
        self,
        permit: Permit,
        ledger: Ledger,
        sent: Sent | None,
        told: Delayed | None,
        shared: Shared | None = None,
    ) -> Aws:
        return Aws(
            self._pool,
            self.target,
            permit=permit,
            ledger=ledger,
            limiter=self._limiter,
            clock=self.clock,
            facets=self._facets,
            told=told,
            turns=self._turns,
            sent=sent,
            shared=shared or self._shared,
        )

    def in_turn(self, what: str) -> AbstractContextManager[object]:
        """Keep others out while an object is changed that AWS loses parallel changes of.

        Args:
            what: names the object, e.g. `lambda.AddPermission NAME`.
        """
        return self._turns.of(what)

    def gather(self, calls: Iterable[Callable[[], T]]) -> list[T]:
        """Run independent calls side by side; the results keep the order of the calls.

        The first error is raised when all calls have ended. Not to be nested: a call handed to
        `gather` must not gather again.
        """
        waiting = [*calls]
        if not waiting:
            return []
        first, *others = waiting
        futures = [self._facets.submit(call) for call in others]
        results = []
        error: BaseException | None = None
        for outcome in (first, *(future.result for future in futures)):
            try:
                results.append(outcome())
            except BaseException as failure:  # noqa: BLE001  raised below, once all have ended
                error = error or failure
        if error is not None:
            raise error
        return results

    def whole(self, call: Call, attempt: Callable[[], T]) -> T:
        """Make a call whose success may hide a failure, again where the retry table says so.

        Args:
            call: which call it is.
            attempt: makes it, and raises the failure found in the answer as a ClientError.
        """
        return send(call, attempt, clock=self.clock, told=self._told)

    if not TYPE_CHECKING:

        def client(self, service):
            """The guarded client of a service."""
            with self._lock:
                if service not in self._twins:
                    self._twins[service] = self._guarded(service)
                return self._twins[service]

    def _guarded(self, service: str) -> BaseClient:
        """A twin of the pool's client whose every call passes the gate.

        `_make_api_call` is the one door of a botocore client: its methods, paginators and waiters
        all go through it.
        """
        raw = self._pool.raw(service)
        twin: BaseClient = object.__new__(type(raw))
        twin.__dict__.update(raw.__dict__)

        def gate(operation: str, parameters: Mapping[str, object]) -> object:
            call = Call(service, operation)

            def attempt() -> object:
                self._permit(call)
                if self._limiter.take(call, self._told):
                    self._permit(call)  # what held before the wait may not hold after it
                self.ledger.count(call)
                answer = raw._make_api_call(operation, parameters)  # type: ignore[attr-defined]  # noqa: SLF001
                if self._sent:
                    self._sent(call, str(answer.get("ResponseMetadata", {}).get("RequestId", "")))
                return answer

            return send(call, attempt, clock=self.clock, told=self._told)

        twin.__dict__["_make_api_call"] = gate
        return twin


def _both(first: Delayed | None, second: Delayed | None) -> Delayed | None:
    """Tell both, or whoever there is."""
    if first is None or second is None:
        return first or second

    def tell(delay: Delay) -> None:
        first(delay)
        second(delay)

    return tell


def connect(
    session: ClientFactory,
    *,
    permit: Permit = anything,
    region: str | None = None,
    width: int = 48,
    clock: Clock | None = None,
    told: Delayed | None = None,
    ledger: Ledger | None = None,
) -> Aws:
    """Ask AWS who we are, and return guarded clients for that account and region.

    Costs one call, `sts:GetCallerIdentity`, which needs no permission and can't be denied.

    Raises:
        CredentialsError, UnreachableError, AwsError: there is no usable account.
    """
    try:
        pool = ClientPool(session, region=region, width=width)
        clock = clock or SystemClock()
        ledger = ledger or Ledger()
        sts = Aws(pool, Target("", "", ""), ledger=ledger, clock=clock, told=told).client("sts")
        answer = sts.get_caller_identity()
        partition = answer["Arn"].split(":")[1]
        target = Target(answer["Account"], sts.meta.region_name, partition, answer["Arn"])
    except Exception as error:
        raise translate(error, "AWS account") from error
    return Aws(pool, target, permit=permit, ledger=ledger, clock=clock, told=told)
