"""From values back to references: which value of an object stands for another one's attribute.

AWS tells `arn:aws:kms:…:key/1f2e`, a person writes `${data_key.arn}`. Where only what AWS tells is
known, references are found again by likeness:

- ARNs, URLs and ids that AWS makes say whose they are wherever they stand; ARNs and ids also within
  longer texts: policies, JSON, the name of a log group.
- A name says it only as a whole text: in the field that names the parent, in a field that is called
  like its kind (`log_group`, `s3_bucket_name`), and elsewhere if it has parts and is long.
- A value that several addresses have in common is nobody's, unless the field is called like the
  kind of one of them.
- What only describes an object (its zone, its network) and what names the object itself stays.

Pure. Putting the attributes in again gives exactly the settings back.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from provisioner.lifecycle import AnyType, Settings
from provisioner.manifest.references import Path

SHORTEST_ID = 10
"""Characters of an id that says by itself whose it is."""
SHORTEST_NAME = 12
"""Characters of a name that says so, outside of fields that are called like its kind."""
SLASH_IN_NAMES = frozenset({"cloudwatch", "events", "iam", "kms", "logs", "secretsmanager", "ssm"})
"""Services in whose ARNs a slash does not end a name: `role/app` is no part of `role/app/x`."""
PREFERRED = ("arn", "url", "name", "id")
"""Of several attributes with one value, the first of these is referred to."""

_ARN = re.compile(r"(?<![\w$])(?=(arn:[^\s\"'<>{}\[\],;()|]+))")
_WORD = re.compile(r"(?<![A-Za-z0-9$-])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?![A-Za-z0-9-])")
_MADE = re.compile(rf"[A-Za-z0-9-]{{{SHORTEST_ID},}}")
_PARTS = re.compile(r"\S+[-_/.]\S+")
_NAME_GOES_ON = re.compile(r"[\w.+=@?*-]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Known:
    """An object that may be referred to."""

    kind: AnyType
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Name:
    """An attribute by which one object is named.

    Attributes:
        sure: its value says whose it is wherever it stands.
    """

    address: str
    kind: AnyType
    attribute: str
    sure: bool

    @property
    def reference(self) -> str:
        return f"${{{self.address}.{self.attribute}}}"


def referenced(
    settings: Settings, objects: Mapping[str, Known], *, of: AnyType, itself: str
) -> dict[str, JsonValue]:
    """The settings of one object with references to others in the place of values.

    Args:
        settings: plain JSON without references, as AWS or a record tells them; secrets sealed or
            not.
        objects: by address, what may be referred to, the object itself included: what names it is
            then left alone.
        of: the kind of the settings.
        itself: their address.

    Returns:
        Settings for a `Resource`: a literal `${` is escaped. Two objects may refer to each other
        now where a person left one of the references out, most likely within a policy.
    """
    return Likeness(objects).referenced(settings, of=of, itself=itself)


class Likeness:
    """What every value stands for, made once for the settings of many objects.

    Args:
        objects: by address.
    """

    def __init__(self, objects: Mapping[str, Known]) -> None:
        self._names: dict[str, list[_Name]] = defaultdict(list)
        for address, known in objects.items():
            for attribute, value in known.attributes.items():
                if value and not _describes(known.kind, attribute):
                    sure = _is_sure(known, attribute)
                    self._names[value].append(_Name(address, known.kind, attribute, sure))

    def referenced(self, settings: Settings, *, of: AnyType, itself: str) -> dict[str, JsonValue]:
        """The settings with references; see the function of this name."""
        return {name: self._put(value, (name,), of, itself) for name, value in settings.items()}

    def _put(self, value: JsonValue, path: Path, of: AnyType, itself: str) -> JsonValue:
        if isinstance(value, str):
            return self._text(value, path, of, itself)
        if isinstance(value, list):
            return [self._put(item, (*path, index), of, itself) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {
                _literal(key): self._put(item, (*path, key), of, itself)
                for key, item in value.items()
            }
        return value

    def _text(self, text: str, path: Path, of: AnyType, itself: str) -> str:
        names = self._names.get(text, ())
        own = any(name.address == itself for name in names)
        fitting = [] if own else [name for name in names if _fits(name, text, path, of)]
        if whose := _chosen(fitting, path, of):
            return whose.reference
        return "".join(self._pieces(text, path, of, itself))

    def _pieces(self, text: str, path: Path, of: AnyType, itself: str) -> Iterator[str]:
        """The text in order: references, and what stands between them."""
        done = 0
        for start, end, names in (*self._arns(text), (len(text), len(text), ())):
            if start < done:
                continue
            yield from self._words(text[done:start], path, of, itself)
            if names:
                others = [name for name in names if name.address != itself]
                whose = _chosen(others, path, of) if len(others) == len(names) else None
                yield whose.reference if whose else _literal(text[start:end])
            done = end

    def _arns(self, text: str) -> Iterator[tuple[int, int, Sequence[_Name]]]:
        """Where a known ARN stands, the longest of those that begin at the same place."""
        for match in _ARN.finditer(text):
            run = match[1]
            for length in range(len(run), 0, -1):
                names = self._names.get(run[:length])
                if names and _name_ends(run, length):
                    yield match.start(), match.start() + length, names
                    break

    def _words(self, text: str, path: Path, of: AnyType, itself: str) -> Iterator[str]:
        """A text without known ARNs, with references in the place of ids that AWS made."""
        done = 0
        for match in _WORD.finditer(text):
            names = [name for name in self._names.get(match[0], ()) if name.sure]
            if any(name.address == itself for name in names):
                continue
            if whose := _chosen(names, path, of):
                yield _literal(text[done : match.start()])
                yield whose.reference
                done = match.end()
        yield _literal(text[done:])


def _describes(kind: AnyType, attribute: str) -> bool:
    """Whether an attribute only repeats a setting: a zone, a network, another object's ARN."""
    return attribute in kind.spec.model_fields and not _is_name(attribute)


