"""What a stack reads of others: `${stack.network.vpc_id}`, found, and given its value. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from provisioner.errors import ManifestError, Place, Problem, nearest
from provisioner.manifest.references import OTHER, Reference, escape, find, substitute
from provisioner.stack import Stack

Outputs = Mapping[str, Mapping[str, JsonValue]]
"""By stack and name."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One place in a stack that has an output of another.

    Attributes:
        stack, output: what is read.
        where: where it stands: `web.subnet_ids.0`, `outputs.vpc`.
        place: in the manifest.
    """

    stack: str
    output: str
    where: str
    place: Place | None = None


def readings_of(stack: Stack) -> tuple[Reading, ...]:
    """Every place in which an output of another stack stands."""
    return tuple(_readings(stack))


def _readings(stack: Stack) -> Iterator[Reading]:
    for resource in stack:
        for path, reference in find(dict(resource.settings)):
            if _of_other(reference):
                where = ".".join([resource.address, *map(str, path)])
                place = resource.declared.place_of(path) if resource.declared else None
                yield Reading(*reference.output, where, place)
    for name, value in stack.outputs.items():
        for _, reference in find(value):
            if _of_other(reference):
                yield Reading(*reference.output, f"outputs.{name}")


def check(readings: tuple[Reading, ...], known: Outputs, stacks: tuple[str, ...]) -> None:
    """Go on, if everything that is read is there.

    Args:
        readings: of a stack.
        known: the outputs of the stacks that it reads; those that are not there are missing.
        stacks: all names that there are, for the nearest of them.

    Raises:
        ManifestError: with every place that reads what is not there.
    """
    problems = [
        Problem(f"{one.where}: {what}", one.place, hint)
        for one in readings
        if (told := _missing(one, known, stacks))
        for what, hint in [told]
    ]
    if problems:
        raise ManifestError(problems)


def _missing(one: Reading, known: Outputs, stacks: tuple[str, ...]) -> tuple[str, str] | None:
    if one.stack not in known:
        what = f"there is no stack {one.stack!r} here that was applied."
        return what, nearest(one.stack, stacks) or f"There are: {', '.join(stacks) or 'none'}."
    outputs = known[one.stack]
    if one.output not in outputs:
        what = f"stack {one.stack} has no output {one.output!r}."
        return what, nearest(one.output, outputs) or f"It has: {', '.join(outputs) or 'none'}."
    return None


def filled(stack: Stack, known: Outputs) -> Stack:
    """The stack with the values in the place of what it reads.

    Raises:
        ManifestError: a value does not fit where it is put.
    """

    def resolve(reference: Reference) -> JsonValue | None:
        if not _of_other(reference):
            return None
        name, output = reference.output
        return escape(known[name][output])

    made = Stack(stack.name, stack.tags, stack.folder, stack.expires_at)
    made.digest, made.given = stack.digest, stack.given
    for resource in stack:
        settings = {name: substitute(item, resolve) for name, item in resource.settings.items()}
        one = replace(resource, settings=settings)
        one.resolved(lambda _: None)
        made.resources[one.address] = one
    made.outputs.update({name: substitute(value, resolve) for name, value in stack.outputs.items()})
    return made


def _of_other(reference: Reference) -> bool:
    return reference.well_formed and reference.name == OTHER
