"""Whose an object is, as written on the object itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STACK_TAG = "provisioner:stack"
ADDRESS_TAG = "provisioner:address"
TOKEN_TAG = "provisioner:token"  # noqa: S105  the name of a tag
RESERVED_TAGS = "provisioner:"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an object is, as written on the object itself."""

    stack: str
    address: str
    token: str = ""

    @property
    def tags(self) -> dict[str, str]:
        """The ownership tags."""
        tags = {STACK_TAG: self.stack, ADDRESS_TAG: self.address}
        return tags | {TOKEN_TAG: self.token} if self.token else tags

    @classmethod
    def of(cls, tags: Mapping[str, str] | None) -> Owner | None:
        """Read the ownership from an object's tags; None says nobody claims it."""
        if not tags or STACK_TAG not in tags:
            return None
        return cls(tags[STACK_TAG], tags.get(ADDRESS_TAG, ""), tags.get(TOKEN_TAG, ""))

    def owns(self, tags: Mapping[str, str] | None) -> bool:
        """Whether the tags name this stack and address (the token may differ)."""
        other = Owner.of(tags)
        return other is not None and (other.stack, other.address) == (self.stack, self.address)
