"""From live objects to the entries of a manifest, as a person would write them. Pure.

Defaults are left out, and what AWS chooses by itself. Values that are another object's attribute
become references. A secret becomes a variable: its value is in nothing that is made here. An object
whose id AWS made is named by `adopts`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue, ValidationError

from provisioner.aws.target import Target
from provisioner.discovery.sightings import Sighted
from provisioner.lifecycle import (
    RESERVED_TAGS,
    AnyType,
    Observed,
    Settings,
    Spec,
    differences,
    rules_of,
    settings_of,
)
from provisioner.lifecycle.canonical import as_json_text
from provisioner.lifecycle.secrets import is_folder
from provisioner.manifest.references import NO_RESOURCES, find
from provisioner.stack.likeness import Known, Likeness
from provisioner.stack.validation import problems_of

FOLDER = "TODO"
"""In the place of a folder of sources, which nobody can tell from what AWS has."""
LONGEST_NAME = 40
_MADE = re.compile(r"[0-9a-f]{12,}")
"""A part of an id that no person chose."""


@dataclass(frozen=True)
class Entry:
    """One resource, as a manifest has it.

    Attributes:
        address, kind, id: of the object.
        fields: in the order of the spec, references in place; no secret is among them.
        adopts: the id is not told by a name, and has to be written.
        variables: those that stand for secrets, and what each is for.
        notes: what a person has to do before it can be applied; sentences.
    """

    address: str
    kind: str
    id: str
    fields: Mapping[str, JsonValue]
    adopts: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passed:
    """An object that was not imported, and why.

    Attributes:
        kind: of the object; empty if it has none of ours.
        id: of the object.
        why: a sentence without its dot.
    """

    kind: str
    id: str
    why: str


@dataclass(frozen=True)
class AtHand:
    """What the entries will stand beside.

    Attributes:
        target: the account and region.
        known: objects that may be referred to, by address.
        tags: of the whole stack: an object that has them need not say so.
        held: by kind and id, the stacks that have a record of it.
    """

    target: Target
    known: Mapping[str, Known] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[tuple[str, str], set[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Import:
    """What came of looking at objects to import.

    Attributes:
        entries: in the order of their addresses.
        passed: what was not imported.
    """

    entries: tuple[Entry, ...] = ()
    passed: tuple[Passed, ...] = ()


def entries_of(
    objects: Sequence[Sighted], at_hand: AtHand, named: Mapping[tuple[str, str], str] | None = None
) -> Import:
    """The entries of these objects, which may refer to each other.

    Args:
        objects: as AWS shows them.
        at_hand: what they will stand beside.
        named: addresses that a person chose, by kind and id.
    """
    passed = [Passed(*one.key, why) for one in objects if (why := _why_not(one, at_hand))]
    refused = {(one.kind, one.id) for one in passed}
    placed = _placed([one for one in objects if one.key not in refused], at_hand, named or {})
    batch = {a: Known(one.kind, one.observed.attributes) for a, one in placed.items()}
    likeness = Likeness({**at_hand.known, **batch})
    entries = []
    for address, one in placed.items():
        made = _entry(address, one, at_hand, likeness)
        if isinstance(made, Entry):
            entries.append(made)
        else:
            passed.append(made)
    return Import(tuple(entries), tuple(passed))


def _why_not(one: Sighted, at_hand: AtHand) -> str:
    if one.owner:
        return f"it is {one.owner.address or 'an object'} of stack {one.owner.stack}"
    if stacks := at_hand.held.get(one.key):
        return f"stack {', '.join(sorted(stacks))} has it"
    return one.kind.alien


def _placed(
    objects: Iterable[Sighted], at_hand: AtHand, named: Mapping[tuple[str, str], str]
) -> dict[str, Sighted]:
    """An address for each that no other has; what can't carry tags is called after its parent."""
    placed: dict[str, Sighted] = {}
    for one in sorted(objects, key=lambda one: (not one.kind.taggable, one.key)):
        wish = named.get(one.key) or _below(one, placed, at_hand.known) or _called(one)
        placed[_free(wish, {*placed, *at_hand.known, *NO_RESOURCES})] = one
    return placed


def _below(one: Sighted, placed: Mapping[str, Sighted], known: Mapping[str, Known]) -> str:
    """The address of what it belongs to, and what it is; empty if that one is not at hand."""
    owner, _, attribute = one.kind.belongs_to.rpartition(".")
    whose = one.observed.settings.get(one.kind.parent)
    at_hand = {a: Known(other.kind, other.observed.attributes) for a, other in placed.items()}
    for address, other in {**known, **at_hand}.items():
        if other.kind.kind == owner and other.attributes.get(attribute) == whose:
            return f"{address}_{_noun(one)}"
    return ""


def _noun(one: Sighted) -> str:
    return one.kind.kind.partition(".")[2]


def _called(one: Sighted) -> str:
    """After its name, as people know it; else after its kind."""
    attributes, tags = one.observed.attributes, one.observed.tags or {}
    names = (tags.get("Name"), attributes.get("name"), attributes.get("alias"))
    known = next((name for name in names if name), "") or _last(one.id)
    words = re.sub(r"[^A-Za-z0-9]+", "_", known.removeprefix("alias/")).strip("_").lower()
    if words == _noun(one):
        words = one.kind.kind.replace(".", "_")
    elif not words[:1].isalpha() or words in NO_RESOURCES:
        words = _noun(one) if _MADE.search(words) else f"{_noun(one)}_{words}"
    return words[:LONGEST_NAME].strip("_") or _noun(one)


