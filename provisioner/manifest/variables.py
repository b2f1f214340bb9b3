"""A manifest's variables: declared with type, default and limits; given from five sides.

What is given by hand wins: `--var`, then `--var-file`, then the overlay, then the environment,
then the default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from provisioner.errors import Place, Problem, nearest
from provisioner.manifest.references import escape

TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list,),
    "map": (dict,),
}
OVERLAY = "overlay"
KEYS = ("type", "default", "env", "pattern", "allowed", "secret", "description")


@dataclass(frozen=True, slots=True)
class Variable:
    """One declared variable.

    Attributes:
        name: as `${var.name}`.
        type: one of `TYPES`.
        default: its value when nothing gives one; None: it must be given.
        env: the environment variable that may give it.
        pattern: what a text must match as a whole.
        allowed: the values it may have; empty: any.
        secret: its value is told nowhere, and may stand only in fields that keep a secret.
        place: of its declaration.
    """

    name: str
    type: str = "string"
    default: JsonValue = None
    env: str = ""
    pattern: str = ""
    allowed: tuple[JsonValue, ...] = ()
    secret: bool = False
    place: Place | None = None

    def shown(self, value: str) -> str:
        """The value as a message may quote it."""
        return "the value, which is secret," if self.secret else value


@dataclass(frozen=True, slots=True)
class Given:
    """A value for a variable, and where it comes from.

    Attributes:
        value: a text is read as the variable's type.
        origin: in words: `--var`, a file.
        place: where it stands, if it stands in a file.
    """

    value: JsonValue = field(repr=False)
    origin: str
    place: Place | None = None


def declaration(
    name: str, value: JsonValue, place: Place | None
) -> tuple[Variable | None, list[Problem]]:
    """Read `name: {type, default, env, pattern, allowed, secret}`; a plain value is a default."""
    where = f"variables.{name}"
    if not isinstance(value, dict):
        if value is None:
            return Variable(name, place=place), []
        return Variable(name, _type_of(value), value, place=place), []
    problems = [
        Problem(f"{where}: there is no key {key!r}.", place, nearest(key, KEYS) or _known())
        for key in value
        if key not in KEYS
    ]
    kind = value.get("type", _type_of(value["default"]) if "default" in value else "string")
    if kind not in TYPES:
        message = f"{where}.type: {kind!r} is not one of {', '.join(TYPES)}."
        return None, [*problems, Problem(message, place, nearest(str(kind), TYPES))]
    env, pattern, allowed = value.get("env", ""), value.get("pattern", ""), value.get("allowed", [])
    if not isinstance(env, str) or not isinstance(pattern, str) or not isinstance(allowed, list):
        message = f"{where}: env and pattern are texts, allowed is a list."
        return None, [*problems, Problem(message, place)]
    secret = value.get("secret", False)
    if not isinstance(secret, bool):
        problems.append(Problem(f"{where}.secret wants true or false.", place))
    if "default" in value and value["default"] is None:
        problems.append(Problem(f"{where}.default is empty.", place, 'Write "" for an empty text.'))
    try:
        re.compile(pattern)
    except re.error as error:
        problems.append(Problem(f"{where}.pattern is no regular expression: {error}.", place))
    default, hidden = value.get("default"), secret is True
    variable = Variable(name, str(kind), default, env, pattern, tuple(allowed), hidden, place)
    return variable, problems


def value_of(
    variable: Variable, given: Sequence[Given], environment: Mapping[str, str]
) -> tuple[JsonValue, list[Problem]]:
    """The value of a variable, checked.

    Args:
        variable: the declaration.
        given: what gives it a value, the strongest first.
        environment: the process's.
    """
    candidates = [*given]
    if variable.env and environment.get(variable.env):
        candidates.append(Given(environment[variable.env], f"environment {variable.env}"))
    if variable.default is not None:
        candidates.append(Given(variable.default, "default", variable.place))
    if not candidates:
        hint = f"Give it: --var {variable.name}=VALUE"
        hint += f", or set {variable.env}." if variable.env else "."
        message = f"Variable {variable.name!r} has no value."
        return None, [Problem(message, variable.place, hint)]
    chosen = candidates[0]
    try:
        value = _typed(variable, chosen)
        _check(variable, value)
    except ValueError as error:
        message = f"Variable {variable.name!r} ({chosen.origin}): {error}."
        return None, [Problem(message, chosen.place or variable.place)]
    return (value if chosen.origin == "default" else escape(value)), []


def value_from_outside(
    variable: Variable, given: Sequence[Given], environment: Mapping[str, str]
) -> str | None:
    """The value that no file of the manifest holds, as `--var` would be given it; None if one does.

    Arguments are those of `value_of`.
    """
    if given:
        value = given[0].value
        if given[0].origin == OVERLAY:
            return None
        return value if isinstance(value, str) else json.dumps(value)
    return environment.get(variable.env) or None


def _typed(variable: Variable, given: Given) -> JsonValue:
    value = given.value
    if variable.type != "string" and isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            message = f"{variable.shown(repr(given.value))} is no {variable.type}"
            raise ValueError(message) from None
    fits = isinstance(value, TYPES[variable.type])
    if isinstance(value, bool) and variable.type != "boolean":
        fits = False
    if not fits:
        message = f"{variable.shown(json.dumps(value))} is no {variable.type}"
        if variable.type == "string":
            message += "; put it in quotes"
        raise ValueError(message)
    return value


def _check(variable: Variable, value: JsonValue) -> None:
    if variable.pattern and isinstance(value, str) and not re.fullmatch(variable.pattern, value):
        message = f"{variable.shown(repr(value))} does not match {variable.pattern}"
        raise ValueError(message)
    if variable.allowed and value not in variable.allowed:
        if variable.secret:
            message = "the value, which is secret, is not one of those allowed"
            raise ValueError(message)
        allowed = ", ".join(json.dumps(item) for item in variable.allowed)
        hint = nearest(str(value), [str(item) for item in variable.allowed]).rstrip("?")
        message = f"{json.dumps(value)} is not one of {allowed}" + (f" ({hint}?)" if hint else "")
        raise ValueError(message)


def _type_of(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "boolean"
    for name, types in TYPES.items():
        if isinstance(value, types):
            return name
    return "string"


def _known() -> str:
    return f"There are: {', '.join(KEYS)}."
