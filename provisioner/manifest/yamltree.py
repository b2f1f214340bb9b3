"""Strict YAML: plain JSON values, and the place of every key and list item.

YAML's conveniences that surprise are refused or read as texts: duplicate keys, merge keys, anchors
and tags are refused; `yes`, `on`, `010`, `1:30` and `2012-10-17` are texts; true and false are
the only booleans.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml
from pydantic import JsonValue
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from provisioner.errors import ManifestError, Place, Problem
from provisioner.references import Path

Places: TypeAlias = dict[Path, Place]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_WORDS: dict[str, JsonValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_DEEPEST = 60


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
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise ManifestError([_syntax(error, text, file)]) from None
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0]
        raise ManifestError([Problem(f"This is no YAML: {reason}.", Place(file, 1, 1))]) from None
    except RecursionError:
        message = "This is nested too deeply."
        raise ManifestError([Problem(message, Place(file, 1, 1))]) from None
    if node is None:
        return Tree(None, {(): Place(file, 1, 1)})
    reading = _Reading(file)
    value = reading.value(node, ())
    if reading.problems:
        raise ManifestError(reading.problems)
    return Tree(value, reading.places)


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    reason = error.problem or error.context or "syntax error"
    if "expected a single document" in str(error):
        return Problem("A manifest file holds one document; '---' begins a second.", place)
    if "cannot start any token" in reason and mark and _at(text, mark) == "\t":
        return Problem("A tab can't indent; use spaces.", place)
    if "undefined alias" in reason:
        return Problem(f"Anchors and aliases are not used in manifests: {reason}.", place)
    return Problem(f"This is no YAML: {reason}.", place)


def _at(text: str, mark: yaml.Mark) -> str:
    lines = text.splitlines()
    return lines[mark.line][mark.column : mark.column + 1] if mark.line < len(lines) else ""


class _Reading:
    """Turns nodes into values, gathering places and problems."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: Places = {}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def value(self, node: Node, path: Path) -> JsonValue:
        """The value of a node."""
        self.places.setdefault(path, self._place(node))
        if not isinstance(node, ScalarNode):
            if id(node) in self._seen:
                self._refuse(node, "Anchors and aliases are not used in manifests; repeat it.")
                return None
            self._seen.add(id(node))
        if node.tag not in _PLAIN_TAGS:
            self._refuse(node, f"The tag {_short(node.tag)} has no meaning here.")
            return None
        if len(path) > _DEEPEST:
            self._refuse(node, "This is nested too deeply.")
            return None
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
        if node.tag not in _PLAIN_TAGS:
            self._refuse(node, f"The tag {_short(node.tag)} has no meaning here.")
            return None
        if not node.value:
            self._refuse(node, "A key must not be empty.")
            return None
        return str(node.value)

    def _refuse(self, node: Node, message: str) -> None:
        self.problems.append(Problem(message, self._place(node)))

    def _place(self, node: Node) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)


def _short(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


def _scalar(node: ScalarNode) -> JsonValue:
    text = str(node.value)
    if node.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) < 20:
        return int(text)
    if _NUMBER.fullmatch(text) and any(character.isdigit() for character in text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
