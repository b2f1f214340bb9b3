"""What AWS has against what was last applied. Pure: no AWS, no clock, no files.

The records are the measure, not a manifest: what is planned and not applied yet is no drift. Tags
that others added stay theirs, as with any apply; the fields of a kind that hold a whole (all rules
of a group, all policies of a role) tell what was added to them, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from provisioner.aws.target import Target
from provisioner.discovery.refresher import Found, Situation
from provisioner.discovery.sightings import Unread
from provisioner.inventory import Record, Status
from provisioner.lifecycle import (
    Extra,
    Observed,
    Owner,
    Phase,
    Settings,
    Spec,
    differences,
    settings_of,
)
from provisioner.lifecycle.secrets import sealed
from provisioner.registry import kind_of

GONE = "gone"
"""In the place of a field: the object is not there."""
STATE = "state"
"""In the place of a field: AWS says that the object failed."""
OWNERSHIP = "ownership"
"""In the place of a field: the tags that say whose the object is."""
IDENTITY = "arn"
"""In the place of a field: another object has the name."""
TAGS = "tags"
EXTRA = "extra"
"""Begins the field of what others added beside an object's settings: `extra grant`."""
WHOLE = (GONE, STATE, OWNERSHIP, IDENTITY, TAGS)
"""What may drift of an object of any kind."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that is not as it was applied.

    Attributes:
        address, kind, id: of the resource.
        field: of its spec, or one of the words above.
        applied, live: as recorded, and as AWS shows it (both canonical; None is absent).
        secret: neither may be shown.
        extra: what others added; None for a drifted field.
        ignored: why it is passed over; empty if it is not.
    """

    address: str
    kind: str
    id: str
    field: str
    applied: JsonValue = None
    live: JsonValue = None
    secret: bool = False
    extra: Extra | None = None
    ignored: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """One call that CloudTrail tells of.

    Attributes:
        call: `iam.AttachRolePolicy`.
        who: whose credentials signed it.
        at: when, in ISO 8601.
        source: where it came from: an address, or an AWS service.
    """

    call: str
    who: str
    at: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Culprit:
    """Who changed an object since we wrote to it, the last first.

    Attributes:
        deeds: the newest calls; none if nobody knows.
        unknown: why nobody knows.
    """

    deeds: tuple[Deed, ...] = ()
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A resource that can't be compared: a run was cut short, or is at work on it."""

    address: str
    kind: str
    status: str


@dataclass(frozen=True)
class Drifts:
    """What a look at a stack found.

    Attributes:
        stack, target: which, and where.
        all: every drift, ignored ones among them, in the order of the addresses.
        compared: how many resources were looked at.
        unfinished: those that can't be compared.
        unread: kinds of which AWS did not show what others added.
        culprits: by address.
        remarks: what the person who wrote the ignore file should know.
    """

    stack: str
    target: Target
    all: tuple[Drift, ...] = ()
    compared: int = 0
    unfinished: tuple[Unfinished, ...] = ()
    unread: tuple[Unread, ...] = ()
    culprits: Mapping[str, Culprit] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[Drift, ...]:
        """Those that are not ignored."""
        return tuple(one for one in self.all if not one.ignored)

    @property
    def ignored(self) -> tuple[Drift, ...]:
        """Those that are."""
        return tuple(one for one in self.all if one.ignored)

    @property
    def addresses(self) -> frozenset[str]:
        """Of everything that drifted and is not ignored."""
        return frozenset(one.address for one in self.told)

    @property
    def sure(self) -> bool:
        """Whether everything could be compared."""
        return not self.unfinished and not self.unread


def drifts_of(
    records: Mapping[str, Record],
    situation: Situation,
    extras: Mapping[str, Sequence[Extra]],
    holders: Mapping[str, str],
) -> tuple[Drift, ...]:
    """Everything that is not as it was applied.

    Args:
        records: by address; those of unfinished work are passed over.
        situation: what AWS shows.
        extras: by address, what others added.
        holders: by address, the id of what has the name of an object that is gone.
    """
    found: list[Drift] = []
    for address, record in sorted(records.items()):
        if record.status is not Status.READY:
            continue
        one = situation.found.get(address)
        found += [*_compared(record, one)] if one else [_gone(record, holders.get(address))]
        found += [_added(record, extra) for extra in extras.get(address, ())]
    return tuple(found)


def unfinished(records: Iterable[Record]) -> tuple[Unfinished, ...]:
    """What can't be compared."""
    return tuple(
        Unfinished(record.address, record.kind, str(record.status))
        for record in records
        if record.status is not Status.READY
    )


def _gone(record: Record, holder: str | None) -> Drift:
    return _drift(record, GONE, record.id, holder)


def _added(record: Record, extra: Extra) -> Drift:
    told = f"{extra.id}: {extra.says}" if extra.says else extra.id
    return replace(_drift(record, f"{EXTRA} {extra.what}", None, told), extra=extra)


def _compared(record: Record, found: Found) -> Iterator[Drift]:
    observed = found.observed
    if observed.phase is Phase.FAILED:
        yield _drift(record, STATE, Phase.READY.value, observed.reason or Phase.FAILED.value)
    now = observed.attributes.get("arn")
    if record.arn and now and record.arn != now:
        yield _drift(record, IDENTITY, record.arn, now)
    yield from _settings(record, observed)
    yield from _tags(record, observed)
    yield from _ownership(record, observed)


def _settings(record: Record, observed: Observed) -> Iterator[Drift]:
    spec: type[Spec] = kind_of(record.kind).spec
    live = replace(observed, settings=sealed(spec, observed.settings, record.token))
    for name, one in differences(spec, applied_settings(record), live).items():
        drift = _drift(record, name, one.after, one.before)
        yield replace(drift, secret=one.secret)


def applied_settings(record: Record) -> Settings:
    """As recorded; a field that is younger than the record has its default."""
    spec: type[Spec] = kind_of(record.kind).spec
    defaults = {
        name: info.get_default(call_default_factory=True)
        for name, info in spec.model_fields.items()
        if not info.is_required()
    }
    return settings_of(spec.model_construct(**defaults)) | dict(record.settings)


def _tags(record: Record, observed: Observed) -> Iterator[Drift]:
    """Of those that we set; what an older form did not keep is only missed if it is gone."""
    have = observed.tags
    if have is None:
        return
    off = {
        key: value
        for key, value in record.tags.items()
        if have.get(key) != value and (value is not None or key not in have)
    }
    if off:
        live: dict[str, JsonValue] = {key: have[key] for key in off if key in have}
        yield _drift(record, TAGS, {key: value or "" for key, value in off.items()}, live or None)


def _ownership(record: Record, observed: Observed) -> Iterator[Drift]:
    if observed.tags is None or not record.owned or record.formerly(observed.tags):
        return
    ours = Owner(record.stack, record.address)
    mark = Owner.of(observed.tags)
    if mark is None:
        yield _drift(record, OWNERSHIP, _whose(ours), None)
    elif not ours.owns(observed.tags):
        yield _drift(record, OWNERSHIP, _whose(ours), _whose(mark))
    elif mark.token and record.token and mark.token != record.token:
        yield _drift(record, OWNERSHIP, _whose(ours), f"{_whose(mark)}, made by another run")


def _whose(owner: Owner) -> str:
    return f"stack {owner.stack}, {owner.address}"


def _drift(record: Record, name: str, applied: JsonValue, live: JsonValue) -> Drift:
    return Drift(record.address, record.kind, record.id or "", name, applied, live)
