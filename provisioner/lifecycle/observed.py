"""What AWS says of one object, in the terms of its spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from provisioner.lifecycle.owner import STACK_TAG
from provisioner.lifecycle.spec import Settings


class Phase(StrEnum):
    """Where an object is in its own life."""

    READY = "ready"
    PENDING = "pending"
    FAILED = "failed"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class Observed:
    """What AWS says of one object.

    Attributes:
        settings: in the spec's own field names and terms (units, defaults and JSON normalised);
            an absent key means AWS has nothing there. `tags` does not belong here.
        attributes: what others may refer to as `${name.attribute}`: ids, ARNs, URLs.
        tags: all tags without `aws:` ones, or None if the kind can't be tagged.
        phase: whether it can be used yet; `reason` is AWS's own word for it.
        unseen: fields that AWS does not show of this object for now: they are no difference.
    """

    settings: Settings = field(repr=False)
    attributes: Mapping[str, str]
    tags: Mapping[str, str] | None = None
    phase: Phase = Phase.READY
    reason: str = ""
    unseen: frozenset[str] = frozenset()


def of_stack(found: Mapping[str, Observed], stack: str | None) -> dict[str, Observed]:
    """Those that carry the stack's tag, for a `search` that AWS can't filter; all if None."""
    return {
        id_: one
        for id_, one in found.items()
        if stack is None or (one.tags or {}).get(STACK_TAG) == stack
    }
