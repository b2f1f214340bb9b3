"""What others added to objects of ours beside their settings. Reads only, and only for drift.

Some additions are objects of a kind of their own that can't carry tags: a subscription of our
topic, a statement in our function's policy. They hang on a parent of ours, and no record names
them. Others only the parent's kind knows of: its `extras` tells them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from provisioner.aws.clients import Aws
from provisioner.aws.failures import translate
from provisioner.discovery.refresher import Found, Situation, side_by_side
from provisioner.discovery.sightings import Sighted, Unread, belonging
from provisioner.errors import AwsError, CredentialsError
from provisioner.inventory import Record, Status
from provisioner.lifecycle import AnyType, Extra, Settings
from provisioner.registry import kind_of

Holders: TypeAlias = Callable[[], Mapping[tuple[str, str], set[str]]]
"""Which stacks have a record of what, by kind and id; asked for only where it counts."""


@dataclass(frozen=True)
class Additions:
    """What others added.

    Attributes:
        extras: by the address of the object of ours.
        objects: those that are objects, by kind and id.
        unread: kinds of which AWS did not show it.
    """

    extras: Mapping[str, tuple[Extra, ...]]
    objects: Mapping[tuple[str, str], Sighted] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()


def additions(
    aws: Aws, records: Mapping[str, Record], situation: Situation, holders: Holders
) -> Additions:
    """What others added to the objects of a stack.

    Args:
        aws: clients; only reading calls are made.
        records: of the stack, by address.
        situation: what AWS shows of it.
        holders: what is recorded in any stack is nobody's addition.
    """
    there = {
        address: found
        for address, found in situation.found.items()
        if address in records and records[address].status is Status.READY
    }
    extras: dict[str, list[Extra]] = defaultdict(list)
    objects = {}
    sight = belonging(aws, [_sighted(records[a].kind, found) for a, found in there.items()])
    for address, one in _strangers(records, there, sight.objects, holders):
        extras[address].append(_as_extra(one))
        objects[one.key] = one
    told, unread = _told_by_kinds(aws, records, there)
    for address, more in told.items():
        extras[address] += more
    return Additions(
        {address: tuple(many) for address, many in extras.items()},
        objects,
        (*sight.unread, *unread),
    )


def _sighted(kind: str, found: Found) -> Sighted:
    return Sighted(kind_of(kind), found.id, found.observed)


def _strangers(
    records: Mapping[str, Record],
    there: Mapping[str, Found],
    children: tuple[Sighted, ...],
    holders: Holders,
) -> Iterator[tuple[str, Sighted]]:
    """What belongs to an object of ours, at that one's address, and is recorded nowhere."""
    known = {(record.kind, record.id) for record in records.values()}
    known |= {(old.kind, old.id) for record in records.values() for old in record.replaced}
    parents = {
        (f"{records[address].kind}.{attribute}", value): address
        for address, found in there.items()
        for attribute, value in found.observed.attributes.items()
    }
    open_ = [one for one in children if one.key not in known]
    everywhere = holders() if open_ else {}
    for one in open_:
        value = str(one.observed.settings.get(one.kind.parent))
        address = parents.get((one.kind.belongs_to, value))
        if address and one.key not in everywhere:
            yield address, one


def _as_extra(one: Sighted) -> Extra:
    noun = one.kind.kind.partition(".")[2].replace("_", " ")
    return Extra(noun, one.id, kind=one.kind.kind)


def _told_by_kinds(
    aws: Aws, records: Mapping[str, Record], there: Mapping[str, Found]
) -> tuple[dict[str, list[Extra]], list[Unread]]:
    by_kind: dict[str, dict[str, str]] = defaultdict(dict)
    for address, found in there.items():
        if kind_of(records[address].kind).extras is not None:
            by_kind[records[address].kind][found.id] = address
    ids = frozenset(record.id for record in records.values() if record.id)
    answers = side_by_side(
        partial(_ask, aws, kind_of(kind), {i: records[a].settings for i, a in named.items()}, ids)
        for kind, named in by_kind.items()
    )
    told: dict[str, list[Extra]] = defaultdict(list)
    unread = []
    for named, answer in zip(by_kind.values(), answers, strict=True):
        if isinstance(answer, Unread):
            unread.append(answer)
            continue
        for id_, extras in answer.items():
            told[named[id_]] += extras
    return told, unread


def _ask(
    aws: Aws, kind: AnyType, applied: Mapping[str, Settings], ids: frozenset[str]
) -> Mapping[str, list[Extra]] | Unread:
    try:
        assert kind.extras is not None  # noqa: S101  chosen so
        return {id_: [*extras] for id_, extras in kind.extras(aws, applied, ids).items()}
    except Exception as error:
        told = translate(error, f"reading what others added to {kind.kind}")
        if isinstance(told, AwsError) and not isinstance(told, CredentialsError):
            return Unread(kind.kind, told.code, str(told))
        raise told from error
