"""Somebody else, who works on the same objects as the library."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from tests.strict.case import Ground


@contextmanager
def somebody_at_work(ground: Ground, service: str, call: Callable[[Any], object]) -> Iterator[None]:
    """A call of somebody else is on its way until the library first waits.

    Args:
        ground: whose clock the library waits on.
        service: that the call goes to.
        call: makes it, with a client.

    It is a failure if the library never had to wait.
    """
    begun, over = threading.Event(), threading.Event()
    client = ground.layer.session.client(service)  # type: ignore[call-overload]

    def hold(**_: Any) -> None:
        begun.set()
        over.wait(10)

    client.meta.events.register("request-created", hold)
    other = threading.Thread(target=call, args=(client,))
    sleep = ground.clock.sleep

    def end(seconds: float) -> None:
        over.set()
        other.join()
        sleep(seconds)

    other.start()
    begun.wait(10)
    with patch.object(ground.clock, "sleep", end):
        try:
            yield
            assert over.is_set(), "the calls did not meet"
        finally:
            over.set()
            other.join()
