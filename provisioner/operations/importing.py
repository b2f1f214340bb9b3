"""Look at objects that others made, for entries of a manifest. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from provisioner.aws.clients import Aws
from provisioner.aws.failures import translate
from provisioner.discovery.entries import AtHand, Import, Passed, entries_of
from provisioner.discovery.sightings import Sight, Sighted, belonging, carrying
from provisioner.errors import AwsError, CredentialsError, PlanError
from provisioner.lifecycle import AnyType, Observed
from provisioner.manifest.references import NO_RESOURCES
from provisioner.operations.desk import Desk
from provisioner.quantities import enumerated
from provisioner.registry import kind_of
from provisioner.stack import Stack
from provisioner.stack.likeness import Known
from provisioner.stack.stack import ADDRESS
from provisioner.stack.values import predicted


@dataclass(frozen=True, slots=True)
class Wish:
    """An object that a person named.

    Attributes:
        kind: of the object.
        id: of the object, or a name by which it is known: an ARN, an alias, its `Name` tag.
        address: that it shall have; empty: one is made of its name.
    """

    kind: str
    id: str
    address: str = ""


def imported(desk: Desk, wishes: Sequence[Wish], stack: Stack | None) -> Import:
    """The entries of named objects.

    Args:
        desk: where.
        wishes: which.
        stack: that they will stand in, if it is at hand.

    Raises:
        PlanError: there is no such kind or object, or a name that is not one object's.
    """
    _check_addresses([wish.address for wish in wishes if wish.address], stack)
    refused = [Passed(w.kind, w.id, why) for w in wishes if (why := kind_of(w.kind).alien)]
    sought = [wish for wish in wishes if not kind_of(wish.kind).alien]
    found = {(wish.kind, wish.id): _found(desk.reading, wish) for wish in sought}
    named = {found[w.kind, w.id].key: w.address for w in sought if w.address}
    made = entries_of([*found.values()], _at_hand(desk, stack), named)
    return replace(made, passed=(*refused, *made.passed))


def imported_by_tag(desk: Desk, key: str, value: str, stack: Stack | None) -> Import:
    """The entries of everything that has a tag, and of what can't have tags and belongs to that.

    What has the tag and is of no kind of ours is told, as far as AWS's index of tags knows it; so
    is every kind that could not be read.
    """
    sight = carrying(desk.reading, key, value)
    sight += belonging(desk.reading, sight.objects)
    found = entries_of(sight.objects, _at_hand(desk, stack))
    passed = [*found.passed, *_unread(sight), *_foreign(desk.reading, key, value, sight)]
    return replace(found, passed=tuple(passed))


def _check_addresses(addresses: Iterable[str], stack: Stack | None) -> None:
    """Refuse a name that no resource can have, or that one has.

    Raises:
        PlanError: it can't be used.
    """
    for address in addresses:
        if not ADDRESS.fullmatch(address) or address in NO_RESOURCES:
            raise PlanError(
                f"{address!r} is no name for a resource.",
                hint="A letter, then letters, digits, _ -",
            )
        if stack and address in stack.resources:
            raise PlanError(
                f"There is a resource {address!r} already.", hint="Choose another name."
            )


def _found(aws: Aws, wish: Wish) -> Sighted:
    kind = kind_of(wish.kind)
    try:
        seen = kind.read(aws, [wish.id])
        if not seen and kind.search is not None:
            seen = {i: one for i, one in kind.search(aws, None).items() if _is_called(one, wish.id)}
    except Exception as error:
        raise translate(error, f"reading {kind.kind} {wish.id}") from error
    return _only(kind, wish, seen)


def _only(kind: AnyType, wish: Wish, seen: Mapping[str, Observed]) -> Sighted:
    if not seen:
        raise PlanError(
            f"There is no {wish.kind} {wish.id!r} here, or the caller may not see it.",
            hint=f"Its id is {kind.attributes['id']}." if "id" in kind.attributes else "",
        )
    if len(seen) > 1:
        raise PlanError(
            f"{wish.id!r} is the name of {len(seen)} of {wish.kind}: {enumerated(sorted(seen))}.",
            hint="Name it by its id.",
        )
    return next(Sighted(kind, id_, one) for id_, one in seen.items())


def _is_called(one: Observed, name: str) -> bool:
    return name in {*one.attributes.values(), (one.tags or {}).get("Name")}


def _at_hand(desk: Desk, stack: Stack | None) -> AtHand:
    held = desk.inventory.holders()
    if stack is None:
        return AtHand(desk.target, held=held)
    told = predicted(stack, desk.target).attributes
    records = desk.inventory.records(stack.name)
    known = {
        resource.address: Known(
            resource.kind,
            {
                **told.get(resource.address, {}),
                **(records[resource.address].attributes if resource.address in records else {}),
            },
        )
        for resource in stack
    }
    return AtHand(desk.target, known, stack.tags, held)


def _unread(sight: Sight) -> Iterator[Passed]:
    for one in sight.unread:
        yield Passed(one.kind, "(all)", f"they could not be read: {one.code or one.message}")


def _foreign(aws: Aws, key: str, value: str, sight: Sight) -> Iterable[Passed]:
    """What AWS's index of tags has beside what was seen."""
    known = {one.observed.attributes.get("arn") for one in sight.objects}
    try:
        pages = (
            aws.client("resourcegroupstaggingapi")
            .get_paginator("get_resources")
            .paginate(TagFilters=[{"Key": key, "Values": [value]}])
        )
        arns = [item["ResourceARN"] for page in pages for item in page["ResourceTagMappingList"]]
    except Exception as error:
        told = translate(error, "asking the index of tags")
        if isinstance(told, CredentialsError) or not isinstance(told, AwsError):
            raise told from error
        why = f"AWS's index of tags could not be read: {told.code}"
        return [Passed("", "(what is of no kind here)", why)]
    return [
        Passed("", arn, "there is no kind for it")
        for arn in sorted(arns)
        if arn not in known and not _is_seen(arn, sight)
    ]


def _is_seen(arn: str, sight: Sight) -> bool:
    """Whether an object without an ARN of its own in our terms is this one."""
    return any(arn.endswith((f"/{one.id}", f":{one.id}")) for one in sight.objects)
