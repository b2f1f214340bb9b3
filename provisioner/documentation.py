"""A page for each kind, generated from the kind itself, for `docs/kinds/`.

`scripts/docs` writes the pages; a test holds them to the kinds.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from provisioner.lifecycle import AnyType, FieldRule, Spec, Stage, Wait, rules_of
from provisioner.manifest.schema import field_docs, models_of
from provisioner.registry import module_of, registry

WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
    "null": "",
}
WAITS = {
    Wait.READY: "ready",
    Wait.EXISTS: "made",
    Wait.NAME: "named",
}
"""What a reference in a field waits for: that its target is …"""


def pages() -> Mapping[Path, str]:
    """Every page by its path below `docs/`, and the list of them."""
    kinds = registry()
    found = {Path("kinds") / f"{name}.md": page(kind) for name, kind in kinds.items()}
    return found | {Path("kinds") / "README.md": _list(kinds)}


def page(kind: AnyType) -> str:
    """The page of one kind, as Markdown."""
    return "\n".join(_lines(kind)).rstrip() + "\n"


def _list(kinds: Mapping[str, AnyType]) -> str:
    rows = [f"| [`{name}`]({name}.md) | {_purpose(kind)} |" for name, kind in kinds.items()]
    return "\n".join(["# Kinds", "", "| kind | what it is |", "|---|---|", *rows]) + "\n"


def _lines(kind: AnyType) -> Iterator[str]:
    about = inspect.getdoc(_module(kind)) or ""
    rest = about.partition("\n")[2].strip()
    yield from (f"# {kind.kind}", "", _purpose(kind), "")
    if rest:
        yield from (rest.replace("API: ", "API reference: "), "")
    yield from (
        "## Smallest form",
        "",
        "```yaml",
        "resources:",
        "  name:",
        f"    kind: {kind.kind}",
    )
    yield from _smallest(kind.spec)
    yield from ("```", "", "## Settings", "")
    spec: type[Spec] = kind.spec
    yield from _table(spec, rules_of(spec))
    for model in models_of(kind.spec):
        yield from (f"### {model.__name__}", "", _cell(inspect.getdoc(model) or ""), "")
        yield from _table(model, {})
    yield from ("## Attributes", "", "| name | what it is |", "|---|---|")
    yield from (f"| `{name}` | {_cell(text)} |" for name, text in kind.attributes.items())
    yield from ("", "## Life", "")
    yield from (f"- {line}" for line in _life(kind))


def _life(kind: AnyType) -> Iterator[str]:
    ready = kind.ready
    yield f"Create: {_sentence(kind.create)}"
    yield f"Update: {_sentence(kind.update)}"
    yield f"Ready: waited for up to {ready.limit:.0f} s, where AWS takes time at all."
    yield f"Delete: {_sentence(kind.delete)}"
    if kind.gone:
        gone = kind.gone
        yield f"Gone: typically {gone.typical:.0f} s after the delete, {gone.limit:.0f} s at most."
    if kind.exposes:
        yield f"Shown as danger where a change adds it: {_sentence(kind.exposes)}"
    if kind.alien:
        yield f"Import: no, {kind.alien}."
    if kind.extras:
        yield f"Additions of others, told by drift: {_sentence(kind.extras)}"
    yield from _ends(kind)
    if kind.holds_data:
        yield "Holds data: a replace has to be allowed by name."
    first = "made before the old one goes" if kind.replace_first == "create" else "made after it"
    alike = f", unless both have the same {' and '.join(kind.claims)}" if kind.claims else ""
    yield f"Replace: the new object is {first}{alike}."
    if kind.survives:
        yield f"Stays after a delete: {_sentence(kind.survives)}"
    yield "Tags: yes, with those of the owner." if kind.taggable else "Tags: it carries none."


def _ends(kind: AnyType) -> Iterator[str]:
    """What a teardown does besides the delete."""
    if kind.obstacles:
        yield f"Looked at before a delete: {_sentence(kind.obstacles)}"
    if kind.protection and kind.lift:
        yield f"Protection: {_sentence(kind.protection)} {_sentence(kind.lift)}"
    if kind.unwire:
        yield f"Lets go first: {_sentence(kind.unwire)}"
    if kind.drain:
        yield f"Emptied, where that is allowed: {_sentence(kind.drain)}"
    if kind.aftermath:
        yield f"Waited for after a delete: {_sentence(kind.aftermath)}"
    if kind.returns:
        yield f"Looked for again at the end: {_sentence(kind.returns)}"
    if kind.last:
        yield "Order: it goes after everything else, and stays if anything else does."
    actions = [entry.split()[0] for entry in (*kind.deletes, *kind.lifts, *kind.drains)]
    yield f"Rights that a delete needs: {', '.join(f'`{action}`' for action in actions)}."


def _table(model: type[BaseModel], rules: Mapping[str, FieldRule]) -> Iterator[str]:
    schema = model.model_json_schema(ref_template="{model}")
    required = set(schema.get("required", ()))
    docs = field_docs(model)
    yield from ("| field | type | default | marks | |", "|---|---|---|---|---|")
    for name, item in schema.get("properties", {}).items():
        default = "**required**" if name in required else _default(item.get("default"))
        text = docs.get(name) or item.get("description", "")
        marks = _marks(rules[name]) if name in rules else ""
        yield f"| `{name}` | {_cell(_type(item))} | {default} | {marks} | {_cell(text)} |"
    yield ""


def _marks(rule: FieldRule) -> str:
    marks = {
        "a change replaces": rule.replace,
        "secret": rule.secret,
        "AWS chooses if unset": rule.computed,
        "kept by us alone": rule.local,
    }
    found = [mark for mark, applies in marks.items() if applies]
    usual = Wait.READY if rule.stage is Stage.CREATE else Wait.EXISTS
    if rule.wait is not usual:
        found.append(f"references: {WAITS[rule.wait]}")
    return "; ".join(found)


def _type(item: Mapping[str, Any]) -> str:
    """A JSON schema in words."""
    if "anyOf" in item:
        words = [_type(option) for option in item["anyOf"]]
        return " or ".join(word for word in words if word)
    if "$ref" in item:
        return f"[{item['$ref']}](#{item['$ref'].lower()})"
    choices = item.get("enum") or ([item["const"]] if "const" in item else [])
    if choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    return _container(item) or WORDS.get(str(item.get("type", "")), "anything")


def _container(item: Mapping[str, Any]) -> str:
    """A list or a mapping in words; empty for anything else."""
    if item.get("type") == "array":
        return f"list of {_type(item.get('items', {})) or 'anything'}"
    by_pattern = item.get("patternProperties") or {}
    inner = next(iter(by_pattern.values()), item.get("additionalProperties"))
    return f"mapping to {_type(inner) or 'anything'}" if isinstance(inner, dict) else ""


def _default(value: object) -> str:
    if value is None or value in ([], {}):
        return "–"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _smallest(model: type[BaseModel]) -> Iterator[str]:
    schema = model.model_json_schema(ref_template="{model}")
    for name in schema.get("required", ()):
        item = schema["properties"][name]
        choices = item.get("enum")
        yield f"    {name}: {choices[0] if choices else '…'}"


def _purpose(kind: AnyType) -> str:
    line = (inspect.getdoc(_module(kind)) or kind.kind).splitlines()[0]
    text = line.partition(": ")[2] or line
    return text[:1].upper() + text[1:]


def _module(kind: AnyType) -> object:
    return inspect.getmodule(kind.create) or module_of(kind.kind)


def _sentence(function: object) -> str:
    return _cell((inspect.getdoc(function) or "").partition("\n\n")[0])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
