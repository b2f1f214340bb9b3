"""Tags: what a person asked for, what differs, and what is somebody else's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioner.lifecycle import (
    RESERVED_TAGS,
    Difference,
    Json,
    Observed,
    Spec,
)


def tags_of(spec: Spec) -> dict[str, str]:
    """The tags a person asked for; empty for untaggable kinds."""
    tags: dict[str, str] = getattr(spec, "tags", {})
    return dict(tags)


@dataclass(frozen=True, slots=True)
class TagChanges:
    """Tags to set and to remove."""

    added: Mapping[str, str]
    removed: tuple[str, ...]
    before: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    @property
    def difference(self) -> Difference:
        """As a difference of the field `tags`: only the tags that change."""
        names = [*self.added, *self.removed]
        before: dict[str, Json] = {n: self.before[n] for n in names if n in self.before}
        after: dict[str, Json] = dict(self.added)
        return Difference("tags", before or None, after or None)


def tag_changes(
    wanted: Mapping[str, str], observed: Observed, previous: Sequence[str] = ()
) -> TagChanges:
    """Compare tags. Those that neither we nor the person named are someone else's and stay."""
    have = {k: v for k, v in (observed.tags or {}).items() if not k.startswith(RESERVED_TAGS)}
    if observed.tags is None:
        return TagChanges({}, (), {})
    added = {key: value for key, value in wanted.items() if have.get(key) != value}
    removed = tuple(key for key in previous if key in have and key not in wanted)
    return TagChanges(added, removed, have)
