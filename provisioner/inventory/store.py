"""Where rows live. Two stores keep to this protocol: DynamoDB's, and one in memory.

A row is addressed as in the table: a stack's rows share `pk`, its resources, runs and lease differ
in `sk`. Everything written while a stack is held carries the lease's fence and is refused once
the fence has moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from provisioner.errors import MovedOnError
from provisioner.inventory.records import Lease, Standing

STACK = "STACK#"
RESOURCE = "RESOURCE#"
READER = "READER#"
HELD = "RE"
"""How readers and resources begin, and nothing else: one query reads both."""
RUN = "RUN#"
EVENT = "EVENT#"
BEFORE = "BEFORE#"
"""Beside a run's events: what an address was before that run."""
LEASE = "LEASE"


NO_OTHERS: Mapping[str, int] = MappingProxyType({})
"""A write to one stack alone."""


def moved_on(unmoved: Mapping[str, int]) -> MovedOnError:
    """One of these stacks is not as it was seen."""
    return MovedOnError(
        f"Something was run on {' or '.join(sorted(unmoved))} since its outputs were read, so they "
        "may be others now; nothing was changed.",
        hint="Run the same command again.",
    )


def stack_key(stack: str) -> str:
    """The partition of a stack's rows."""
    return f"{STACK}{stack}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its body is JSON; `arn` and `kind` stand beside it to be indexed and seen."""

    pk: str
    sk: str
    body: str
    arn: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """A row to be deleted."""

    pk: str
    sk: str


class Store(Protocol):
    """What the inventory needs of a place to live in. Safe across threads."""

    def take(self, wanted: Lease, *, ended: float, dead: Lease | None = None) -> Lease:
        """Take a lease that is free; the lease as it then stands, whoever holds it.

        Args:
            wanted: the lease as it shall be, but for its fence, which grows by one.
            ended: one that ended before this time by its holder's clock is free, too.
            dead: and so is the one that was seen so, if it has not moved since.
        """

    def renew(self, stack: str, fence: int, until: float) -> None:
        """Keep the lease, with one more beat; LeaseLostError if the fence moved."""

    def break_lease(self, stack: str, fence: int) -> bool:
        """Take the lease from its holder, whose next write is refused; False if the fence moved."""

    def lease(self, stack: str) -> Lease | None:
        """Who holds a stack; None if nobody ever did."""

    def rows(
        self,
        pk: str,
        prefix: str,
        *,
        newest_first: bool = False,
        limit: int | None = None,
        after: str = "",
    ) -> list[Row]:
        """The rows of a partition whose sort key begins so, in its order.

        Args:
            pk: the partition.
            prefix: of the sort key.
            newest_first: in the opposite order.
            limit: at most so many; no more are read.
            after: begin behind this sort key.
        """

    def by_arn(self, arn: str) -> list[Row]:
        """The resource rows with this ARN."""

    def stacks(self) -> tuple[str, ...]:
        """The names of all stacks, in order."""

    def leases(self) -> tuple[Lease, ...]:
        """The leases of all stacks that are held, or of which something is left, in order.

        They may be a moment old.
        """

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
        """Put and delete rows, and let the lease go with the last of them if asked to.

        Args:
            stack: whose lease is held.
            fence: of that lease.
            rows: in their order.
            release: let the lease go with the last of them.
            also: fences of other stacks that are held, too.
            standing: how the stack stands from now on; it goes with the first rows, or, where the
                lease is let go, with that.
            unmoved: fences of stacks, whoever holds them, that must be as they were seen; they are
                checked with the first rows.

        Raises:
            LeaseLostError: the fence moved; nothing of the refused batch was written.
            MovedOnError: an unmoved one did; likewise.
        """
