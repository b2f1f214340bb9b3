"""Look at AWS without any record: what carries ownership tags, and what belongs to that.

A kind that can't be read is told with AWS's code, and nothing is concluded from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from provisioner.aws.clients import Aws
from provisioner.aws.failures import translate
from provisioner.discovery.refresher import side_by_side
from provisioner.discovery.tagindex import ids_in_index
from provisioner.errors import AwsError, CredentialsError
from provisioner.lifecycle import AnyType, Observed, Owner, Phase, Spec
from provisioner.registry import kind_of, registry

GLOBAL = frozenset({"iam", "cloudwatch"})
"""Services whose ARNs without a region mean that there is one such object for all regions."""
Reading: TypeAlias = Callable[[], Mapping[str, Observed]]


@dataclass(frozen=True, slots=True)
class Sighted:
    """An object that AWS showed."""

    kind: AnyType
    id: str
    observed: Observed

    @property
    def key(self) -> tuple[str, str]:
        """Kind and id: what tells it from all others."""
        return self.kind.kind, self.id

    @property
    def owner(self) -> Owner | None:
        """Whose it is by its own tags; None says that nobody claims it."""
        return Owner.of(self.observed.tags)

    @property
    def everywhere(self) -> bool:
        """Whether all regions see it, so that its record may be in another one."""
        parts = self.observed.attributes.get("arn", "").split(":")
        return parts[3:4] == [""] and parts[2] in GLOBAL


@dataclass(frozen=True, slots=True)
class Unread:
    """A kind of which objects may exist that AWS did not show.

    Attributes:
        kind: which.
        code: AWS's code; empty if there was no answer.
        message: what went wrong, in a sentence.
    """

    kind: str
    code: str
    message: str


@dataclass(frozen=True)
class Sight:
    """What one look at AWS showed, and what it did not."""

    objects: tuple[Sighted, ...] = ()
    unread: tuple[Unread, ...] = ()

    def __add__(self, other: Sight) -> Sight:
        known = {one.key for one in self.objects}
        more = (one for one in other.objects if one.key not in known)
        return Sight((*self.objects, *more), (*self.unread, *other.unread))


def tagged(aws: Aws, stack: str | None = None) -> Sight:
    """Everything that carries the ownership tag of a stack; of any stack, if none is named.

    Args:
        aws: clients; only reading calls are made.
        stack: its name.
    """
    searches = {
        name: partial(kind.search, aws, stack)
        for name, kind in registry().items()
        if kind.search is not None
    }
    seen = _seen(searches, "searching")
    seen += _indexed(aws, [one.kind for one in seen.unread], stack)
    return Sight(tuple(one for one in seen.objects if _claimed(one, stack)), seen.unread)


def carrying(aws: Aws, key: str, value: str) -> Sight:
    """Everything that has a tag, whosever it is.

    Args:
        aws: clients; only reading calls are made.
        key: of the tag.
        value: of the tag.
    """
    searches = {
        name: partial(kind.search, aws, None)
        for name, kind in registry().items()
        if kind.search is not None
    }
    seen = _seen(searches, "searching")
    having = (one for one in seen.objects if (one.observed.tags or {}).get(key) == value)
    return Sight(tuple(having), seen.unread)


def _claimed(one: Sighted, stack: str | None) -> bool:
    return one.owner is not None and stack in {None, one.owner.stack}


def _indexed(aws: Aws, kinds: Sequence[str], stack: str | None) -> Sight:
    """What a search could not tell, as far as AWS's index of tags does; the kinds stay unread."""
    try:
        ids = ids_in_index(aws, kinds, stack)
    except Exception as error:
        told = translate(error, "asking the index of tags")
        if isinstance(told, AwsError) and not isinstance(told, CredentialsError):
            return Sight()
        raise told from error
    return Sight(named(aws, ids).objects)


def belonging(aws: Aws, parents: Iterable[Sighted]) -> Sight:
    """What can't carry tags, and belongs to one of these objects."""
    known = [*parents]
    readings: dict[str, Reading] = {}
    for name, kind in registry().items():
        owners, _, attribute = kind.belongs_to.rpartition(".")
        values = {
            one.observed.attributes[attribute]
            for one in known
            if one.kind.kind == owners and attribute in one.observed.attributes
        }
        if kind.within is not None and values:
            readings[name] = partial(kind.within, aws, sorted(values))
    return _seen(readings, "reading")


def named(aws: Aws, ids: Mapping[str, Iterable[str]]) -> Sight:
    """What has these ids, by kind, whosever it is."""
    readings = {
        name: partial(kind_of(name).read, aws, sorted(wanted)) for name, wanted in ids.items()
    }
    return _seen(readings, "reading")


def holding(aws: Aws, specs: Mapping[str, Mapping[str, Spec]]) -> Sight:
    """What has a name that only one object may have, of kinds whose ids AWS makes.

    Args:
        aws: clients; only reading calls are made.
        specs: whose names are asked for, by kind and address.
    """

    def holders(kind: AnyType, wanted: Mapping[str, Spec]) -> Mapping[str, Observed]:
        ids = kind.taken(aws, wanted) if kind.taken else {}
        return kind.read(aws, sorted(set(ids.values()))) if ids else {}

    return _seen(
        {name: partial(holders, kind_of(name), wanted) for name, wanted in specs.items()}, "reading"
    )


def _seen(readings: Mapping[str, Reading], doing: str) -> Sight:
    """All readings side by side; what is on its way out does not count."""
    sights = side_by_side(
        partial(_one, kind_of(name), reading, doing) for name, reading in readings.items()
    )
    return Sight(
        tuple(one for sight in sights for one in sight.objects),
        tuple(one for sight in sights for one in sight.unread),
    )


def _one(kind: AnyType, reading: Reading, doing: str) -> Sight:
    try:
        found = reading()
    except Exception as error:
        told = translate(error, f"{doing} {kind.kind}")
        if isinstance(told, AwsError) and not isinstance(told, CredentialsError):
            return Sight(unread=(Unread(kind.kind, told.code, str(told)),))
        raise told from error
    return Sight(
        tuple(
            Sighted(kind, id_, observed)
            for id_, observed in found.items()
            if observed.phase is not Phase.LEAVING
        )
    )
