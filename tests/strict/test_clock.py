"""The virtual clock: threads sleep side by side, and time stands still while others work."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from provisioner.strict import VirtualClock


def test_one_thread_passes_time_at_once() -> None:
    """Sleeping adds up, and never goes back."""
    clock = VirtualClock()
    for seconds in (10, 0, -5, 2.5):
        clock.sleep(seconds)
    assert clock.monotonic() == 12.5
    assert clock.now().isoformat() == "2026-01-01T00:00:12.500000+00:00"


def test_threads_sleep_side_by_side() -> None:
    """Twenty threads that each sleep ten seconds take ten seconds, not two hundred."""
    clock = VirtualClock()
    together = threading.Barrier(20)

    def nap(_: int) -> float:
        together.wait(10)
        before = clock.monotonic()
        clock.sleep(10)
        return clock.monotonic() - before

    with ThreadPoolExecutor(20) as pool:
        slept = [*pool.map(nap, range(20))]
    assert min(slept) >= 10
    assert clock.monotonic() <= 30


def test_time_stands_still_for_who_is_at_work() -> None:
    """A sleeper wakes when the other thread has ended its work, and not before."""
    clock = VirtualClock()
    working = {threading.get_ident()}
    clock.at_work = lambda: frozenset(working)
    with ThreadPoolExecutor(1) as pool:
        napping = pool.submit(clock.sleep, 60)
        assert not threading.Event().wait(0.05)
        assert (napping.done(), clock.monotonic()) == (False, 0)
        working.clear()
        napping.result(10)
    assert clock.monotonic() == 60


def test_a_sleeper_is_not_at_work() -> None:
    """Two threads that sleep within their work don't wait for each other."""
    clock = VirtualClock()
    working: set[int] = set()
    clock.at_work = lambda: frozenset(working)

    def nap() -> None:
        working.add(threading.get_ident())
        clock.sleep(5)
        working.discard(threading.get_ident())

    with ThreadPoolExecutor(2) as pool:
        for napping in [pool.submit(nap) for _ in range(2)]:
            napping.result(10)
    assert 5 <= clock.monotonic() <= 10
