"""Where rows live. Two stores keep to this protocol: DynamoDB's, and one in memory.

A row is addressed as in the table: a stack's rows share `pk`, its resources, runs and lease differ
in `sk`. Everything written while a stack is held carries the lease's fence and is refused once
the fence has moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from provisioner.inventory.records import Holder, Lease

RESOURCE = "RESOURCE#"
RUN = "RUN#"
EVENT = "EVENT#"
LEASE = "LEASE"


def stack_key(stack: str) -> str:
    """The partition of a stack's rows."""
    return f"STACK#{stack}"


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

    def take(self, stack: str, holder: Holder, *, now: float, until: float, since: str) -> Lease:
        """Take the lease if it is free or expired; the lease as it then stands."""

    def renew(self, stack: str, fence: int, until: float) -> None:
        """Keep the lease; LeaseLostError if the fence moved."""

    def break_lease(self, stack: str) -> None:
        """Take the lease from whoever holds it; their next write is refused."""

    def lease(self, stack: str) -> Lease | None:
        """Who holds a stack; None if nobody ever did."""

    def rows(self, pk: str, prefix: str, *, newest_first: bool = False) -> list[Row]:
        """The rows of a partition whose sort key begins so, in its order."""

    def by_arn(self, arn: str) -> list[Row]:
        """The resource rows with this ARN."""

    def stacks(self) -> tuple[str, ...]:
        """The names of all stacks, in order."""

    def write(
        self, stack: str, fence: int, rows: Sequence[Row | Gone], *, release: bool = False
    ) -> None:
        """Put and delete rows, and let the lease go with the last of them if asked to.

        Raises:
            LeaseLostError: the fence moved; nothing of the refused batch was written.
        """