def _last(id_: str) -> str:
    return re.split(r"[|:/]", id_)[-1]


def _free(wish: str, taken: Collection[str]) -> str:
    if wish not in taken:
        return wish
    return next(f"{wish}_{n}" for n in range(2, len(taken) + 3) if f"{wish}_{n}" not in taken)


def _entry(address: str, one: Sighted, at_hand: AtHand, likeness: Likeness) -> Entry | Passed:
    kind, observed = one.kind, one.observed
    seen = _without_nothing(observed.settings)
    try:
        spec = _spec(kind, seen)
    except ValidationError as error:
        told = " ".join(map(str, problems_of(error, address, kind.spec)))
        return Passed(*one.key, f"a manifest can't say what it is: {told.rstrip('.')}")
    if lost := differences(kind.spec, settings_of(spec), _bare(kind, observed)):
        return Passed(*one.key, f"a manifest can't say its {', '.join(lost)}")
    written = _Writing(address, kind, likeness)
    fields = written.fields(_worth_saying(kind, spec, seen))
    if tags := _tags(observed, at_hand.tags):
        fields["tags"] = tags
    identity = kind.identity(spec, at_hand.target)
    return Entry(
        address,
        kind.kind,
        one.id,
        fields,
        adopts=identity != one.id,
        variables=written.variables,
        notes=tuple(written.notes),
    )


def _spec(kind: AnyType, seen: Settings) -> Spec:
    """The object as a spec; JSON that a field takes as data is no text in it.

    Raises:
        ValidationError: it says something that the kind does not.
    """
    model: type[Spec] = kind.spec
    rules = rules_of(model)
    data = {
        name: rule.canonical(seen[name])
        for name, rule in rules.items()
        if rule.canonical is as_json_text and isinstance(seen.get(name), str)
    }
    off = {name: False for name in rules if name not in seen and _default(kind, name) is True}
    try:
        spec: Spec = kind.spec.model_validate_json(json.dumps({**off, **seen, **data}))
    except ValidationError:
        spec = kind.spec.model_validate_json(json.dumps({**off, **seen}))
    return spec


def _default(kind: AnyType, name: str) -> object:
    return kind.spec.model_fields[name].get_default(call_default_factory=True)


def _without_nothing(settings: Settings) -> dict[str, JsonValue]:
    """The settings without what AWS has nothing at, at any depth."""

    def kept(value: JsonValue) -> JsonValue:
        if isinstance(value, dict):
            return {key: kept(item) for key, item in value.items() if item is not None}
        return [kept(item) for item in value] if isinstance(value, list) else value

    return {name: kept(value) for name, value in settings.items() if value is not None}


def _bare(kind: AnyType, observed: Observed) -> Observed:
    """Without what only a folder could say."""
    kept = {n: v for n, v in observed.settings.items() if not is_folder(kind.spec, n)}
    unseen = {n for n in observed.settings if is_folder(kind.spec, n)}
    return Observed(kept, observed.attributes, unseen=observed.unseen | unseen)


def _worth_saying(kind: AnyType, spec: Spec, seen: Settings) -> dict[str, JsonValue]:
    """What is no default, and nothing that AWS chose by itself."""
    chosen = kind.chosen(seen) if kind.chosen else {}
    rules = rules_of(type(spec))
    said: dict[str, JsonValue] = spec.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude_none=True
    )
    said |= {name: False for name in said if getattr(spec, name) is False}
    return {
        name: value
        for name, value in said.items()
        if not (
            rules[name].computed
            and name in chosen
            and rules[name].canonical(chosen[name]) == rules[name].canonical(value)
        )
    }


def _tags(observed: Observed, common: Mapping[str, str]) -> dict[str, JsonValue]:
    return {
        key: value
        for key, value in sorted((observed.tags or {}).items())
        if not key.startswith(RESERVED_TAGS) and common.get(key) != value
    }


class _Writing:
    """The fields of one entry, with what had to be left open."""

    def __init__(self, address: str, kind: AnyType, likeness: Likeness) -> None:
        self._address = address
        self._kind = kind
        self._likeness = likeness
        self.variables: dict[str, str] = {}
        self.notes: list[str] = []

    def fields(self, said: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Each field as it is written."""
        spec: type[Spec] = self._kind.spec
        linked = self._likeness.referenced(said, of=self._kind, itself=self._address)
        written: dict[str, JsonValue] = {}
        for name, value in linked.items():
            if is_folder(spec, name):
                written[name] = f"{FOLDER}/{self._address}"
                self.notes.append(
                    f"{self._address}.{name}: the folder of its sources; what AWS has was packed "
                    "elsewhere, so the first apply sends it anew."
                )
            elif rules_of(spec)[name].secret:
                written[name] = self._hidden(value, (name,))
            else:
                written[name] = value
        return written

    def _hidden(self, value: JsonValue, path: tuple[str, ...]) -> JsonValue:
        """Variables in the place of secrets; a reference or an ARN is none."""
        if isinstance(value, dict):
            return {key: self._hidden(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._hidden(item, (*path, str(n))) for n, item in enumerate(value)]
        text = str(value)
        whole = [str(reference) for _, reference in find(text)] == [text]
        if whole or text.startswith("arn:"):
            return value
        words = "_".join((self._address, *(path[1:] or path)))
        name = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
        self.variables[name] = ".".join((self._address, *path))
        return f"${{var.{name}}}"
