"""An inventory for one process: for tests, and for scripts that keep nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from provisioner.errors import LeaseLostError
from provisioner.inventory.records import Holder, Lease
from provisioner.inventory.store import RESOURCE, Gone, Row


class MemoryStore:
    """Rows in a dictionary, with the same rules as the table."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._rows: dict[tuple[str, str], Row] = {}
        self._leases: dict[str, Lease] = {}

    def take(self, stack: str, holder: Holder, *, now: float, until: float, since: str) -> Lease:
        """Take the lease if it is free or expired."""
        with self._lock:
            lease = self._leases.get(stack, Lease(stack=stack))
            if lease.holder is None or lease.expires_at < now:
                lease = Lease(
                    stack=stack,
                    holder=holder,
                    fence=lease.fence + 1,
                    expires_at=until,
                    since=since,
                )
                self._leases[stack] = lease
            return lease

    def renew(self, stack: str, fence: int, until: float) -> None:
        """Keep the lease."""
        with self._lock:
            self._check(stack, fence)
            self._leases[stack] = self._leases[stack].model_copy(update={"expires_at": until})

    def break_lease(self, stack: str) -> None:
        """Take the lease from whoever holds it."""
        with self._lock:
            lease = self._leases.get(stack, Lease(stack=stack))
            self._leases[stack] = Lease(stack=stack, fence=lease.fence + 1)

    def lease(self, stack: str) -> Lease | None:
        """Who holds a stack."""
        with self._lock:
            return self._leases.get(stack)

    def rows(self, pk: str, prefix: str, *, newest_first: bool = False) -> list[Row]:
        """The rows of a partition whose sort key begins so."""
        with self._lock:
            keys = sorted(key for key in self._rows if key[0] == pk and key[1].startswith(prefix))
            return [self._rows[key] for key in (reversed(keys) if newest_first else keys)]

    def by_arn(self, arn: str) -> list[Row]:
        """The resource rows with this ARN."""
        with self._lock:
            return [row for row in self._rows.values() if row.arn == arn]

    def stacks(self) -> tuple[str, ...]:
        """The names of all stacks that have resources or were ever held."""
        with self._lock:
            held = {pk for pk, sk in self._rows if sk.startswith(RESOURCE)}
            return tuple(sorted({pk.removeprefix("STACK#") for pk in held} | set(self._leases)))

    def write(
        self, stack: str, fence: int, rows: Sequence[Row | Gone], *, release: bool = False
    ) -> None:
        """Put and delete rows under the fence."""
        with self._lock:
            self._check(stack, fence)
            for row in rows:
                if isinstance(row, Row):
                    self._rows[row.pk, row.sk] = row
                else:
                    self._rows.pop((row.pk, row.sk), None)
            if release:
                self._leases[stack] = Lease(stack=stack, fence=fence)

    def _check(self, stack: str, fence: int) -> None:
        lease = self._leases.get(stack)
        if lease is None or lease.fence != fence or lease.holder is None:
            raise LeaseLostError(f"Another run has taken over stack {stack}.")
