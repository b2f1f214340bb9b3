"""Restored keys as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue
from rich.text import Text

from provisioner.operations.restoring import COMMAND, Key, Restored
from provisioner.views.shapes import SCHEMA


def restored_lines(restored: Restored) -> Iterator[Text]:
    """Every key that can be used again, every one that can't, and what comes next."""
    for key in restored.keys:
        yield Text.assemble(
            ("  + restored   ", "green"), f"{key.address}  ", (key.id, "dim"), f"  {_told(key)}"
        )
    for id_, error in restored.failed.items():
        yield Text.assemble(("  ✗ failed     ", "bold red"), f"{id_}  ", (str(error), "red"))
        if error.hint:
            yield Text(f"      {error.hint}")
    if restored.keys:
        yield Text("The next apply of the stack, or recover, takes them up again.")
    elif not restored.failed:
        yield Text("No key of the stack is pending deletion.", "green")


def restored_document(restored: Restored) -> dict[str, JsonValue]:
    """The same for a program."""
    return {
        "event": f"{COMMAND}.finished",
        "schema": SCHEMA,
        "run": restored.run,
        "result": restored.result,
        "keys": [
            {"id": key.id, "address": key.address, "until": key.until, "alias": key.alias}
            for key in restored.keys
        ],
        "failed": [
            {"id": id_, "message": str(error), "hint": error.hint}
            for id_, error in restored.failed.items()
        ],
        "summary": dict(restored.summary),
    }


def _told(key: Key) -> str:
    until = f"could have been restored until {key.until}" if key.until else "is switched on again"
    alias = f", is {key.alias} again" if key.alias else ", has no alias"
    return f"{until}{alias}"
