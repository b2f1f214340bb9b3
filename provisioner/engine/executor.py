"""Run steps side by side, each after what it needs, the longest remaining path first.

One thread, the caller's, owns the order; workers only do steps. A step is a generator: between
its `Pause`s it holds no worker, so waiting for AWS costs nothing. A failure stops what depends on
it and nothing else.
"""

from __future__ import annotations

import heapq
import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count
from queue import Empty, SimpleQueue

from provisioner.aws.clock import Clock
from provisioner.aws.failures import translate
from provisioner.engine.events import (
    Listener,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
    StepWaiting,
)
from provisioner.engine.schedule import Key, Step, longest_paths
from provisioner.errors import (
    CredentialsError,
    InterruptedRunError,
    ProvisionerError,
    RunLostError,
)
from provisioner.lifecycle import Difference, Patience

WORKERS = 32
SLICE = 0.25
"""Seconds between two looks at whether the run was stopped."""

Fatal = tuple[type[ProvisionerError], ...]
"""Failures after which no step is started any more."""
ENDS_THE_RUN: Fatal = (CredentialsError, RunLostError)
"""After these no step can succeed."""
FIRST: Fatal = (ProvisionerError,)
"""After any failure."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """How steps are run.

    Attributes:
        workers: that may talk to AWS at the same time.
        fatal: failures after which nothing new starts.
    """

    workers: int = WORKERS
    fatal: Fatal = ENDS_THE_RUN


CONDUCT = Conduct()


@dataclass(frozen=True, slots=True)
class Pause:
    """A step waits for AWS: look again after `seconds`."""

    seconds: float
    state: str
    elapsed: float
    patience: Patience


@dataclass(frozen=True, slots=True)
class Done:
    """What a step did: to which object, and what it changed (secrets masked).

    Attributes:
        note: what else is worth telling.
        idle: there was nothing to do.
    """

    id: str
    differences: tuple[Difference, ...] = ()
    note: str = ""
    idle: bool = False


Work = Generator[Pause, None, Done]
Perform = Callable[[Key], Work]


@dataclass(frozen=True, slots=True)
class Held:
    """A call of a running step waits, in its worker, since AWS does not take it yet."""

    key: Key
    state: str
    elapsed: float
    limit: float


Heard = SimpleQueue[Held]
"""What workers have to tell while they work; the thread that owns the order passes it on."""


@dataclass
class Outcome:
    """How the steps ended.

    Attributes:
        done, failed: by step.
        skipped: the failed step each was waiting for; None when the run was stopped.
        interrupted: the run was stopped before its end.
    """

    done: dict[Key, Done] = field(default_factory=dict)
    failed: dict[Key, ProvisionerError] = field(default_factory=dict)
    skipped: dict[Key, Key | None] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def whole(self) -> bool:
        """Whether every step succeeded."""
        return not (self.failed or self.skipped)


def execute(
    steps: Mapping[Key, Step],
    perform: Perform,
    *,
    kinds: Mapping[str, str],
    clock: Clock,
    listen: Listener,
    stop: threading.Event,
    heard: Heard | None = None,
    conduct: Conduct = CONDUCT,
) -> Outcome:
    """Do all steps.

    Args:
        steps: free of cycles.
        perform: begins a step's work; runs in a worker, as does the work.
        kinds: the kind of each address, for the events.
        clock: passes the time while only AWS is waited for.
        listen: hears of everything, from this thread.
        stop: once set, nothing new starts; what runs ends its current calls.
        heard: what steps tell while they work.
        conduct: how many side by side, and what ends them.
    """
    with ThreadPoolExecutor(conduct.workers, thread_name_prefix="step") as pool:
        run = _Run(steps, perform, kinds, clock, listen, stop, pool, conduct)
        return run.to_the_end(heard or SimpleQueue())


class _Run:
    """The state of one execution."""

    def __init__(
        self,
        steps: Mapping[Key, Step],
        perform: Perform,
        kinds: Mapping[str, str],
        clock: Clock,
        listen: Listener,
        stop: threading.Event,
        pool: ThreadPoolExecutor,
        conduct: Conduct,
    ) -> None:
        self._steps = steps
        self._perform = perform
        self._kinds = kinds
        self._clock = clock
        self._listen = listen
        self._stop = stop
        self._pool = pool
        self._conduct = conduct
        self._lengths = longest_paths(steps)
        self._users: dict[Key, list[Key]] = defaultdict(list)
        self._needs = {key: set(step.needs) for key, step in steps.items()}
        self._ready: list[tuple[float, Key]] = []
        self._timers: list[tuple[float, int, Key]] = []
        self._numbers = count()
        self._works: dict[Key, Work] = {}
        self._running: dict[Future[Pause | Done], Key] = {}
        self._started: dict[Key, float] = {}
        self._ended = False
        self.outcome = Outcome()

    def to_the_end(self, heard: Heard) -> Outcome:
        """Run until nothing runs and nothing more can start."""
        for key, step in self._steps.items():
            for needed in step.needs:
                self._users[needed].append(key)
            if not step.needs:
                self._make_ready(key)
        while self._goes_on():
            self._wake()
            self._start()
            self._await(heard)
        for key in sorted(set(self._steps) - self._settled()):
            self._skip(key, None)
        return self.outcome

    def _settled(self) -> set[Key]:
        return {*self.outcome.done, *self.outcome.failed, *self.outcome.skipped}

    def _goes_on(self) -> bool:
        if self._stop.is_set() and not self._ended:
            self._ended = True
            self.outcome.interrupted = True
        if self._ended:
            self._ready.clear()
            self._timers.clear()
        return bool(self._running or self._ready or self._timers)

    def _make_ready(self, key: Key) -> None:
        heapq.heappush(self._ready, (-self._lengths[key], key))

    def _wake(self) -> None:
        """Bring back the steps whose pause is over."""
        now = self._clock.monotonic()
        while self._timers and self._timers[0][0] <= now:
            self._make_ready(heapq.heappop(self._timers)[2])

    def _start(self) -> None:
        while self._ready and len(self._running) < self._conduct.workers:
            _, key = heapq.heappop(self._ready)
            if key not in self._works:
                self._works[key] = self._perform(key)
                self._started[key] = self._clock.monotonic()
                self._listen(StepStarted(key, self._kinds[key.address]))
            self._running[self._pool.submit(_advance, self._works[key])] = key

    def _await(self, heard: Heard) -> None:
        """Wait for a worker, or for the next pause to end."""
        until = self._timers[0][0] - self._clock.monotonic() if self._timers else SLICE
        if not self._running:
            if self._timers and until > 0:
                self._clock.wait(self._stop, until)
            return
        nap = max(0.0, min(until, SLICE))
        ended = wait(self._running, timeout=nap, return_when=FIRST_COMPLETED).done
        self._pass_on(heard)
        for future in ended:
            self._take(self._running.pop(future), future)

    def _pass_on(self, heard: Heard) -> None:
        """Tell what workers have told since."""
        while True:
            try:
                held = heard.get_nowait()
            except Empty:
                return
            kind = self._kinds[held.key.address]
            self._listen(StepWaiting(held.key, kind, held.state, held.elapsed, None, held.limit))

    def _take(self, key: Key, future: Future[Pause | Done]) -> None:
        error = future.exception()
        if error is not None:
            self._fail(key, translate(error, str(key)) if isinstance(error, Exception) else error)
            return
        result = future.result()
        if isinstance(result, Pause):
            self._pause(key, result)
        else:
            self._finish(key, result)

    def _pause(self, key: Key, pause: Pause) -> None:
        due = self._clock.monotonic() + pause.seconds
        heapq.heappush(self._timers, (due, next(self._numbers), key))
        self._listen(
            StepWaiting(
                key,
                self._kinds[key.address],
                pause.state,
                pause.elapsed,
                pause.patience.typical,
                pause.patience.limit,
            )
        )

    def _finish(self, key: Key, done: Done) -> None:
        self.outcome.done[key] = done
        del self._works[key]
        kind = self._kinds[key.address]
        seconds = self._since(key)
        self._listen(StepDone(key, kind, done.id, seconds, done.differences, done.note, done.idle))
        for user in self._users[key]:
            self._needs[user].discard(key)
            if not self._needs[user] and user not in self.outcome.skipped:
                self._make_ready(user)

    def _fail(self, key: Key, error: BaseException) -> None:
        if not isinstance(error, ProvisionerError):
            raise error
        del self._works[key]
        if isinstance(error, InterruptedRunError):
            self._skip(key, None)
            return
        self.outcome.failed[key] = error
        self._listen(StepFailed(key, self._kinds[key.address], error, self._since(key)))
        self._ended = self._ended or isinstance(error, self._conduct.fatal)
        doomed = [*self._users[key]]
        while doomed:
            user = doomed.pop()
            if user not in self.outcome.skipped:
                self._skip(user, key)
                doomed += self._users[user]

    def _skip(self, key: Key, cause: Key | None) -> None:
        self.outcome.skipped[key] = cause
        self._listen(StepSkipped(key, self._kinds[key.address], cause))

    def _since(self, key: Key) -> float:
        return self._clock.monotonic() - self._started[key]


def _advance(work: Work) -> Pause | Done:
    """Go on with a step until it pauses or ends."""
    try:
        return next(work)
    except StopIteration as end:
        done: Done = end.value
        return done
