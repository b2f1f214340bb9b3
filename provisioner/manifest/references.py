"""`${…}` in texts: found, substituted, escaped. Knows nothing of what the names mean.

`${vpc.id}` refers to an attribute of a resource, `${account}`, `${region}` and `${partition}` to
where the stack lives, `${stack.network.vpc_id}` to an output of another stack, `${var.x}` and
`${env.X:-default}` to what the person gave. `$${` is a literal `${`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import JsonValue

Path: TypeAlias = tuple[str | int, ...]
"""Where in nested JSON a value stands: keys and list positions from the top."""

TARGET_NAMES = frozenset({"account", "region", "partition"})
"""References without a dot: where the stack lives, known once AWS was asked."""

OTHER = "stack"
"""The name in references to outputs of other stacks."""

NO_RESOURCES = frozenset({*TARGET_NAMES, OTHER, "var", "env"})
"""Names that stand for something else than a resource of the stack."""

_PATTERN = re.compile(r"\$(?P<escaped>\$\{)|\$\{(?P<body>[^}]*)\}")
_BODY = re.compile(r"[A-Za-z][\w-]*(\.[A-Za-z0-9][\w-]*)*(:-.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reference:
    """One `${body}` in a text.

    Attributes:
        body: what stands between the braces.
        start: its position in the text.
    """

    body: str
    start: int = 0

    @property
    def well_formed(self) -> bool:
        """Whether it is `name`, `name.attribute`, or either with a default."""
        return _BODY.fullmatch(self.body) is not None

    @property
    def name(self) -> str:
        """What stands before the first dot: a resource's name, `var`, `env` or `account`."""
        return self.body.partition(":-")[0].partition(".")[0]

    @property
    def attribute(self) -> str:
        """What stands after the first dot; empty if there is none."""
        return self.body.partition(":-")[0].partition(".")[2]

    @property
    def default(self) -> str | None:
        """What stands after `:-`."""
        _, separator, default = self.body.partition(":-")
        return default if separator else None

    @property
    def of_resource(self) -> bool:
        """Whether it names a resource of the stack, as far as its form says."""
        return self.name not in NO_RESOURCES

    @property
    def output(self) -> tuple[str, str]:
        """The other stack and its output, of a reference to one."""
        stack, _, output = self.attribute.partition(".")
        return stack, output

    def __str__(self) -> str:
        return f"${{{self.body}}}"


def references_in(text: str) -> Iterator[Reference]:
    """The references of one text, from left to right; escaped ones are none."""
    if "${" not in text:
        return
    for match in _PATTERN.finditer(text):
        if match["body"] is not None:
            yield Reference(match["body"], match.start())


def find(value: JsonValue, path: Path = ()) -> Iterator[tuple[Path, Reference]]:
    """Every reference in the texts (and keys) of a nested value, with where it stands."""
    if isinstance(value, str):
        for reference in references_in(value):
            yield path, reference
    elif isinstance(value, dict):
        for key, item in value.items():
            for reference in references_in(key):
                yield (*path, key), reference
            yield from find(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from find(item, (*path, index))


Resolve: TypeAlias = Callable[[Reference], JsonValue | None]
"""The value behind a reference, or None to leave it as it stands."""


def substitute(value: JsonValue, resolve: Resolve) -> JsonValue:
    """Put values in the place of references.

    A text that is one reference and nothing else becomes the value itself, with its type; within
    a longer text, and in keys, the value is put in as text. Escapes stay escapes.
    """
    if isinstance(value, str):
        return _substitute_text(value, resolve)
    if isinstance(value, dict):
        return {
            str(_substitute_text(key, resolve)): substitute(item, resolve)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [substitute(item, resolve) for item in value]
    return value


def _substitute_text(text: str, resolve: Resolve) -> JsonValue:
    if "${" not in text:
        return text
    whole = _PATTERN.fullmatch(text)
    if whole and whole["body"] is not None:
        value = resolve(Reference(whole["body"], 0))
        return text if value is None else value

    def put(match: re.Match[str]) -> str:
        if match["body"] is None:
            return match[0]
        found = resolve(Reference(match["body"], match.start()))
        return match[0] if found is None else _as_text(found)

    return _PATTERN.sub(put, text)


def _as_text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def escape(value: JsonValue) -> JsonValue:
    """Turn every `${` into `$${`: it is meant as it stands."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        return {str(escape(key)): escape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [escape(item) for item in value]
    return value


def unescape(value: JsonValue) -> JsonValue:
    """Turn every `$${` into `${`: the last thing done to a value before AWS gets it."""
    if isinstance(value, str):
        return value.replace("$${", "${")
    if isinstance(value, dict):
        return {str(unescape(key)): unescape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unescape(item) for item in value]
    return value
