"""One wanted resource: its settings as they were written, and what they refer to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import JsonValue, ValidationError

from provisioner.errors import ManifestError, Place
from provisioner.lifecycle import AnyType, FieldRule, Spec, Wait, rules_of
from provisioner.manifest.references import Path, Reference, Resolve, find, substitute, unescape
from provisioner.manifest.source import Declared
from provisioner.stack.validation import problems_of


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

    def place_of(self, path: Path) -> Place | None:
        """Where in the manifest a setting stands, if it comes from one."""
        return self.declared.place_of(path) if self.declared else None

    @cached_property
    def _references(self) -> tuple[Reference, ...]:
        return tuple(reference for _, reference in find(dict(self.settings)))

    @cached_property
    def _latest(self) -> list[tuple[list[JsonValue | None], Resolved]]:
        """The latest answers of its references with what came of them: mostly asked for again."""
        return []

    def resolved(self, resolve: Resolve) -> Resolved:
        """Its spec with the values that are known; fields that wait for others are named.

        Raises:
            ManifestError: a value does not fit where it was put.
        """
        answers = [resolve(reference) for reference in self._references]
        for known, resolved in self._latest:
            if known == answers:
                return resolved
        resolved = self._resolve(resolve)
        self._latest[:] = [(answers, resolved)]
        return resolved

    def _resolve(self, resolve: Resolve) -> Resolved:
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
