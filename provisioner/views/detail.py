"""How much of a plan is shown."""

from __future__ import annotations

from enum import StrEnum


class Detail(StrEnum):
    """A level of detail; each shows every resource that changes, once."""

    SUMMARY = "summary"
    """A line a resource, and counts."""
    DEFAULT = "default"
    """What changes of each; long values shortened."""
    FULL = "full"
    """Every setting of what is created, every value whole, policies in full."""
