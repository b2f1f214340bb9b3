"""The same calls in the same order each time, so that the nth call of a run can be named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from provisioner.aws import clients
from provisioner.discovery import refresher
from provisioner.inventory import journal

NOTES = 7
"""So many results are gathered before they are written: no clock decides when."""


class InTurn(Executor):
    """Does each call when it is handed over, in the caller's thread."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it now."""
        done: Future[Any] = Future()
        try:
            done.set_result(call(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  raised by whoever asks for the result
            done.set_exception(error)
        return done


@contextmanager
def one_after_the_other() -> Iterator[None]:
    """Reads, and what is written behind the work, happen in turn."""
    put = journal.Journal._put

    def put_and_write(self: journal.Journal, *row: Any, **counted: Any) -> None:
        put(self, *row, **counted)
        if len(self._pending) >= NOTES:
            rows, self._pending = [*self._pending.values()], {}
            self._send(rows)

    with (
        patch.object(clients, "ThreadPoolExecutor", InTurn),
        patch.object(refresher, "ThreadPoolExecutor", InTurn),
        patch.object(journal, "GATHER", 3600.0),
        patch.object(journal.Journal, "_put", put_and_write),
    ):
        yield
