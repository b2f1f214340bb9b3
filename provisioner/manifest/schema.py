"""The JSON Schema of a manifest, generated from the kinds, for editors to complete and check.

It is checked in beside this module as `schema.json`; `scripts/docs` writes it anew.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel

from provisioner.lifecycle import AnyType, Spec, rules_of
from provisioner.lifecycle.canonical import as_policy
from provisioner.registry import registry

Schema: TypeAlias = dict[str, Any]

SCHEMA_FILE = Path(__file__).with_name("schema.json")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
REFERENCE: Schema = {
    "type": "string",
    "pattern": r"\$\{",
    "description": "A reference: ${resource.attribute}, ${stack.name.output}, ${var.name}, "
    "${env.NAME:-default}, ${account}, ${region} or ${partition}.",
}
RESERVED: dict[str, Schema] = {
    "depends_on": {
        "type": ["array", "string"],
        "items": {"type": "string"},
        "description": "Names of resources that must be ready before this one is made.",
    },
    "protect": {
        "type": "boolean",
        "description": "True: nothing deletes or replaces this resource.",
    },
    "moved_from": {
        "type": ["array", "string"],
        "items": {"type": "string"},
        "description": "Names that this resource had before: its object stays, under this one.",
    },
    "adopts": {
        "type": "string",
        "description": "The id of the object that this is, where AWS made the id; counts until it "
        "is recorded, and only with --adopt.",
    },
    "when": {
        "type": ["string", "boolean"],
        "description": "The resource exists only where this is true, or a text that is not empty.",
    },
}
"""Keys of every resource that are not settings of its kind."""


def manifest_schema() -> Schema:
    """The schema of a manifest file; a folder's files are merged, so no key is required."""
    kinds = registry()
    definitions: dict[str, Schema] = {"reference": REFERENCE}
    for kind in kinds.values():
        definitions |= kind_definitions(kind)
    return {
        "$schema": DIALECT,
        "title": "A provisioner manifest",
        "type": "object",
        "additionalProperties": False,
        "properties": _top_level([*kinds]),
        "$defs": definitions,
    }


def schema_text() -> str:
    """The schema as it is checked in."""
    return json.dumps(manifest_schema(), indent=1, ensure_ascii=False) + "\n"


def kind_definitions(kind: AnyType) -> dict[str, Schema]:
    """The definitions of a kind: itself under its name, its nested models under `kind/Model`."""
    schema: Schema = kind.spec.model_json_schema(ref_template=f"#/$defs/{kind.kind}~1{{model}}")
    nested: dict[str, Schema] = schema.pop("$defs", {})
    models = {model.__name__: model for model in models_of(kind.spec)}
    for name, definition in nested.items():
        if name in models:
            _describe(definition, models[name])
    _describe(schema, kind.spec)
    _open_policies(schema, kind)
    schema["properties"] = {
        "kind": {"const": kind.kind, "description": _purpose(kind)},
        **{name: _or_reference(item) for name, item in schema["properties"].items()},
        **RESERVED,
    }
    schema["title"] = kind.kind
    opened = {f"{kind.kind}/{name}": _opened(item) for name, item in nested.items()}
    return {kind.kind: schema} | opened


def models_of(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models that a model's fields are made of, at every depth, each once."""
    seen: list[type[BaseModel]] = []
    open_types: list[Any] = [info.annotation for info in model.model_fields.values()]
    while open_types:
        annotation = open_types.pop(0)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            if annotation not in seen:
                seen.append(annotation)
                open_types += [info.annotation for info in annotation.model_fields.values()]
        else:
            open_types += getattr(annotation, "__args__", ())
    yield from seen


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The string literal below each field, as one line."""
    parsed = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    body = parsed.body if isinstance(parsed, ast.ClassDef) else []
    return {
        field.target.id: " ".join(below.value.value.split())
        for field, below in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def _top_level(kinds: list[str]) -> dict[str, Schema]:
    texts: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
    return {
        "stack": {"type": "string", "description": "The stack's name."},
        "description": {"type": "string"},
        "expires_at": {
            "type": "string",
            "description": "When the stack may be torn down by teardown --expired: a time with its "
            "zone, such as 2027-01-31T18:00Z. Empty: never.",
        },
        "variables": {"type": "object", "description": "What may differ between two stacks."},
        "stacks": {
            **texts,
            "description": "Short name → name of another stack, for ${stack.NAME.OUTPUT}. Needed "
            "only where that name is made of variables.",
        },
        "tags": {**texts, "description": "Tags for every resource that can be tagged."},
        "resources": {
            "type": "object",
            "description": "Name → what is wanted under it.",
            "additionalProperties": {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {"enum": kinds}},
                "allOf": [_if_kind(kind) for kind in kinds],
            },
        },
        "outputs": {"type": "object", "description": "Name → a value to show after a run."},
    }


def _if_kind(kind: str) -> Schema:
    return {
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {"$ref": f"#/$defs/{kind}"},
    }


def _purpose(kind: AnyType) -> str:
    module = inspect.getmodule(kind.spec)
    return (inspect.getdoc(module) or kind.kind).splitlines()[0]


def _describe(schema: Schema, model: type[BaseModel]) -> None:
    for name, text in field_docs(model).items():
        if name in schema.get("properties", {}):
            schema["properties"][name]["description"] = text


def _open_policies(schema: Schema, kind: AnyType) -> None:
    """A policy may be written as JSON text."""
    spec: type[Spec] = kind.spec
    for name, rule in rules_of(spec).items():
        if rule.canonical is as_policy:
            item = schema["properties"][name]
            schema["properties"][name] = {"anyOf": [item, {"type": "string"}]}


def _opened(schema: Schema) -> Schema:
    if "properties" not in schema:
        return schema
    properties = {name: _or_reference(item) for name, item in schema["properties"].items()}
    return {**schema, "properties": properties}


def _or_reference(schema: Schema) -> Schema:
    """The schema, at every depth of lists and mappings, or a reference in its place."""
    inner = dict(schema)
    about: Schema = {
        key: inner.pop(key) for key in ("description", "default", "title") if key in inner
    }
    about.pop("title", None)
    if inner in ({"type": "string"}, {}):
        return inner | about
    for key in ("items", "additionalProperties"):
        if isinstance(inner.get(key), dict):
            inner[key] = _or_reference(inner[key])
    if "patternProperties" in inner:
        named = inner["patternProperties"].items()
        inner["patternProperties"] = {key: _or_reference(item) for key, item in named}
    if "anyOf" in inner:
        inner["anyOf"] = [_or_reference(item) for item in inner["anyOf"]]
    return {"anyOf": [inner, {"$ref": "#/$defs/reference"}], **about}
