"""What the user wants: named resources that refer to each other. From a manifest, or from Python.

    stack = Stack("tenant-42", tags={"Team": "care"})
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    for zone in "ab":
        stack.add(f"subnet_{zone}", "ec2.subnet", vpc_id=vpc.id, ...)
    stack.output("vpc_id", vpc.id)

A reference is a text, `${vpc.id}`, whoever writes it; it keeps standing in the spec until its
value is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import TypeAlias

from pydantic import JsonValue, ValidationError

from provisioner.errors import ManifestError, PlanError, Problem, nearest
from provisioner.expiry import iso
from provisioner.fields import FOLDER
from provisioner.lifecycle import AnyType, FieldRule, Spec, Wait, marks_of, rules_of
from provisioner.manifest.source import Declared, Source
from provisioner.references import (
    NO_RESOURCES,
    OTHER,
    TARGET_NAMES,
    Path,
    Reference,
    Resolve,
    find,
    substitute,
    unescape,
)
from provisioner.registry import kind_of
from provisioner.validation import problems_of

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}")
STACK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


Setting: TypeAlias = "str | int | float | bool | Mapping[str, Setting] | Sequence[Setting] | None"
"""What a field may be given in Python: anything that JSON can say."""


@dataclass(frozen=True)
class Handle:
    """A resource of a stack built in Python: `handle.arn` is the text `${address.arn}`."""

    address: str
    kind: AnyType

    def __getattr__(self, attribute: str) -> str:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        if attribute not in self.kind.attributes:
            message = f"{self.kind.kind} has no attribute {attribute!r}. "
            raise AttributeError(message + nearest(attribute, self.kind.attributes))
        return f"${{{self.address}.{attribute}}}"

    def __str__(self) -> str:
        return self.address


@dataclass(frozen=True)
class Use:
    """A reference from one resource to another.

    Attributes:
        target: the address referred to; attribute: of it (empty for `depends_on`).
        field: the spec's field the reference stands in (empty for `depends_on`).
        path: where in the settings it stands.
    """

    target: str
    attribute: str = ""
    field: str = ""
    path: Path = ()


@dataclass(frozen=True)
class Resource:
    """One wanted resource.

    Attributes:
        address: its name in the stack.
        kind: its resource type.
        settings: the spec as plain JSON with references, stack tags included, code folders
            absolute.
        depends_on: addresses that must be ready first, named by hand.
        protect: a delete or replace is refused.
        moved_from: addresses that it may have had before.
        adopts: the id of the object that it is, where no name tells; counts until it is recorded.
        declared: where it came from, with its places.
    """

    address: str
    kind: AnyType
    settings: Mapping[str, JsonValue] = field(repr=False)
    depends_on: tuple[str, ...] = ()
    protect: bool = False
    moved_from: tuple[str, ...] = ()
    adopts: str = ""
    declared: Declared | None = field(default=None, repr=False)

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Everything it refers to, in the order of its fields; then `depends_on`."""
        found = [
            Use(reference.name, reference.attribute, str(path[0]), path)
            for path, reference in find(dict(self.settings))
            if reference.well_formed and reference.of_resource
        ]
        return (*found, *(Use(address) for address in self.depends_on))

    @cached_property
    def rules(self) -> Mapping[str, FieldRule]:
        """The rules of its kind's fields."""
        spec: type[Spec] = self.kind.spec
        return rules_of(spec)

    def wait_of(self, use: Use) -> Wait:
        """What the reference needs of its target."""
        return self.rules[use.field].wait if use.field else Wait.READY

    def resolved(self, resolve: Resolve) -> Resolved:
        """Its spec with the values that are known; fields that wait for others are named.

        Raises:
            ManifestError: a value does not fit where it was put.
        """
        settings = substitute(dict(self.settings), resolve)
        if not isinstance(settings, dict):  # pragma: no cover  substitute keeps the type
            raise TypeError(settings)
        waiting = frozenset(
            str(path[0])
            for path, reference in find(settings)
            if reference.well_formed and reference.name not in {"var", "env"}
        )
        plain = {
            name: value if name in waiting else unescape(value) for name, value in settings.items()
        }
        return Resolved(self._spec(plain), waiting)

    def _spec(self, settings: Mapping[str, JsonValue]) -> Spec:
        try:
            spec: Spec = self.kind.spec.model_validate_json(json.dumps(settings))
        except ValidationError as error:
            place = self.declared.place_of if self.declared else None
            raise ManifestError(problems_of(error, self.address, self.kind.spec, place)) from None
        return spec


@dataclass(frozen=True)
class Resolved:
    """A spec as far as it is known.

    Attributes:
        spec: references without a value stand in it as texts.
        waiting: the fields that hold such references.
    """

    spec: Spec
    waiting: frozenset[str] = frozenset()


