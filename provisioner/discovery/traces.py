"""What is left of a stack when its records are gone, and the records that can be made of it.

Pure: no AWS, no clock, no files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from provisioner.aws.target import Target
from provisioner.discovery.sightings import Sight, Sighted, Unread
from provisioner.inventory import Edge, Record, Status
from provisioner.lifecycle import AnyType, Phase, Spec, local_fields, settings_of
from provisioner.lifecycle.secrets import sealed
from provisioner.lifecycle.tagging import tags_of
from provisioner.stack import Resource, Stack
from provisioner.stack.values import Values, predicted


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every record says of the run that writes it.

    Attributes:
        run: its id.
        at: when, in ISO 8601.
    """

    run: str
    at: str


@dataclass(frozen=True)
class Traces:
    """What is left of a stack.

    Attributes:
        stack: its name.
        target: where it lives.
        tagged: what carries its tags.
        belonging: what can't carry tags and belongs to that.
        records: those that can be read, by address.
        damaged: the addresses of those that can't.
        wanted: the stack of the manifest, if there is one.
        holders: which stacks have a record of what, by kind and id.
    """

    stack: str
    target: Target
    tagged: Sight
    belonging: Sight = field(default_factory=Sight)
    records: Mapping[str, Record] = field(default_factory=dict)
    damaged: frozenset[str] = frozenset()
    wanted: Stack | None = None
    holders: Mapping[tuple[str, str], set[str]] = field(default_factory=dict)

    @property
    def unread(self) -> tuple[Unread, ...]:
        """What AWS did not show."""
        return (*self.tagged.unread, *self.belonging.unread)


def remade(
    one: Sighted, address: str, traces: Traces, stamp: Stamp, values: Values, edges: Iterable[Edge]
) -> Record:
    """The record of an object that AWS shows, as if this very run had made it.

    Settings are as observed, secrets sealed. What AWS does not know of them, protection and which
    tags were set by us comes from the manifest; without one it is the safe default, and no tag.
    """
    resource = wanted_at(traces, address, one.kind)
    spec = resource.resolved(values.resolve).spec if resource else None
    observed, owner = one.observed, one.owner
    token = owner.token if owner and owner.token else stamp.run
    tags = observed.tags or {}
    return Record(
        stack=traces.stack,
        address=address,
        kind=one.kind.kind,
        id=one.id,
        arn=observed.attributes.get("arn"),
        region=traces.target.region,
        account=traces.target.account,
        status=Status.CREATING if observed.phase is Phase.PENDING else Status.READY,
        protect=resource.protect if resource else False,
        edges=tuple(edges),
        settings=sealed(one.kind.spec, _settings(one, spec), token),
        tags={name: tags[name] for name in (tags_of(spec) if spec else ()) if name in tags},
        attributes=dict(observed.attributes),
        token=token,
        run=stamp.run,
        created_at=stamp.at,
        updated_at=stamp.at,
    )


def wanted_at(traces: Traces, address: str, kind: AnyType) -> Resource | None:
    """What the manifest says of an address, if it says it of that kind."""
    resource = traces.wanted.resources.get(address) if traces.wanted else None
    return resource if resource and resource.kind.kind == kind.kind else None


def values_of(traces: Traces, placed: Mapping[str, Sighted]) -> Values:
    """What references stand for, as far as records and objects tell."""
    values = predicted(traces.wanted, traces.target) if traces.wanted else Values(traces.target)
    for address, record in traces.records.items():
        values.learn(address, record.attributes)
    for address, one in placed.items():
        values.learn(address, one.observed.attributes)
    return values


def knows(record: Record, one: Sighted) -> bool:
    """Whether a record speaks of this object; an open intent speaks of all that carries its tags.

    Who knows which of them is the right one is the run that goes on from that intent.
    """
    olds = {(old.kind, old.id) for old in record.replaced}
    return record.id is None or one.key == (record.kind, record.id) or one.key in olds


def address_of(one: Sighted) -> str:
    """The address of what names none: always the same for the same object."""
    noun = one.kind.kind.partition(".")[2]
    return f"{noun}_{hashlib.sha256(f'{one.kind.kind} {one.id}'.encode()).hexdigest()[:10]}"


def _settings(one: Sighted, spec: Spec | None) -> dict[str, JsonValue]:
    """As observed; what is known to us alone as the manifest says it."""
    seen = {name: value for name, value in one.observed.settings.items() if value is not None}
    return seen | (local_settings(one.kind, spec) if spec else {})


def local_settings(kind: AnyType, spec: Spec) -> dict[str, JsonValue]:
    """What only a manifest tells of an object's settings."""
    told = settings_of(spec)
    return {name: told[name] for name in local_fields(kind) if name in told}
