"""What kinds tell the engine beside what they are: waits, obstacles, slices, additions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a state is waited for, in seconds."""

    every: float = 2.0
    typical: float = 10.0
    limit: float = 600.0


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands in the way of a delete, or makes it long; seen before anything is deleted.

    Attributes:
        what: a sentence without its dot, with counts, bytes and dates.
        hint: what to do about it.
        blocks: the delete can't succeed while it is there.
        empties: it is what the object holds, which a person may allow to be deleted by name.
        seconds: that the delete takes longer because of it.
    """

    what: str
    hint: str = ""
    blocks: bool = True
    empties: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Drained:
    """One slice of emptying.

    Attributes:
        removed: how many things it took away; none if AWS is still busy with earlier ones.
        what: they are, in the plural.
        left: how many are still there, if that is known.
    """

    removed: int
    what: str
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """Something that others added to an object, and that is no part of its settings.

    Attributes:
        what: the sort of thing, as a noun: `grant`.
        id: tells it from others of the sort.
        says: what it does, in a few words.
        kind: where it is an object of a kind of its own: that kind; `id` is the object's then.
    """

    what: str
    id: str
    says: str = ""
    kind: str = ""
