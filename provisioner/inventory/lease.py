"""How a run gets the right to write to a stack, and how it waits for it.

No two clocks are compared to call a run dead. Its lease is measured by our own monotonic clock,
from the moment its newest heartbeat was first seen: once it has not moved for as long as the lease
lasts, its holder, who counts from before it sent that heartbeat, has stopped already. Only a lease
that ended longer ago than two clocks can be apart is taken at once.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from provisioner.aws.clock import Clock
from provisioner.errors import InterruptedRunError, LeaseHeldError
from provisioner.inventory.records import Holder, Lease
from provisioner.inventory.store import Store

LASTS = 60.0
"""Seconds a lease lasts without a heartbeat."""
POLL, POLL_SELDOM = 1.0, 5.0
"""Seconds between two looks at a lease that is waited for: at first, and at last."""
MOMENT = 0.01
APART = 1800.0
"""Seconds that two clocks may be apart: AWS takes no request signed more than a quarter of an hour
off its own time, early or late."""


def nobody(lease: Lease, left: float) -> None:
    """Hear of a lease, and do nothing."""
    del lease, left


@dataclass(frozen=True)
class Queue:
    """How a run waits for a lease that another one holds.

    Attributes:
        seconds: so long; None: as long as that run shows no sign of life, which is until its lease
            ends if it has died.
        told: hears of the lease that is waited for, and in how many seconds it ends unless it is
            renewed, again and again.
        stop: ends the waiting once it is set.
    """

    seconds: float | None = 0.0
    told: Callable[[Lease, float], None] = nobody
    stop: threading.Event = field(default_factory=threading.Event)

    def left(self, waited: float, *, lives: bool) -> float:
        """Seconds that are still to be waited; none, or less, if it was long enough.

        Args:
            waited: seconds so far.
            lives: the other run was seen to renew its lease, or yet another one to take it.
        """
        if self.seconds is None:
            return 0.0 if lives else math.inf
        return self.seconds - waited

    def check(self) -> None:
        """Go on, unless the waiting was stopped.

        Raises:
            InterruptedRunError: it was.
        """
        if self.stop.is_set():
            raise InterruptedRunError("Interrupted before the stack was taken: nothing was done.")


@dataclass(frozen=True, slots=True)
class Hold:
    """A lease that is ours.

    Attributes:
        lease: as it was taken.
        ends: when, by our monotonic clock, unless it is renewed.
    """

    lease: Lease
    ends: float


class Watch:
    """Measures the lease of another run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sign: tuple[int, int] | None = None
        self._since = 0.0

    def left(self, lease: Lease) -> float:
        """Seconds until the lease is over; below zero, its holder has surely stopped.

        Args:
            lease: as it was just read.
        """
        now = self._clock.monotonic()
        if lease.sign != self._sign:
            self._sign, self._since = lease.sign, now
        return self._since + lease.lasts - now


@dataclass
class Contender:
    """A run that wants a stack.

    Attributes:
        store: where leases are.
        clock: of this machine.
        stack: its name.
        holder: the run; its id is its own alone.
        lasts: seconds that the lease shall last.
    """

    store: Store
    clock: Clock
    stack: str
    holder: Holder
    lasts: float = LASTS
    _asked: float = 0.0

    def take(self, queue: Queue) -> Hold:
        """Get the lease: one call if nobody holds it.

        Raises:
            LeaseHeldError: another run holds the stack, and was waited for long enough.
            InterruptedRunError: the waiting was stopped.
        """
        queue.check()
        started = self.clock.monotonic()
        watch = Watch(self.clock)
        lease = self._ask()
        first, nap = lease.sign, POLL
        while not self._ours(lease):
            left = watch.left(lease)
            patience = queue.left(self.clock.monotonic() - started, lives=lease.sign != first)
            if patience <= 0:
                raise _held(lease, left)
            queue.check()
            queue.told(lease, left)
            self.clock.sleep(min(nap, max(left, 0.0) + MOMENT, patience))
            nap = min(nap * 1.5, POLL_SELDOM)
            lease = self._look(watch)
        return Hold(lease, self._asked + self.lasts)

    def _look(self, watch: Watch) -> Lease:
        """Read the lease, which disturbs nobody, and ask for it once it can be had."""
        lease = self.store.lease(self.stack) or Lease(stack=self.stack)
        if lease.holder is None:
            return self._ask()
        return self._ask(dead=lease) if watch.left(lease) < 0 else lease

    def _ask(self, dead: Lease | None = None) -> Lease:
        self._asked = self.clock.monotonic()
        now = self.clock.now()
        wanted = Lease(
            stack=self.stack,
            holder=self.holder,
            lasts=self.lasts,
            expires_at=now.timestamp() + self.lasts,
            since=now.isoformat(timespec="seconds"),
        )
        return self.store.take(wanted, ended=now.timestamp() - APART, dead=dead)

    def _ours(self, lease: Lease) -> bool:
        """Whether it is this run's, also by a request whose answer was lost."""
        return lease.holder is not None and lease.holder.run == self.holder.run


def _held(lease: Lease, left: float) -> LeaseHeldError:
    holder = lease.holder or Holder(who="nobody", host="", command="", run="")
    return LeaseHeldError(
        f"Stack {lease.stack} is held by {holder.who} on {holder.host} "
        f"({holder.command}, since {lease.since}, run {holder.run}).",
        hint=f"Wait for it with --lock-timeout SECONDS. Its lease ends in {max(left, 0):.0f} s "
        f"unless it is renewed; if you know that it died: unlock {lease.stack}.",
    )
