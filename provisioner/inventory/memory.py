"""An inventory for one process: for tests, and for scripts that keep nothing."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from provisioner.errors import LeaseLostError
from provisioner.inventory.records import Lease, Standing
from provisioner.inventory.store import NO_OTHERS, RESOURCE, Gone, Row, moved_on


class MemoryStore:
    """Rows in a dictionary, with the same rules as the table."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._rows: dict[tuple[str, str], Row] = {}
        self._leases: dict[str, Lease] = {}

    def take(self, wanted: Lease, *, ended: float, dead: Lease | None = None) -> Lease:
        """Take a lease that is free, that ended long ago, or that is still as `dead` was seen."""
        with self._lock:
            lease = self._leases.get(wanted.stack, Lease(stack=wanted.stack))
            still_dead = dead is not None and dead.sign == lease.sign
            if lease.holder is None or lease.expires_at < ended or still_dead:
                news = {
                    "fence": lease.fence + 1,
                    "unlocked": lease.unlocked and not lease.holder,
                    "standing": lease.standing,
                }
                lease = wanted.model_copy(update=news)
                self._leases[wanted.stack] = lease
            return lease

    def renew(self, stack: str, fence: int, until: float) -> None:
        """Keep the lease."""
        with self._lock:
            lease = self._check(stack, fence)
            news = {"expires_at": until, "beat": lease.beat + 1}
            self._leases[stack] = lease.model_copy(update=news)

    def break_lease(self, stack: str, fence: int) -> bool:
        """Take the lease from its holder."""
        with self._lock:
            lease = self._leases.get(stack)
            if lease is None or lease.fence != fence:
                return False
            news = {"unlocked": True, "standing": lease.standing}
            self._leases[stack] = Lease(stack=stack, fence=fence).model_copy(update=news)
            return True

    def lease(self, stack: str) -> Lease | None:
        """Who holds a stack."""
        with self._lock:
            return self._leases.get(stack)

    def rows(
        self,
        pk: str,
        prefix: str,
        *,
        newest_first: bool = False,
        limit: int | None = None,
        after: str = "",
    ) -> list[Row]:
        """The rows of a partition whose sort key begins so."""
        with self._lock:
            names = sorted(sk for its, sk in self._rows if its == pk and sk.startswith(prefix))
            if newest_first:
                names = [name for name in reversed(names) if not after or name < after]
            else:
                names = [name for name in names if name > after]
            return [self._rows[pk, name] for name in names[:limit]]

    def by_arn(self, arn: str) -> list[Row]:
        """The resource rows with this ARN."""
        with self._lock:
            return [row for row in self._rows.values() if row.arn == arn]

    def stacks(self) -> tuple[str, ...]:
        """The names of all stacks that have resources or were ever held."""
        with self._lock:
            held = {pk for pk, sk in self._rows if sk.startswith(RESOURCE)}
            return tuple(sorted({pk.removeprefix("STACK#") for pk in held} | set(self._leases)))

    def leases(self) -> tuple[Lease, ...]:
        """The leases of all stacks that are held, or of which something is left."""
        with self._lock:
            live = (one for one in self._leases.values() if one.holder or one.standing)
            return tuple(sorted(live, key=lambda lease: lease.stack))

    def write(
        self,
        stack: str,
        fence: int,
        rows: Sequence[Row | Gone],
        *,
        release: bool = False,
        also: Mapping[str, int] = NO_OTHERS,
        standing: Standing | None = None,
        unmoved: Mapping[str, int] = NO_OTHERS,
    ) -> None:
        """Put and delete rows under the fence."""
        with self._lock:
            for held, its in {stack: fence, **also}.items():
                self._check(held, its)
            for seen, its in unmoved.items():
                if self._leases.get(seen, Lease(stack=seen)).fence != its:
                    raise moved_on(unmoved)
            for row in rows:
                if isinstance(row, Row):
                    self._rows[row.pk, row.sk] = row
                else:
                    self._rows.pop((row.pk, row.sk), None)
            if standing:
                told = {"standing": None if standing.empty else standing}
                self._leases[stack] = self._leases[stack].model_copy(update=told)
            if release:
                kept = self._leases[stack].standing
                self._leases[stack] = Lease(stack=stack, fence=fence, standing=kept)

    def _check(self, stack: str, fence: int) -> Lease:
        lease = self._leases.get(stack)
        if lease is None or lease.fence != fence or lease.holder is None:
            raise LeaseLostError(f"Another run has taken over stack {stack}.")
        return lease
