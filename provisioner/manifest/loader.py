"""Load a manifest: files, overlay, variables and environment become one `Source`.

Nothing of AWS is asked, nothing is looked up outside the given files and the given environment.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

from pydantic import JsonValue

from provisioner.errors import ManifestError, Place, Problem, nearest
from provisioner.manifest.expiry import iso
from provisioner.manifest.files import Draft, Entry, read, read_values
from provisioner.manifest.references import OTHER, Path, Reference, find, substitute
from provisioner.manifest.source import Declared, Source
from provisioner.manifest.variables import OVERLAY, Given, declaration, value_from_outside, value_of

RESERVED = ("kind", "depends_on", "protect", "moved_from", "adopts", "when")


def load(
    path: FilePath | str,
    *,
    overlay: str | None = None,
    variables: Mapping[str, str] | None = None,
    variable_files: Sequence[FilePath] = (),
    environment: Mapping[str, str] | None = None,
) -> Source:
    """Read a manifest.

    Args:
        path: a file, or a folder whose YAML files are one manifest.
        overlay: name of a file in `overlays/`, laid over it.
        variables: values given by hand; they win over all others.
        variable_files: files of values; a later one wins.
        environment: what `${env.X}` and a variable's `env` may see; nothing by default.

    Raises:
        ManifestError: with every problem found, in the order of the files.
    """
    draft = read(FilePath(path), overlay)
    reading = _Reading(draft, environment or {}, problems=draft.problems)
    given = _given(draft, variables or {}, variable_files)
    reading.evaluate(given)
    source = reading.source()
    if reading.problems:
        raise ManifestError(sorted(reading.problems, key=_by_place))
    return source


@dataclass
class _Reading:
    """A draft on its way to a source."""

    draft: Draft
    environment: Mapping[str, str]
    values: dict[str, JsonValue] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    given: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def evaluate(self, given: Mapping[str, Sequence[Given]]) -> None:
        """Give every variable its value."""
        declared = self.draft.sections["variables"]
        for name, entry in declared.items():
            entry.value = self._with_environment(entry, f"variables.{name}")
            variable, problems = declaration(name, entry.value, entry.place)
            if variable is not None and not problems:
                value, problems = value_of(variable, given.get(name, ()), self.environment)
                self.values[name] = value
                self.secrets |= {name} if variable.secret else set()
                outside = value_from_outside(variable, given.get(name, ()), self.environment)
                self.given |= {} if variable.secret or outside is None else {name: outside}
            if problems:
                self.broken.add(name)
            self.problems += problems
        for name, values in given.items():
            if name not in declared:
                message = f"There is no variable {name!r} ({values[0].origin})."
                self.problems.append(Problem(message, values[0].place, nearest(name, declared)))

    def source(self) -> Source:
        """The source, as far as nothing is wrong with it."""
        sections = self.draft.sections
        self.others = self._texts("stacks")
        tags = self._texts("tags")
        resources = [
            resource
            for name, entry in sections["resources"].items()
            if (resource := self._resource(name, entry))
        ]
        outputs = {
            name: value
            for name, entry in sections["outputs"].items()
            if (value := self._output(name, entry)) is not None
        }
        absent = set(sections["resources"]) - {resource.name for resource in resources}
        resources = [_without(resource, absent) for resource in resources]
        name = self._name()
        stack = self.draft.texts.get("stack")
        expires_at = self._expires_at()
        return Source(
            name=name,
            folder=self.draft.folder,
            tags=tags,
            resources=tuple(resources),
            outputs=outputs,
            output_places={key: sections["outputs"][key].place for key in outputs},
            digest=_digest(name, tags, resources, outputs, expires_at),
            given=self.given,
            place=stack.place if stack else None,
            expires_at=expires_at,
        )

    def _name(self) -> str:
        entry = self.draft.texts.get("stack")
        if entry is None:
            place = Place(str(self.draft.folder))
            if self.draft.whole:
                self.problems.append(
                    Problem("The manifest has no name.", place, "Give it one: stack: NAME.")
                )
            return ""
        value = self._value(entry, "stack")
        if not isinstance(value, str):
            self.problems.append(Problem("stack wants a text.", entry.place))
            return ""
        return value

    def _expires_at(self) -> str:
        entry = self.draft.texts.get("expires_at")
        if entry is None:
            return ""
        value = self._value(entry, "expires_at")
        try:
            return iso(value if isinstance(value, str) else json.dumps(value))
        except ValueError as error:
            self.problems.append(Problem(f"expires_at: {error}.", entry.place))
            return ""

    def _texts(self, section: str) -> dict[str, str]:
        found = {}
        for name, entry in self.draft.sections[section].items():
            value = self._value(entry, f"{section}.{name}")
            if isinstance(value, str):
                found[name] = value
            else:
                message = f"{section}.{name} wants a text, not {json.dumps(value)}."
                self.problems.append(Problem(message, entry.place, "Put it in quotes."))
        return found

    def _output(self, name: str, entry: Entry) -> JsonValue:
        value = self._value(entry, f"outputs.{name}")
        if isinstance(value, dict) and set(value) <= {"value", "when", "description"}:
            if not self._exists(value, entry, f"outputs.{name}"):
                return None
            value = value.get("value")
        if value is None:
            self.problems.append(Problem(f"outputs.{name} has no value.", entry.place))
        return value

    def _resource(self, name: str, entry: Entry) -> Declared | None:
        value = self._value(entry, name, fields=True)
        if not isinstance(value, dict):
            self.problems.append(Problem(f"{name} wants a mapping with a kind.", entry.place))
            return None
        kind = value.get("kind")
        if not isinstance(kind, str):
            hint = "For example kind: s3.bucket; see all of them with: kinds."
            message = f"{name} has no kind." if kind is None else f"{name}.kind wants a text."
            self.problems.append(Problem(message, entry.place_of(("kind",)), hint))
            return None
        if not self._exists(value, entry, name):
            return None
        return Declared(
            name,
            kind,
            {key: item for key, item in value.items() if key not in RESERVED},
            self._names(value, entry, name, "depends_on"),
            self._boolean(value, entry, name, "protect"),
            self._names(value, entry, name, "moved_from"),
            self._adopts(value, entry, name),
            frozenset(str(path[0]) for path, _ in self._secret(entry) if path),
            entry.place,
            entry.places,
        )

    def _exists(self, value: Mapping[str, JsonValue], entry: Entry, where: str) -> bool:
        when = value.get("when", True)
        if isinstance(when, bool):
            return when
        if isinstance(when, str) and not [*find(when)]:
            return when not in {"", "false"}
        message = f"{where}.when wants true, false or a text made of variables."
        self.problems.append(Problem(message, entry.place_of(("when",))))
        return False

    def _names(
        self, value: Mapping[str, JsonValue], entry: Entry, where: str, key: str
    ) -> tuple[str, ...]:
        named = value.get(key, [])
        listed = [named] if isinstance(named, str) else named
        if isinstance(listed, list) and all(isinstance(item, str) for item in listed):
            return tuple(str(item) for item in listed)
        message = f"{where}.{key} wants names of resources."
        self.problems.append(Problem(message, entry.place_of((key,))))
        return ()

    def _adopts(self, value: Mapping[str, JsonValue], entry: Entry, where: str) -> str:
        found = value.get("adopts", "")
        if isinstance(found, str):
            return found
        message = f"{where}.adopts wants the id of an object."
        self.problems.append(Problem(message, entry.place_of(("adopts",))))
        return ""

    def _boolean(self, value: Mapping[str, JsonValue], entry: Entry, where: str, key: str) -> bool:
        found = value.get(key, False)
        if isinstance(found, bool):
            return found
        self.problems.append(Problem(f"{where}.{key} wants true or false.", entry.place_of((key,))))
        return False

    def _value(self, entry: Entry, where: str, *, fields: bool = False) -> JsonValue:
        """The entry's value with variables and environment put in.

        Args:
            entry: what is written.
            where: its name in messages.
            fields: it is a resource, whose kind says later which of its fields keep a secret.
        """
        for path, reference in find(entry.value):
            self._check(reference, entry, where, path)
        for path, reference in self._secret(entry):
            kept = fields and path and path[0] not in RESERVED
            if not kept or str(reference) in str(path[-1]):
                message = f"{_dotted(where, path)}: {reference} is secret and would be shown here."
                self.problems.append(Problem(message, entry.place_of(path)))
        return substitute(entry.value, self._resolve)

    def _secret(self, entry: Entry) -> list[tuple[Path, Reference]]:
        """Where secret variables stand in an entry."""
        return [
            (path, reference)
            for path, reference in find(entry.value)
            if reference.name == "var" and reference.attribute in self.secrets
        ]

    def _with_environment(self, entry: Entry, where: str) -> JsonValue:
        """A declaration may use the environment and nothing else."""
        for path, reference in find(entry.value):
            if reference.name == "env":
                self._check(reference, entry, where, path)
            else:
                message = f"{_dotted(where, path)}: {reference} can't stand in a declaration."
                self.problems.append(Problem(message, entry.place_of(path)))
        return substitute(entry.value, self._resolve)

    def _check(self, reference: Reference, entry: Entry, where: str, path: Path) -> None:
        message, hint = self._wrong(reference)
        if message:
            self.problems.append(
                Problem(f"{_dotted(where, path)}: {message}", entry.place_of(path), hint)
            )

    def _wrong(self, reference: Reference) -> tuple[str, str]:
        declared = self.draft.sections["variables"]
        if not reference.well_formed:
            return f"{reference} is no reference.", "Write $${ for a literal ${."
        if reference.name == "var" and reference.attribute not in declared:
            return f"there is no variable {reference.attribute!r}.", nearest(
                reference.attribute, declared
            )
        missing = not self.environment.get(reference.attribute) and reference.default is None
        if reference.name == "env" and missing:
            name = reference.attribute
            return (
                f"the environment variable {name} is not set.",
                f"Set it, or write ${{env.{name}:-DEFAULT}}.",
            )
        return "", ""

    def _resolve(self, reference: Reference) -> JsonValue | None:
        if reference.name == "var":
            return self.values.get(reference.attribute)
        if reference.name == "env":
            found = self.environment.get(reference.attribute)
            return found.replace("${", "$${") if found else reference.default
        if reference.name == OTHER:
            short, output = reference.output
            return f"${{{OTHER}.{self.others.get(short, short)}.{output}}}"
        return None


def _without(resource: Declared, absent: set[str]) -> Declared:
    """Nothing has to wait for what `when` says not to exist."""
    depends_on = tuple(name for name in resource.depends_on if name not in absent)
    return replace(resource, depends_on=depends_on)


def _given(
    draft: Draft, variables: Mapping[str, str], files: Sequence[FilePath]
) -> dict[str, list[Given]]:
    """Values by variable, the strongest first."""
    given: dict[str, list[Given]] = {
        name: [Given(value, "--var")] for name, value in variables.items()
    }
    for file in reversed(files):
        entries, _ = read_values(file)
        for name, entry in entries.items():
            given.setdefault(name, []).append(Given(entry.value, str(file), entry.place))
    for name, entry in draft.overlay_values.items():
        given.setdefault(name, []).append(Given(entry.value, OVERLAY, entry.place))
    return given


def _digest(
    name: str,
    tags: Mapping[str, str],
    resources: Sequence[Declared],
    outputs: Mapping[str, JsonValue],
    expires_at: str,
) -> str:
    content: list[JsonValue] = [
        name,
        dict(tags),
        [
            [r.name, r.kind, _open(r), [*r.depends_on], r.protect, [*r.moved_from], r.adopts]
            for r in resources
        ],
        dict(outputs),
        *([expires_at] if expires_at else []),
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _open(resource: Declared) -> dict[str, JsonValue]:
    """The settings without those in which a secret stands."""
    return {name: v for name, v in resource.settings.items() if name not in resource.secrets}


def _dotted(where: str, path: Path) -> str:
    return ".".join([where, *map(str, path)])


def _by_place(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (place.file, place.line, place.column) if place else ("", 0, 0)
