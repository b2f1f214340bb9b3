"""Whether an object is known to be what we made, or adopted. Pure."""

from __future__ import annotations

from provisioner.discovery.refresher import Found
from provisioner.inventory import Record, Status
from provisioner.lifecycle import Owner
from provisioner.lifecycle.creating import as_created
from provisioner.registry import kind_of


def ours(owner: Owner, record: Record | None, found: Found) -> bool:
    """Whether an object is known to be what we made, or adopted.

    Our tags say so, or those of an address that it was moved from; else the inventory, if nobody
    else claims the object. An intent alone says nothing of an object that could carry our tags and
    does not: somebody else was faster. What can't be tagged was made by the intent if it is what
    the intent would have made.
    """
    tags = found.observed.tags
    if owner.owns(tags):
        return True
    if record is None:
        return False
    if Owner.of(tags) is not None:
        return record.formerly(tags)
    if record.status is not Status.INTENDED:
        return record.id == found.id
    named = record.id in {None, found.id}
    return (
        tags is None
        and named
        and as_created(kind_of(record.kind), record.intended or {}, found.observed)
    )
