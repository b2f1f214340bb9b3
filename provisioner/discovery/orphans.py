"""What is ours, or called like ours, and is in no record. Pure: no AWS, no clock, no files.

Each orphan says why it is taken for one. What was not read is never an orphan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from provisioner.discovery.names import Memory, Named
from provisioner.discovery.sightings import Sighted
from provisioner.discovery.traces import knows
from provisioner.errors import PlanError, nearest


class Sign(StrEnum):
    """What speaks for its being ours."""

    TAGS = "tags"
    """It carries our tags."""
    PARENT = "parent"
    """It can't carry tags, and belongs to what does."""
    NAME = "name"
    """It has a name of ours and no tag: somebody else may have made it."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """An object without a record.

    Attributes:
        stack: whose it seems to be.
        address: that its tags or its name tell; empty if neither does.
        seen: as AWS shows it.
        sign: what speaks for it.
        why: a sentence.
    """

    stack: str
    address: str
    seen: Sighted
    sign: Sign
    why: str

    @property
    def name(self) -> str:
        """Kind and id, as a person may name it where the id alone is not enough."""
        return f"{self.seen.kind.kind}/{self.seen.id}"


@dataclass(frozen=True)
class Clues:
    """What was seen of one stack, and what is remembered of it.

    Attributes:
        stack: its name.
        known: the inventory has heard of it.
        memory: of it.
        tagged: what carries its tags.
        belonging: what can't, and belongs to that.
        named: what has one of its names.
        names: those names, by kind and id.
    """

    stack: str
    known: bool
    memory: Memory
    tagged: tuple[Sighted, ...]
    belonging: tuple[Sighted, ...]
    named: tuple[Sighted, ...]
    names: Mapping[tuple[str, str], Named]


def orphans_of(clues: Clues) -> tuple[Orphan, ...]:
    """The orphans of one stack, each once: by its tags, else its parent, else its name."""
    found: dict[tuple[str, str], Orphan] = {}
    for orphan in (*_by_tags(clues), *_by_parent(clues), *_by_name(clues)):
        found.setdefault(orphan.seen.key, orphan)
    return tuple(found.values())


def chosen(orphans: Iterable[Orphan], words: Iterable[str]) -> tuple[Orphan, ...]:
    """Those that a person named, by id or by kind/id.

    Raises:
        PlanError: one of them is none that was listed, or more than one.
    """
    listed = [*orphans]
    picked: dict[tuple[str, str], Orphan] = {}
    for word in words:
        fitting = [one for one in listed if word in {one.seen.id, one.name}]
        if not fitting:
            ids = [one.seen.id for one in listed]
            raise PlanError(
                f"{word} is not among the orphans, so nothing was changed.",
                hint=nearest(word, ids) or "List them first.",
            )
        if len(fitting) > 1:
            raise PlanError(
                f"{word} is the id of several: {', '.join(one.name for one in fitting)}.",
                hint="Name it with its kind, as shown here.",
            )
        picked[fitting[0].seen.key] = fitting[0]
    return tuple(picked.values())


def _by_tags(clues: Clues) -> Iterator[Orphan]:
    recorded = clues.memory.recorded
    claims = Counter(one.owner.address for one in clues.tagged if one.owner)
    for one in clues.tagged:
        address = one.owner.address if one.owner else ""
        record = clues.memory.records.get(address)
        condemned = one.key in clues.memory.condemned
        known = record and knows(record, one) and not condemned
        if one.key in recorded or address in clues.memory.damaged or known:
            continue
        if condemned:
            why = f"it carries the tags of {address}, and a run was about to delete it"
        elif record:
            why = f"it carries the tags of {address}, whose record is of {record.id}"
        elif claims[address] > 1:
            why = f"it carries the tags of {address}, and is not the only one; there is no record"
        elif clues.known:
            why = f"it carries the tags of {address or 'the stack'}, and there is no record"
        else:
            why = "it carries the tags of a stack that the inventory does not know"
        yield Orphan(clues.stack, address, one, Sign.TAGS, why)


def _by_parent(clues: Clues) -> Iterator[Orphan]:
    """Not while a record is damaged: it may be the one."""
    recorded = clues.memory.recorded
    for one in clues.belonging:
        if one.key not in recorded and not clues.memory.damaged:
            parent = one.observed.settings.get(one.kind.parent)
            why = f"it belongs to {parent}, which is ours, and there is no record"
            yield Orphan(clues.stack, "", one, Sign.PARENT, why)


def _by_name(clues: Clues) -> Iterator[Orphan]:
    for one in clues.named:
        named = clues.names.get(one.key)
        stripped = one.key in clues.memory.recorded and one.observed.tags is None
        if (
            named
            and one.owner is None
            and not stripped
            and named.address not in clues.memory.damaged
        ):
            yield Orphan(clues.stack, named.address, one, Sign.NAME, named.why)
