"""Objects that others made as a manifest has them, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue
from rich.text import Text

from provisioner.discovery.entries import Entry, Import
from provisioner.manifest.writing import Addition
from provisioner.views.realities import ImportShape
from provisioner.views.shapes import SCHEMA


def addition_of(found: Import) -> Addition:
    """What is to be written of it."""
    variables: dict[str, JsonValue] = {
        name: {"secret": True, "description": f"{where}, as it is in AWS"}
        for entry in found.entries
        for name, where in entry.variables.items()
    }
    return Addition(
        variables,
        {entry.address: _fields(entry) for entry in found.entries},
        {entry.address: [f"TODO {note}" for note in entry.notes] for entry in found.entries},
    )


def remark_lines(found: Import) -> Iterator[Text]:
    """What a person has to know and to do; beside the entries."""
    for one in found.passed:
        name = f"{one.kind}  {one.id}" if one.kind else one.id
        yield Text(f"  ! left out  {name}: {one.why}.", "yellow")
    for entry in found.entries:
        for name, where in entry.variables.items():
            yield Text(f"  ! fill in   variable {name}: {where} is a secret.", "yellow")
        for note in entry.notes:
            yield Text(f"  ! to do     {note}", "yellow")
    if found.entries:
        yield Text("Then take it under management: apply MANIFEST --adopt.", "dim")


def import_document(found: Import) -> ImportShape:
    """The same for programs."""
    addition = addition_of(found)
    return {
        "event": "import",
        "schema": SCHEMA,
        "resources": dict(addition.resources),
        "variables": dict(addition.variables),
        "imported": [
            {"address": one.address, "kind": one.kind, "id": one.id, "notes": [*one.notes]}
            for one in found.entries
        ],
        "left_out": [
            {"kind": one.kind or None, "id": one.id, "why": one.why} for one in found.passed
        ],
    }


def _fields(entry: Entry) -> dict[str, JsonValue]:
    named: dict[str, JsonValue] = {"adopts": entry.id} if entry.adopts else {}
    return {"kind": entry.kind, **named, **entry.fields}
