"""Check a JSON value against a schema: every problem, each with its field and a reason.

A reason says what would be right and never repeats the value: values are health information.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple, TypeAlias

from model import Schema

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


class Problem(NamedTuple):
    """What is wrong with one field, e.g. `patient.birth_date` or `observations[2].value`."""

    field: str
    reason: str


def problems(value: Json, schema: Schema, field: str = "") -> Iterator[Problem]:
    """Yield what keeps `value` from being what `schema` describes; nothing when it is.

    Args:
        value: parsed JSON.
        schema: the model of it.
        field: where the value stands in the whole; empty for the whole itself.
    """
    match schema["type"], value:
        case "object", dict():
            yield from _object_problems(value, schema, field)
        case "array", list():
            yield from _array_problems(value, schema, field)
        case "string", str():
            yield from (Problem(field, reason) for reason in _text_reasons(value, schema))
        case "number", int() | float() if not isinstance(value, bool):
            yield from (Problem(field, reason) for reason in _number_reasons(value, schema))
        case wanted, _:
            yield Problem(field, f"must be a JSON {wanted}")


def utc(moment: str) -> datetime:
    """Return an RFC 3339 date-time in UTC.

    Raises:
        ValueError: it is none, has no zone, or lies outside of what a calendar holds.
    """
    if not _DATE_TIME.fullmatch(moment):
        raise ValueError("not an RFC 3339 date-time")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside of the calendar") from error


def _object_problems(value: dict[str, Json], schema: Schema, field: str) -> Iterator[Problem]:
    properties = schema["properties"]
    for name in schema.get("required", []):
        if name not in value:
            yield Problem(_inside(field, name), "is required")
    for name, member in value.items():
        if name in properties:
            yield from problems(member, properties[name], _inside(field, name))
        else:
            yield Problem(_inside(field, name), "is not a known field")


def _array_problems(value: list[Json], schema: Schema, field: str) -> Iterator[Problem]:
    if len(value) < schema.get("minItems", 0):
        yield Problem(field, f"must have at least {schema['minItems']} items")
    if len(value) > schema.get("maxItems", math.inf):
        yield Problem(field, f"must have at most {schema['maxItems']} items")
        return
    for place, item in enumerate(value):
        yield from problems(item, schema["items"], f"{field}[{place}]")


def _text_reasons(value: str, schema: Schema) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"must be one of {', '.join(schema['enum'])}"
    if len(value) < schema.get("minLength", 0):
        yield f"must have at least {schema['minLength']} characters"
    if len(value) > schema.get("maxLength", math.inf):
        yield f"must have at most {schema['maxLength']} characters"
    if "pattern" in schema and not re.fullmatch(schema["pattern"], value, re.ASCII):
        yield f"must match {schema['pattern']}"
    if schema.get("format") == "date" and not _is_date(value):
        yield "must be a date like 1970-12-31"
    if schema.get("format") == "date-time" and not _is_date_time(value):
        yield "must be a date and time with a zone like 2026-01-31T12:00:00Z"


def _number_reasons(value: float, schema: Schema) -> Iterator[str]:
    if value < schema.get("minimum", -math.inf):
        yield f"must be at least {schema['minimum']:g}"
    if value > schema.get("maximum", math.inf):
        yield f"must be at most {schema['maximum']:g}"


def _is_date(value: str) -> bool:
    if not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_date_time(value: str) -> bool:
    try:
        utc(value)
    except ValueError:
        return False
    return True


def _inside(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name
