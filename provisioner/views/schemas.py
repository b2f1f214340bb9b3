"""The JSON Schemas of what `--json` prints, made from their shapes.

They are checked in as `docs/schema/`; `scripts/docs` writes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import JsonValue, TypeAdapter

from provisioner.manifest.schema import DIALECT
from provisioner.views.graphs.shapes import GraphShape
from provisioner.views.realities import DriftShape, ImportShape
from provisioner.views.shapes import SCHEMA, PlanShape, RunShape
from provisioner.views.stacks import StackShape

SHAPES: Mapping[str, tuple[str, Any]] = {
    "plan": ("A plan, as `plan --json` prints it", PlanShape),
    "graph": ("A graph, as `graph --json` prints it", GraphShape),
    "run": ("A line that apply, teardown, rollback or drift --repair prints with --json", RunShape),
    "drift": ("A look for drift, as `drift --json` prints it", DriftShape),
    "import": ("Entries for a manifest, as `import --json` prints them", ImportShape),
    "stack": ("A line that stacks prints with --json", StackShape),
}


def schemas() -> dict[Path, str]:
    """Every schema by its path below `docs/`, as it is checked in."""
    return {
        Path("schema") / f"{name}.json": json.dumps(schema(name), indent=1) + "\n"
        for name in SHAPES
    }


def schema(name: str) -> dict[str, JsonValue]:
    """The schema of a document."""
    title, shape = SHAPES[name]
    made = _untitled(TypeAdapter(shape).json_schema())
    return {"$schema": DIALECT, "title": f"{title}, version {SCHEMA}", **made}


def _untitled(value: Any) -> Any:
    """Without the titles that only say a name again."""
    if isinstance(value, dict):
        return {
            key: {name: _untitled(one) for name, one in item.items()}
            if key in {"properties", "$defs"}
            else _untitled(item)
            for key, item in value.items()
            if key != "title"
        }
    return [_untitled(item) for item in value] if isinstance(value, list) else value
