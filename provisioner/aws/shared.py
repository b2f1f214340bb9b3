"""An answer that many questions of one moment need, asked for once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Shared:
    """Answers by what was asked; who asks meanwhile waits for the same one. Safe across threads.

    Nothing in it grows old on purpose: it is made for one look and thrown away with it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[str, Future[Any]] = {}

    def answer(self, what: str, call: Callable[[], T]) -> T:
        """What the call answered the first time; a failure is everybody's.

        Args:
            what: names the question.
            call: asks it.
        """
        with self._lock:
            first = what not in self._answers
            future: Future[T] = self._answers.setdefault(what, Future())
        if first:
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001  raised below, to all who wait
                future.set_exception(error)
        return future.result()