@dataclass
class Stack:
    """A named set of resources with outputs.

    Args:
        name: letters, digits, hyphens; it is the key in the inventory and on every tag.
        tags: put on every resource that can be tagged; a resource's own tags win.
        folder: where relative code folders start.
        expires_at: when it may be torn down: an ISO time with its zone; empty: never.

    `digest` and `given` are those of the manifest that it was made of, if there is one.
    """

    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    folder: FilePath = field(default_factory=FilePath)
    expires_at: str = ""
    resources: dict[str, Resource] = field(default_factory=dict, init=False)
    outputs: dict[str, JsonValue] = field(default_factory=dict, init=False)
    digest: str = field(default="", init=False)
    given: Mapping[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        if not STACK_NAME.fullmatch(self.name):
            message = (
                f"{self.name!r} is no stack name: at most 64 letters, digits and hyphens, "
                "starting with a letter or digit."
            )
            raise ManifestError([Problem(message)])
        try:
            self.expires_at = iso(self.expires_at)
        except ValueError as error:
            raise ManifestError([Problem(f"expires_at: {error}.")]) from None

    @classmethod
    def of(cls, source: Source) -> Stack:
        """Give a manifest its meaning.

        Raises:
            ManifestError: with every problem found: kinds, fields, references.
        """
        try:
            stack = cls(source.name, dict(source.tags), source.folder, source.expires_at)
        except ManifestError as error:
            raise ManifestError(
                replace(item, place=source.place) for item in error.problems
            ) from None
        stack.digest, stack.given = source.digest, source.given
        problems: list[Problem] = []
        for declared in source.resources:
            problems += stack._declare(declared)
        stack.outputs.update(source.outputs)
        names = {declared.name for declared in source.resources}
        problems += stack.dangling(source, names - set(stack.resources))
        if problems:
            raise ManifestError(sorted(problems, key=_by_place))
        return stack

    def add(
        self,
        address: str,
        kind: str,
        *,
        depends_on: Sequence[str | Handle] = (),
        protect: bool = False,
        moved_from: str | Sequence[str] = (),
        adopts: str = "",
        **settings: Setting,
    ) -> Handle:
        """Want a resource.

        Args:
            address: its name in the stack; may be referred to before it is added.
            kind: e.g. `s3.bucket`.
            depends_on: resources that must be ready first without being referred to.
            protect: refuse to delete or replace it.
            moved_from: the address, or addresses, that it had before: its object stays, under the
                new one. Harmless once that is done.
            adopts: the id of the object that it is, where AWS made the id: counts until it is
                recorded, and only where adopting is allowed.
            **settings: the kind's fields; `${…}` texts or attributes of handles refer to others.

        Raises:
            ManifestError: the kind or a field is unknown, or a value does not fit.
        """
        if address in self.resources:
            raise ManifestError([Problem(f"There is already a resource {address!r}.")])
        declared = Declared(
            address,
            kind,
            {name: _plain(value) for name, value in settings.items()},
            tuple(str(other) for other in depends_on),
            protect,
            moved_from=(moved_from,) if isinstance(moved_from, str) else tuple(moved_from),
            adopts=adopts,
        )
        if problems := self._declare(declared):
            raise ManifestError(problems)
        return Handle(address, self.resources[address].kind)

    def output(self, name: str, value: Setting) -> None:
        """Tell a value after the run: `stack.output("url", stage.invoke_url)`."""
        self.outputs[name] = _plain(value)

    def check(self) -> None:
        """Refuse references that lead nowhere. Every plan begins with it.

        Raises:
            ManifestError: with every such reference.
        """
        if problems := self.dangling():
            raise ManifestError(problems)

    def _declare(self, declared: Declared) -> list[Problem]:
        """Add one resource; or say what is wrong with it."""
        if not ADDRESS.fullmatch(declared.name):
            message = f"{declared.name!r} is no resource name: a letter, then letters, digits, _ -"
            return [Problem(message, declared.place)]
        if declared.name in NO_RESOURCES:
            message = f"{declared.name!r} can't name a resource: ${{{declared.name}}} is taken."
            return [Problem(message, declared.place)]
        try:
            kind = kind_of(declared.kind)
        except PlanError as error:
            return [Problem(str(error), declared.place_of(("kind",)), error.hint)]
        resource = Resource(
            declared.name,
            kind,
            self._settings(declared, kind),
            declared.depends_on,
            declared.protect,
            declared.moved_from,
            declared.adopts,
            declared,
        )
        try:
            resource.resolved(lambda _: None)
        except ManifestError as error:
            return list(error.problems)
        if problems := _shown_secrets(declared, resource):
            return problems
        self.resources[declared.name] = resource
        return []

    def _settings(self, declared: Declared, kind: AnyType) -> dict[str, JsonValue]:
        settings = dict(declared.settings)
        own = settings.get("tags", {})
        if kind.taggable and self.tags and isinstance(own, dict):
            settings["tags"] = {**self.tags, **own}
        for name, info in kind.spec.model_fields.items():
            value = settings.get(name)
            if FOLDER in marks_of(info) and isinstance(value, str) and "${" not in value:
                settings[name] = str((self.folder / value).resolve())
        return settings

    def dangling(
        self, source: Source | None = None, broken: set[str] | None = None
    ) -> list[Problem]:
        """References to what is not there. Those to `broken` resources are told elsewhere."""
        excused = broken or set()
        problems = []
        for resource in self.resources.values():
            place_of = resource.declared.place_of if resource.declared else _nowhere
            for use in resource.uses:
                path = use.path or ("depends_on",)
                if use.target not in excused and (message := self._wrong(use)):
                    where = f"{resource.address}.{_dotted(path)}: "
                    problems.append(Problem(where + message, place_of(path)))
            problems += [
                Problem(f"{resource.address}.{_dotted(path)}: {message}", place_of(path))
                for path, reference in find(dict(resource.settings))
                if (message := _odd(reference))
            ]
            problems += [
                Problem(
                    f"{resource.address}.moved_from: {message}", place_of(("moved_from",)), hint
                )
                for message, hint in self._still_there(resource)
            ]
        places = source.output_places if source else {}
        for name, value in self.outputs.items():
            for _, reference in find(value):
                if reference.name == OTHER and (message := _odd(reference)):
                    problems.append(Problem(f"outputs.{name}: {message}", places.get(name)))
                use = Use(reference.name, reference.attribute)
                known = not reference.of_resource or use.target in excused
                if not known and (message := self._wrong(use)):
                    problems.append(Problem(f"outputs.{name}: {message}", places.get(name)))
        return problems

    def _still_there(self, resource: Resource) -> Iterator[tuple[str, str]]:
        """Former addresses that others have, or claim too: what is wrong, and what to do."""
        for old in resource.moved_from:
            if old in self.resources:
                yield f"{old!r} is wanted, too.", "Take away either that resource or moved_from."
            elif others := [
                other.address
                for other in self
                if old in other.moved_from and other.address != resource.address
            ]:
                yield f"{others[0]} was moved from {old!r}, too.", "Only one of them can be it."

    def _wrong(self, use: Use) -> str:
        if use.target not in self.resources:
            hint = nearest(use.target, self.resources)
            return f"there is no resource {use.target!r}. {hint}".rstrip()
        kind = self.resources[use.target].kind
        if use.field and not use.attribute:
            first = next(iter(kind.attributes))
            return f"write an attribute of it, such as ${{{use.target}.{first}}}."
        if use.attribute not in {*kind.attributes, ""}:
            hint = nearest(use.attribute, kind.attributes)
            return (
                f"{kind.kind} has no attribute {use.attribute!r}; it has "
                f"{', '.join(kind.attributes)}. {hint}"
            ).rstrip()
        return ""

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources.values())


