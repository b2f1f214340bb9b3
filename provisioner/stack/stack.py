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

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import TypeAlias

from pydantic import JsonValue

from provisioner.errors import ManifestError, PlanError, Problem, nearest
from provisioner.lifecycle import AnyType, marks_of
from provisioner.lifecycle.fields import FOLDER
from provisioner.manifest.expiry import iso
from provisioner.manifest.references import (
    NO_RESOURCES,
)
from provisioner.manifest.source import Declared, Source
from provisioner.registry import kind_of
from provisioner.stack.dangling import dangling
from provisioner.stack.resource import Resource

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
        problems += dangling(
            stack.resources, stack.outputs, source.output_places, names - set(stack.resources)
        )
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
        if problems := dangling(self.resources, self.outputs, {}):
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


def _by_place(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (place.file, place.line, place.column) if place else ("", 0, 0)
