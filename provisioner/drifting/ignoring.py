"""The ignore file of `drift`: what may differ, why, and until when.

ignore:
  - address: worker_*          # one, or a list; * ? and [] as in file names
    fields: [desired_count]    # all if left out; `extra *` for what others added
    reason: the autoscaler sets it
    until: "2027-06-30"        # the last day; for ever if left out
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path as FilePath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from provisioner.drifting.drift import EXTRA, WHOLE, Drift
from provisioner.errors import ManifestError, Place, Problem, nearest
from provisioner.inventory import Record
from provisioner.lifecycle import Spec, rules_of
from provisioner.manifest.yamltree import Tree, parse
from provisioner.registry import kind_of
from provisioner.stack.validation import problems_of


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _a_day(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError:
        message = f"{value!r} is no day such as 2027-06-30"
        raise ValueError(message) from None
    return value


Words = Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Entry(_Written):
    address: Words
    fields_: Annotated[Words, Field(alias="fields")] = ["*"]
    reason: Annotated[str, Field(min_length=1)]
    until: Annotated[str, AfterValidator(_a_day)] | None = None


class _File(_Written):
    ignore: list[_Entry]


@dataclass(frozen=True, slots=True)
class Ignore:
    """One thing that may differ.

    Attributes:
        addresses, fields: patterns.
        reason: why; until: the last day, or None.
        place: where it is written.
    """

    addresses: tuple[str, ...]
    fields: tuple[str, ...]
    reason: str
    until: date | None = None
    place: Place | None = None

    def covers(self, address: str, field: str) -> bool:
        """Whether it is about this field of this address."""
        return _fits(address, self.addresses) and _fits(field, self.fields)


def read_ignores(file: FilePath) -> tuple[Ignore, ...]:
    """What a file says.

    Raises:
        ManifestError: it can't be read, or says something that has no meaning; with every place.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ManifestError([Problem(f"{file} can't be read: {reason}.")]) from None
    tree = parse(text, str(file))
    try:
        written = _File.model_validate(tree.value)
    except ValidationError as error:

        def place_of(path: tuple[str | int, ...]) -> Place | None:
            return _place(tree, path)

        raise ManifestError(problems_of(error, file.name, _File, place_of)) from None
    return tuple(
        Ignore(
            tuple(entry.address),
            tuple(entry.fields_),
            entry.reason,
            date.fromisoformat(entry.until) if entry.until else None,
            _place(tree, ("ignore", number)),
        )
        for number, entry in enumerate(written.ignore)
    )


def check_fields(ignores: Iterable[Ignore], records: Mapping[str, Record]) -> None:
    """Refuse a field that nothing at these addresses has: it would ignore nothing.

    Raises:
        ManifestError: with every such field and its place.
    """
    problems = []
    for one in ignores:
        kinds = {r.kind for a, r in records.items() if _fits(a, one.addresses)}
        known = {*WHOLE, *(name for kind in kinds for name in _fields(kind))}
        for pattern in one.fields if kinds else ():
            if not pattern.startswith(EXTRA) and not any(_fits(name, [pattern]) for name in known):
                told = f"{', '.join(one.addresses)} ({', '.join(sorted(kinds))})"
                message = f"there is no field {pattern!r} at {told}."
                problems.append(Problem(message, one.place, nearest(pattern, known)))
    if problems:
        raise ManifestError(problems)


def ignored(
    drifts: Iterable[Drift], ignores: Sequence[Ignore], today: date
) -> tuple[tuple[Drift, ...], tuple[str, ...]]:
    """The drifts, each with the reason for which it is ignored; and remarks on the file itself.

    Args:
        drifts: what was found.
        ignores: what may differ.
        today: entries that ended before it ignore nothing.
    """
    valid = [one for one in ignores if one.until is None or today <= one.until]
    used: set[int] = set()
    marked = []
    for drift in drifts:
        covering = [n for n, one in enumerate(valid) if one.covers(drift.address, drift.field)]
        used.update(covering)
        marked.append(replace(drift, ignored=valid[covering[0]].reason) if covering else drift)
    ended = [
        f"{one.place}: this ended on {one.until} and ignores nothing any more ({one.reason})."
        for one in ignores
        if one not in valid
    ]
    idle = [
        f"{one.place}: this ignores nothing now ({one.reason})."
        for number, one in enumerate(valid)
        if number not in used
    ]
    return tuple(marked), (*ended, *idle)


def _fits(word: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(word, pattern) for pattern in patterns)


def _fields(kind: str) -> Iterable[str]:
    spec: type[Spec] = kind_of(kind).spec
    return rules_of(spec)


def _place(tree: Tree, path: tuple[str | int, ...]) -> Place | None:
    """Where a value stands, or the nearest thing around it."""
    while path and path not in tree.places:
        path = path[:-1]
    return tree.places.get(path)
