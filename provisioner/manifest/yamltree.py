"""Strict YAML: plain JSON values, and the place of every key and list item.

YAML's conveniences that surprise are refused or read as texts: duplicate keys, merge keys, anchors,
aliases, tags and keys that are no texts are refused; `yes`, `on`, `010`, `1:30` and `2012-10-17`
are texts; true and false are the only booleans. A JSON file is read as JSON reads it.
"""

from __future__ import annotations

import math
import re
import textwrap
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import yaml
from pydantic import JsonValue
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from provisioner.errors import ManifestError, Place, Problem
from provisioner.manifest.references import Path

Places: TypeAlias = dict[Path, Place]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = yaml.reader.Reader.NON_PRINTABLE
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_WORDS: dict[str, JsonValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_DEEPEST = 60
_LONGEST = 1000  # digits of an integer; more than that no AWS field holds


@dataclass(frozen=True)
class Tree:
    """One parsed file.

    Attributes:
        value: plain JSON.
        places: of every key and list item, by its path from the top; of the top itself by `()`.
    """

    value: JsonValue
    places: Places = field(default_factory=dict)


def parse(text: str, file: str) -> Tree:
    """Read one YAML document.

    Args:
        text: the file's content.
        file: its name as the person gave it, for the places.

    Raises:
        ManifestError: with every problem found.
    """
    inspection = _inspect(text, file)
    if not inspection.composable:
        raise ManifestError(inspection.problems)
    node = yaml.compose(text, Loader=_LOADER)
    if node is None:
        return Tree(None, {(): Place(file, 1, 1)})
    reading = _Reading(file)
    value = reading.value(node, ())
    if problems := [*inspection.problems, *reading.problems]:
        raise ManifestError(sorted(problems, key=lambda problem: problem.place or Place(file)))
    return Tree(value, reading.places)


@dataclass
class _Inspection:
    """What the parser's events tell before a tree is made of them.

    Attributes:
        problems: what is refused.
        composable: a tree can be made: no syntax error, no alias, and not so deep that the
            composer, which calls itself for every level, would bring the process down.
    """

    problems: list[Problem] = field(default_factory=list)
    composable: bool = True

    def refuse(self, problem: Problem) -> None:
        """Note a problem; reading goes on."""
        self.problems.append(problem)

    def stop(self, problem: Problem) -> _Inspection:
        """Note a problem that leaves nothing to compose."""
        self.problems.append(problem)
        self.composable = False
        return self


def _inspect(text: str, file: str) -> _Inspection:
    found = _Inspection()
    depth = documents = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            place = _place(file, event.start_mark)
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                message = "A manifest file holds one document; '---' begins a second."
                return found.stop(Problem(message, place))
            if depth > _DEEPEST:
                return found.stop(Problem("This is nested too deeply.", place))
            if isinstance(event, yaml.NodeEvent):
                _inspect_node(event, place, found)
    except yaml.YAMLError as error:
        return found.stop(_syntax(error, text, file))
    return found


def _inspect_node(event: yaml.NodeEvent, place: Place, found: _Inspection) -> None:
    refused = "Anchors and aliases are not used in manifests; write it out"
    if isinstance(event, yaml.AliasEvent):
        found.stop(Problem(f"{refused}: *{event.anchor}.", place))
    elif event.anchor is not None:
        found.refuse(Problem(f"{refused}: &{event.anchor}.", place))
    tag = getattr(event, "tag", None)
    if tag is not None:
        found.refuse(Problem(f"The tag {_short(tag)} has no meaning here.", place))


def _syntax(error: yaml.YAMLError, text: str, file: str) -> Problem:
    if not isinstance(error, yaml.MarkedYAMLError):
        reason = str(error).splitlines()[0]
        return Problem(f"This is no YAML: {reason}.", _unprintable(text, file))
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    reason = error.problem or error.context or "syntax error"
    if "cannot start any token" in reason and mark and _at(text, mark) == "\t":
        return Problem("A tab can't indent; use spaces.", place)
    return Problem(f"This is no YAML: {reason}.", place)


def _unprintable(text: str, file: str) -> Place:
    """Where the first character stands that YAML does not admit."""
    match = _UNPRINTABLE.search(text)
    before = text[: match.start()] if match else ""
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


class _Mark(Protocol):
    """A position as either of PyYAML's parsers gives it, counted from 0."""

    @property
    def line(self) -> int:
        """The line."""

    @property
    def column(self) -> int:
        """The column."""


def _place(file: str, mark: _Mark | None) -> Place:
    return Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)


def _at(text: str, mark: _Mark) -> str:
    lines = text.splitlines()
    return lines[mark.line][mark.column : mark.column + 1] if mark.line < len(lines) else ""


class _Reading:
    """Turns nodes into values, gathering places and problems."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: Places = {}
        self.problems: list[Problem] = []

    def value(self, node: Node, path: Path) -> JsonValue:
        """The value of a node."""
        self.places.setdefault(path, self._place(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return _scalar(node) if isinstance(node, ScalarNode) else None

    def _mapping(self, node: MappingNode, path: Path) -> JsonValue:
        found: dict[str, JsonValue] = {}
        for key, item in node.value:
            name = self._key(key)
            if name is None:
                continue
            if name in found:
                first = self.places[*path, name]
                self._refuse(key, f"{name!r} stands here a second time; the first is at {first}.")
                continue
            self.places[*path, name] = self._place(key)
            found[name] = self.value(item, (*path, name))
        return found

    def _key(self, node: Node) -> str | None:
        if not isinstance(node, ScalarNode):
            self._refuse(node, "A key must be a text.")
            return None
        if node.tag == "tag:yaml.org,2002:merge":
            self._refuse(node, "Merge keys (<<) are not used in manifests.")
            return None
        if not node.value:
            self._refuse(node, "A key must not be empty.")
            return None
        if not isinstance(_scalar(node), str):
            self._refuse(node, f"The key {_shown(node)} is no text; put it in quotes.")
            return None
        return str(node.value)

    def _refuse(self, node: Node, message: str) -> None:
        self.problems.append(Problem(message, self._place(node)))

    def _place(self, node: Node) -> Place:
        return _place(self.file, node.start_mark)


def is_text(text: str) -> bool:
    """Whether a text is read as one, and whole, where it stands without quotes."""
    return isinstance(_scalar(ScalarNode("", text)), str)


def _shown(node: ScalarNode) -> str:
    return textwrap.shorten(str(node.value), 40, placeholder="…")


def _short(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


def _scalar(node: ScalarNode) -> JsonValue:
    text = str(node.value)
    if node.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) <= _LONGEST else text
    if _NUMBER.fullmatch(text) and any(character.isdigit() for character in text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