def _shown_secrets(declared: Declared, resource: Resource) -> list[Problem]:
    """Fields in which a secret variable stands, and whose values are shown and stored."""
    keeps = [name for name, rule in resource.rules.items() if rule.secret]
    hint = f"Fields of {declared.kind} that keep a secret: {', '.join(keeps) or 'none'}."
    return [
        Problem(
            f"{declared.name}.{name}: a secret variable stands here, and this field is shown.",
            declared.place_of((name,)),
            hint,
        )
        for name in sorted(declared.secrets)
        if name not in keeps
    ]


def _plain(value: Setting) -> JsonValue:
    """The value as plain JSON, and a copy: what is changed afterwards does not matter."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


def _odd(reference: Reference) -> str:
    """What is wrong with the form of a reference in a stack; empty if nothing."""
    if not reference.well_formed:
        return f"{reference} is no reference; write $${{ for a literal ${{."
    if reference.name in TARGET_NAMES and reference.attribute:
        return f"{reference}: {reference.name} has no attributes."
    if reference.name == OTHER and not all(reference.output):
        return f"{reference}: write ${{stack.NAME.OUTPUT}}."
    if reference.name in {"var", "env"}:
        return f"{reference}: variables belong to manifests; in Python use the value itself."
    return ""


def _nowhere(_: Path) -> None:
    return None


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)


def _by_place(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (place.file, place.line, place.column) if place else ("", 0, 0)
