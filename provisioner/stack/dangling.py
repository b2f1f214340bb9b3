"""References of a stack that lead nowhere, and former addresses that are not former. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pydantic import JsonValue

from provisioner.errors import Place, Problem, nearest
from provisioner.manifest.references import OTHER, TARGET_NAMES, Path, Reference, find
from provisioner.stack.resource import Resource, Use


def dangling(
    resources: Mapping[str, Resource],
    outputs: Mapping[str, JsonValue],
    places: Mapping[str, Place],
    excused: Collection[str] = (),
) -> list[Problem]:
    """Every reference to what is not there.

    Args:
        resources: all of the stack, by address.
        outputs: its outputs.
        places: where these stand in the manifest, by name.
        excused: resources that are broken themselves, which is told elsewhere.
    """
    problems: list[Problem] = []
    for resource in resources.values():
        problems += _lost(resource, resources, excused)
        problems += _misspelt(resource)
        problems += _still_there(resource, resources)
    for name, value in outputs.items():
        problems += _lost_output(name, value, places.get(name), resources, excused)
    return problems


def _lost(
    resource: Resource, resources: Mapping[str, Resource], excused: Collection[str]
) -> Iterator[Problem]:
    for use in resource.uses:
        path = use.path or ("depends_on",)
        if use.target not in excused and (message := _wrong(use, resources)):
            yield Problem(f"{resource.address}.{_dotted(path)}: {message}", resource.place_of(path))


def _misspelt(resource: Resource) -> Iterator[Problem]:
    for path, reference in find(dict(resource.settings)):
        if message := _odd(reference):
            yield Problem(f"{resource.address}.{_dotted(path)}: {message}", resource.place_of(path))


def _still_there(resource: Resource, resources: Mapping[str, Resource]) -> Iterator[Problem]:
    """Former addresses that others have, or claim too."""
    place = resource.place_of(("moved_from",))
    for old in resource.moved_from:
        others = [
            other.address
            for other in resources.values()
            if old in other.moved_from and other.address != resource.address
        ]
        if old in resources:
            message = f"{resource.address}.moved_from: {old!r} is wanted, too."
            hint = "Take away either that resource or moved_from."
            yield Problem(message, place, hint)
        elif others:
            message = f"{resource.address}.moved_from: {others[0]} was moved from {old!r}, too."
            yield Problem(message, place, "Only one of them can be it.")


def _lost_output(
    name: str,
    value: JsonValue,
    place: Place | None,
    resources: Mapping[str, Resource],
    excused: Collection[str],
) -> Iterator[Problem]:
    for _, reference in find(value):
        if reference.name == OTHER and (message := _odd(reference)):
            yield Problem(f"outputs.{name}: {message}", place)
        use = Use(reference.name, reference.attribute)
        known = not reference.of_resource or use.target in excused
        if not known and (message := _wrong(use, resources)):
            yield Problem(f"outputs.{name}: {message}", place)


def _wrong(use: Use, resources: Mapping[str, Resource]) -> str:
    if use.target not in resources:
        hint = nearest(use.target, resources)
        return f"there is no resource {use.target!r}. {hint}".rstrip()
    kind = resources[use.target].kind
    if use.field and not use.attribute:
        first = next(iter(kind.attributes))
        return f"write an attribute of it, such as ${{{use.target}.{first}}}."
    if use.attribute not in {*kind.attributes, ""}:
        hint = nearest(use.attribute, kind.attributes)
        return (
            f"{kind.kind} has no attribute {use.attribute!r}; it has "
            f"{', '.join(kind.attributes)}. {hint}"
        ).rstrip()
    return ""


def _odd(reference: Reference) -> str:
    """What is wrong with the form of a reference in a stack; empty if nothing."""
    if not reference.well_formed:
        return f"{reference} is no reference; write $${{ for a literal ${{."
    if reference.name in TARGET_NAMES and reference.attribute:
        return f"{reference}: {reference.name} has no attributes."
    if reference.name == OTHER and not all(reference.output):
        return f"{reference}: write ${{stack.NAME.OUTPUT}}."
    if reference.name in {"var", "env"}:
        return f"{reference}: variables belong to manifests; in Python use the value itself."
    return ""


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)
