"""Entries of a manifest as text, as a person would write them; and put into a file that is there.

Short lists and mappings stand on one line, texts are quoted only where they would be read as
something else. What is written is read again before it is given out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, TypeAlias

import yaml
from pydantic import JsonValue
from yaml.nodes import CollectionNode, ScalarNode

from provisioner.errors import ManifestError, Place, Problem
from provisioner.manifest.yamltree import Tree, is_text, parse

Section: TypeAlias = Mapping[str, JsonValue]
WIDTH = 100
SHORT = 64
"""Characters that a list or mapping on one line may have."""
INDENT = 2
SECTIONS = ("variables", "resources")


@dataclass(frozen=True)
class Addition:
    """What is to be written.

    Attributes:
        variables, resources: by name.
        remarks: by the name of a resource, comments that stand above it.
    """

    variables: Section
    resources: Section
    remarks: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def section(self, name: str) -> Section:
        """One of the two."""
        return self.variables if name == "variables" else self.resources


def text_of(addition: Addition) -> str:
    """A manifest of its own, without a name: a file beside others."""
    wanted = {name: dict(addition.section(name)) for name in SECTIONS if addition.section(name)}
    parts = ["\n".join([f"{name}:", *_lines(addition, name, INDENT)]) for name in wanted]
    text = "\n\n".join(parts) + "\n"
    _check(text, "", wanted)
    return text


def added_to(text: str, file: str, addition: Addition) -> str:
    """The text of a manifest with these entries behind its own; everything else as it is.

    Raises:
        ManifestError: it is no manifest, has such a name already, or is written on one line.
    """
    for name in SECTIONS:
        if addition.section(name):
            text = _extended(text, file, addition, name)
    return text


def _extended(text: str, file: str, addition: Addition, name: str) -> str:
    tree = parse(text, file)
    top = tree.value if isinstance(tree.value, dict) else {}
    known = top.get(name)
    known = known if isinstance(known, dict) else {}
    _refuse_twice(tree, name, known, addition.section(name))
    lines = text.splitlines()
    if name in top:
        _refuse_flow(tree, name, known)
        first = next(iter(known), None)
        column = tree.places[name, first].column - 1 if first else INDENT
        end = _end_of(tree, name, lines)
        added = _lines(addition, name, column)
        gap = [""] if end < len(lines) and lines[end].strip() else []
        lines[end:end] = [*_gap(known), *added, *gap]
    else:
        lines += ["", f"{name}:", *_lines(addition, name, INDENT)]
    made = "\n".join(lines).strip("\n") + "\n"
    _check(made, file, {**top, name: {**known, **addition.section(name)}})
    return made


def _gap(known: Section) -> list[str]:
    return [""] if known else []


def _refuse_twice(tree: Tree, name: str, known: Section, added: Section) -> None:
    twice = [one for one in added if one in known]
    if twice:
        raise ManifestError(
            Problem(f"{one!r} stands here already.", tree.places.get((name, one))) for one in twice
        )


def _refuse_flow(tree: Tree, name: str, known: Section) -> None:
    """A section in braces has no lines to put something behind."""
    head = tree.places[(name,)]
    first = next(iter(known), None)
    if first and tree.places[name, first].line == head.line:
        raise ManifestError([Problem(f"{name} is written on one line; write it in lines.", head)])


def _end_of(tree: Tree, name: str, lines: Sequence[str]) -> int:
    """The number of lines up to the end of a section; comments before the next belong to that."""
    start = tree.places[(name,)].line
    later = [place.line for path, place in tree.places.items() if len(path) == 1]
    end = min((line - 1 for line in later if line > start), default=len(lines))
    while end > start and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return end


def _lines(addition: Addition, name: str, column: int) -> Iterator[str]:
    """The lines of a section, each at its column."""
    for number, (key, value) in enumerate(addition.section(name).items()):
        if number and name == "resources":
            yield ""
        for remark in addition.remarks.get(key, ()) if name == "resources" else ():
            yield f"{' ' * column}# {remark}"
        for line in _written(key, value, whole=name == "resources").splitlines():
            yield f"{' ' * column}{line}".rstrip()


def _written(key: str, value: JsonValue, *, whole: bool) -> str:
    """A key with its value; a resource is never written on one line."""
    node = _Dumper(StringIO()).represent_data({key: value})
    if whole:
        node.value[0][1].flow_style = False
    text: str = yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=WIDTH)
    return text


def _check(text: str, file: str, wanted: Section) -> None:
    """What was written says what was meant.

    Raises:
        ManifestError: it does not, so nothing is to be written.
    """
    if parse(text, file).value != wanted:
        message = "What would be written here would not be read as it is meant."
        raise ManifestError([Problem(message, Place(file) if file else None)])


class _Dumper(yaml.SafeDumper):
    """Writes for this package's own reader, which is stricter than YAML."""

    def ignore_aliases(self, data: Any) -> bool:
        """Nothing is written by an anchor."""
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002
        """Lists are indented below their key."""
        del indentless
        super().increase_indent(flow=flow, indentless=False)


def _is_short(node: CollectionNode, cells: Sequence[Any]) -> bool:
    """Whether it holds but a few short scalars."""
    scalars = all(isinstance(cell, ScalarNode) and cell.style != "|" for cell in cells)
    return not node.value or (scalars and sum(len(cell.value) + 3 for cell in cells) <= SHORT)


def _mapping(dumper: yaml.SafeDumper, value: dict[str, JsonValue]) -> CollectionNode:
    """On one line if that is short."""
    node: CollectionNode = dumper.represent_mapping("tag:yaml.org,2002:map", value.items())
    node.flow_style = _is_short(node, [cell for pair in node.value for cell in pair])
    return node


def _sequence(dumper: yaml.SafeDumper, value: list[JsonValue]) -> CollectionNode:
    """On one line if that is short."""
    node: CollectionNode = dumper.represent_sequence("tag:yaml.org,2002:seq", value)
    node.flow_style = _is_short(node, node.value)
    return node


def _text(dumper: yaml.SafeDumper, value: str) -> ScalarNode:
    lines = value.split("\n")
    plain = all(line.isprintable() for line in lines) and is_text(value)
    style = ("|" if len(lines) > 1 else None) if plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _sequence)
_Dumper.add_representer(str, _text)
