"""Who reads outputs of whom: written down with the reader's records. Pure.

A row stands in the partition of the stack that is read, so that one query finds all its readers. It
is there before anything of the reader is made, and goes after the last of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from provisioner.inventory.records import Reader, Used
from provisioner.inventory.store import READER, Gone, Row, stack_key

Read = Mapping[str, tuple[Used, ...]]
"""What is used, by the stack it is of."""


@dataclass(frozen=True)
class Uses:
    """What an apply reads of other stacks.

    Attributes:
        used: by stack.
        fences: of those stacks, as they were when it was read.
    """

    used: Read = field(default_factory=dict)
    fences: Mapping[str, int] = field(default_factory=dict)


def both(before: Read, now: Read) -> dict[str, tuple[Used, ...]]:
    """What was used and what will be, as long as either may be so."""
    return {
        stack: tuple(dict.fromkeys((*before.get(stack, ()), *now.get(stack, ()))))
        for stack in sorted({*before, *now})
    }


def rows(reader: str, before: Read, now: Read) -> Iterator[Row | Gone]:
    """What has to be written for a stack that read this before, and reads that now."""
    for stack in sorted({*before, *now}):
        if stack not in now:
            yield Gone(stack_key(stack), READER + reader)
        elif now[stack] != before.get(stack):
            body = Reader(stack=reader, uses=now[stack]).body()
            yield Row(stack_key(stack), READER + reader, body)
