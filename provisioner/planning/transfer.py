"""Records on their way from one stack to another: which may go, and what they are there. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from provisioner.errors import PlanError, nearest
from provisioner.inventory import Former, Record, Status

MOST = 48
"""So many go in one transaction of DynamoDB, which takes a hundred rows."""
SETTLED = frozenset({Status.READY, Status.CREATING, Status.UPDATING})


def transferred(
    addresses: Sequence[str], source: Mapping[str, Record], target: Mapping[str, Record], name: str
) -> tuple[Record, ...]:
    """The records as they will be in the other stack.

    Args:
        addresses: of what goes.
        source: records of the stack that has it.
        target: records of the stack that gets it.
        name: of that stack.

    Raises:
        PlanError: with all that stands against it; nothing was changed.
    """
    going = tuple(dict.fromkeys(addresses))
    wrong = [*_unknown(going, source)] or [
        *_unfit(going, source, target, name),
        *_torn(going, source),
    ]
    if wrong:
        raise PlanError("Nothing was moved:\n" + "\n".join(f"  {line}" for line in wrong))
    return tuple(_transferred(source[address], name) for address in going)


def _unknown(going: Sequence[str], source: Mapping[str, Record]) -> Iterator[str]:
    for address in going:
        if address not in source:
            yield f"there is no {address!r}. {nearest(address, source)}".rstrip()


def _unfit(
    going: Sequence[str], source: Mapping[str, Record], target: Mapping[str, Record], name: str
) -> Iterator[str]:
    if len(going) > MOST:
        yield f"these are {len(going)}; move at most {MOST} at a time"
    for address in going:
        record = source[address]
        if address in target:
            yield f"{address}: {name} has a resource of that address already"
        if record.status not in SETTLED or not record.id or record.replaced:
            yield f"{address}: a run on it was cut short; apply {record.stack} first"


def _torn(going: Sequence[str], source: Mapping[str, Record]) -> Iterator[str]:
    """References that would lead from one stack into the other."""
    for address, record in source.items():
        for edge in record.edges:
            if edge.address not in source:
                continue
            if address in going and edge.address not in going:
                yield f"{address} needs {edge.address}, which stays"
            if address not in going and edge.address in going:
                yield f"{edge.address} is needed by {address}, which stays"


def _transferred(record: Record, name: str) -> Record:
    former = Former(stack=record.stack, address=record.address)
    return record.model_copy(update={"stack": name, "former": (*record.former, former)})
