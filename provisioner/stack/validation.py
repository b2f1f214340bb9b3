"""pydantic's findings as problems of a manifest: the place, the sentence, the nearest field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError

from provisioner.errors import Place, Problem, nearest
from provisioner.lifecycle import Spec, rules_of
from provisioner.manifest.references import Path

PlaceOf = Callable[[Path], Place | None]

_WORDS = {
    "string_type": "wants a text",
    "int_type": "wants a whole number",
    "int_from_float": "wants a whole number",
    "float_type": "wants a number",
    "bool_type": "wants true or false",
    "dict_type": "wants a mapping",
    "list_type": "wants a list",
    "tuple_type": "wants a list",
    "model_type": "wants a mapping",
    "model_attributes_type": "wants a mapping",
}


def problems_of(
    error: ValidationError,
    address: str,
    model: type[BaseModel],
    place_of: PlaceOf | None = None,
) -> list[Problem]:
    """One problem per finding."""
    return [
        _problem(dict(finding), address, model, place_of)
        for finding in error.errors(include_url=False)
    ]


def _problem(
    finding: dict[str, Any], address: str, model: type[BaseModel], place_of: PlaceOf | None
) -> Problem:
    path = _path(finding["loc"])
    place = place_of(path) if place_of else None
    where = ".".join([address, *map(str, path)])
    kind = finding["type"]
    if kind == "extra_forbidden":
        fields = _fields_at(model, path[:-1])
        name = str(path[-1])
        message = f"{where}: there is no field {name!r}."
        hint = nearest(name, fields) or f"There are: {', '.join(sorted(fields))}."
        return Problem(message, place, hint)
    if kind == "missing":
        return Problem(f"{where} is missing.", place)
    if _secret(model, path):
        return Problem(f"{where}: the value (which is secret) does not fit: {kind}.", place)
    return Problem(f"{where}: {_sentence(finding)}.", place)


def _secret(model: type[BaseModel], path: Path) -> bool:
    if not issubclass(model, Spec) or not path:
        return False
    rule = rules_of(model).get(str(path[0]))
    return rule is not None and rule.secret


def _sentence(finding: dict[str, Any]) -> str:
    kind = finding["type"]
    given = finding.get("input")
    if kind in _WORDS:
        return f"{_WORDS[kind]}, not {_shown(given)}"
    if kind in {"literal_error", "enum"}:
        expected = str(finding.get("ctx", {}).get("expected", ""))
        allowed = [word.strip().strip("'") for word in expected.replace(" or ", ",").split(",")]
        hint = nearest(str(given), allowed)
        return f"{_shown(given)} is not one of {expected}. {hint}".rstrip(" .?") + (
            "?" if hint else ""
        )
    message = str(finding["msg"]).removeprefix("Value error, ")
    if kind == "value_error":
        return message.rstrip(".")
    return f"{message[:1].lower()}{message[1:]}, not {_shown(given)}"


def _shown(value: object) -> str:
    """A value as the person wrote it, cut short; what is large is named by its type."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…'"


def _path(loc: tuple[str | int, ...]) -> Path:
    """The place in the settings, without the marks that pydantic adds for unions and keys."""
    return tuple(part for part in loc if isinstance(part, int) or _is_key(part))


def _is_key(part: str) -> bool:
    return part != "[key]" and not part.startswith(("function-", "dict[", "list[", "tuple["))


def _fields_at(model: type[BaseModel], path: Path) -> list[str]:
    """The fields of the nested model at a path."""
    current: type[BaseModel] = model
    for part in path:
        if isinstance(part, int) or part not in current.model_fields:
            continue
        nested = _model_in(current.model_fields[part].annotation)
        if nested is not None:
            current = nested
    return [info.alias or name for name, info in current.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if (found := _model_in(argument)) is not None:
            return found
    return None
