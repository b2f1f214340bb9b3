"""One form for everything AWS may write in several: policies, sets, absent and empty, JSON text.

Comparing is done on canonical forms only. A form is bound to a spec field by putting it into the
field's `Annotated` type: `Annotated[list[str], UNORDERED]`.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import JsonValue

Json: TypeAlias = JsonValue

ACCOUNT_ID = re.compile(r"^\d{12}$")
ROOT_ARN = re.compile(r"^arn:[^:]+:iam::(\d{12}):root$")


@dataclass(frozen=True, slots=True)
class Canonical:
    """A mark that gives a field its form of comparison."""

    form: Callable[[JsonValue], JsonValue]


def without_empties(value: JsonValue) -> JsonValue:
    """Drop what is absent or empty, at every depth: AWS does not tell them apart."""
    if isinstance(value, Mapping):
        kept = {key: without_empties(item) for key, item in value.items()}
        return {key: item for key, item in sorted(kept.items()) if item is not None} or None
    if isinstance(value, list | tuple):
        return [without_empties(item) for item in value] or None
    return None if value == "" else value


def as_set(value: JsonValue) -> JsonValue:
    """A list whose order and repetitions mean nothing."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return without_empties(value)
    unique = {sort_key(item): without_empties(item) for item in value}
    return [unique[key] for key in sorted(unique)] or None


def as_network(value: JsonValue) -> JsonValue:
    """A CIDR block as AWS stores it: `10.0.1.5/16` is `10.0.0.0/16`."""
    if not isinstance(value, str) or "${" in value:
        return value
    return str(ipaddress.ip_network(value, strict=False))


def as_json_text(value: JsonValue) -> JsonValue:
    """JSON given as text or as data: compared as data."""
    if isinstance(value, str) and value:
        try:
            return without_empties(json.loads(value))
        except ValueError:
            return value
    return without_empties(value)


def as_policy(value: JsonValue) -> JsonValue:
    """An IAM policy document by its meaning.

    Order of statements, actions and resources, single values against lists of one, account ids
    against root ARNs, `"*"` against `{"AWS": "*"}`, booleans against their text, and a missing
    Version do not matter. Sids and the Id are kept: they are how people find a statement.
    """
    document = as_json_text(value)
    if not isinstance(document, dict):
        return document
    statements = document.get("Statement") or []
    listed = statements if isinstance(statements, list) else [statements]
    canonical = [_statement(item) for item in listed if isinstance(item, dict)]
    named: dict[str, JsonValue] = {"Id": document["Id"]} if document.get("Id") else {}
    return {
        **named,
        "Version": document.get("Version", "2012-10-17"),
        "Statement": sorted(canonical, key=sort_key),
    }


def as_policies(value: JsonValue) -> JsonValue:
    """Policies by name, each by its meaning."""
    if not isinstance(value, dict):
        return value
    return {name: as_policy(policy) for name, policy in sorted(value.items())} or None


def sort_key(value: JsonValue) -> str:
    """A total order over JSON values."""
    return json.dumps(value, sort_keys=True, default=str)


def _statement(statement: Mapping[str, JsonValue]) -> JsonValue:
    canonical: dict[str, JsonValue] = {}
    for key, value in sorted(statement.items()):
        if key in {"Action", "NotAction", "Resource", "NotResource"}:
            canonical[key] = _texts(value)
        elif key in {"Principal", "NotPrincipal"}:
            canonical[key] = _principal(value)
        elif key == "Condition" and isinstance(value, dict):
            canonical[key] = {op: _condition(test) for op, test in sorted(value.items())}
        elif value not in (None, ""):
            canonical[key] = value
    return canonical


def _texts(value: JsonValue) -> list[JsonValue]:
    listed = value if isinstance(value, list) else [value]
    texts = {
        ("true" if item else "false") if isinstance(item, bool) else str(item) for item in listed
    }
    return [*sorted(texts)]


def _principal(value: JsonValue) -> JsonValue:
    if value == "*":
        return {"AWS": ["*"]}
    if not isinstance(value, dict):
        return value
    return {
        kind: [*sorted({_account(str(who)) for who in _texts(names)})]
        for kind, names in sorted(value.items())
    }


def _account(principal: str) -> str:
    root = ROOT_ARN.match(principal)
    return root.group(1) if root else principal


def _condition(test: JsonValue) -> JsonValue:
    if not isinstance(test, dict):
        return test
    return {key.lower(): _texts(values) for key, values in sorted(test.items())}


UNORDERED = Canonical(as_set)
NETWORK = Canonical(as_network)
JSON_TEXT = Canonical(as_json_text)
POLICY = Canonical(as_policy)
POLICIES = Canonical(as_policies)