def _is_name(attribute: str) -> bool:
    return attribute in {"name", "alias"} or attribute.endswith("_name")


def _is_sure(known: Known, attribute: str) -> bool:
    """Whether a value names its object to everybody: an ARN, a URL, or an id that AWS made."""
    value = known.attributes[attribute]
    if value.startswith(("arn:", "https://")):
        return True
    given = {other for name, other in known.attributes.items() if _is_name(name)}
    is_id = attribute == "id" or attribute.endswith("_id") or any(map(str.isdigit, value))
    return value not in given and is_id and _MADE.fullmatch(value) is not None


def _fits(name: _Name, text: str, path: Path, of: AnyType) -> bool:
    """Whether a whole text at this place may stand for an attribute."""
    if name.sure or _is_parent(name, path, of):
        return True
    if name.attribute in {"id", "name"} and _called_like(str(path[0]), name.kind):
        return True
    named = _is_name(name.attribute) and _PARTS.fullmatch(text) is not None
    return named and (len(text) >= SHORTEST_NAME or _called_like(_field(path), name.kind))


def _is_parent(name: _Name, path: Path, of: AnyType) -> bool:
    parent = f"{name.kind.kind}.{name.attribute}"
    return bool(of.parent) and path == (of.parent,) and of.belongs_to == parent


def _chosen(names: Sequence[_Name], path: Path, of: AnyType) -> _Name | None:
    """The one address that a value stands for, by its best attribute; None if there are several."""
    field = _field(path)
    for narrowed in (
        names,
        [name for name in names if _is_parent(name, path, of)],
        [name for name in names if _called_like(field, name.kind)],
    ):
        if len({name.address for name in narrowed}) == 1:
            return min(narrowed, key=lambda name: _rank(name, field))
    return None


def _field(path: Path) -> str:
    """The innermost name on the way to a value."""
    return str(next(key for key in reversed(path) if isinstance(key, str)))


def _rank(name: _Name, field: str) -> tuple[bool, int]:
    """Of several attributes with one value, the one whose name the field ends with comes first."""
    last = field.rpartition("_")[2].removesuffix("s").lower()
    known = name.attribute in PREFERRED
    return name.attribute != last, PREFERRED.index(name.attribute) if known else len(PREFERRED)


def _called_like(field: str, kind: AnyType) -> bool:
    """Whether a field's name holds the noun of a kind: `FunctionName`, `subnet_ids`."""
    words = _HUMP.sub("_", field).lower().split("_")
    noun = kind.kind.partition(".")[2]
    return f"_{noun}_" in f"_{'_'.join(word.removesuffix('s') for word in words)}_"


def _name_ends(run: str, length: int) -> bool:
    """Whether an ARN of that length is whole within a longer text."""
    rest = run[length:]
    if rest.startswith("/"):
        return not SLASH_IN_NAMES.intersection(run.split(":")[2:3])
    return _NAME_GOES_ON.match(rest) is None


def _literal(text: str) -> str:
    """A text as it has to be written so that no `${` in it is taken for a reference."""
    return text.replace("${", "$${")
