"""What an AWS call is to us: a service, an operation, a read or a write; and how many were made."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

READS = re.compile(
    r"^(BatchGet|Describe|Get|Head|List|Lookup|Query$|Scan|Search|Simulate|Select|Test|Validate"
    r"|AssumeRole|FilterLogEvents|TransactGet)"
)
"""Operations that change nothing. Everything else is taken for a write."""

REPEATABLE = re.compile(
    r"^(Put(?!Parameter$)|Update|Set|Modify|Tag|Untag|Delete|Enable|Disable|Start|Stop|Schedule|Cancel"
    r"|TransactWrite|BatchWrite|CreateTags$)"
)
"""Writes that leave the same behind when they are sent twice. What is none of these may make two of
something, or be refused the second time, so it is never sent again blindly."""


@dataclass(frozen=True)
class Call:
    """One call: `Call("kms", "CreateKey")`."""

    service: str
    operation: str

    @cached_property
    def mutates(self) -> bool:
        """Whether the call may change anything."""
        return READS.match(self.operation) is None

    @cached_property
    def repeatable(self) -> bool:
        """Whether sending the call twice is the same as sending it once."""
        return not self.mutates or REPEATABLE.match(self.operation) is not None

    def __str__(self) -> str:
        return f"{self.service}.{self.operation}"


@dataclass(frozen=True, slots=True)
class Delay:
    """A call that is about to wait, before it is sent or before it is sent again.

    Attributes:
        call: which.
        reason: in our words.
        said: AWS's code and sentence; empty where we wait by ourselves.
        pause: seconds until the next try.
        elapsed: seconds since the first one.
        limit: seconds after which it is given up.
    """

    call: Call
    reason: str
    said: str
    pause: float
    elapsed: float
    limit: float


Delayed = Callable[[Delay], None]
"""Hears of a call that waits, from the thread that makes it."""


class Ledger:
    """Counts every call that is sent, each attempt of it, by operation. Safe across threads.

    Args:
        listen: hears of every attempt, from the thread that makes it.
    """

    def __init__(self, listen: Callable[[Call], None] | None = None) -> None:
        self._listen = listen
        self._lock = threading.Lock()
        self._counts: Counter[Call] = Counter()

    def count(self, call: Call) -> None:
        """Note one attempt of a call."""
        with self._lock:
            self._counts[call] += 1
        if self._listen:
            self._listen(call)

    @property
    def counts(self) -> dict[str, int]:
        """Attempts by `service.Operation`."""
        with self._lock:
            return {str(call): number for call, number in sorted(self._counts.items(), key=str)}

    @property
    def reads(self) -> int:
        """Attempts of calls that change nothing."""
        with self._lock:
            return sum(n for call, n in self._counts.items() if not call.mutates)

    @property
    def writes(self) -> int:
        """Attempts of calls that may change something."""
        with self._lock:
            return sum(n for call, n in self._counts.items() if call.mutates)
