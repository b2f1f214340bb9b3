"""Secret values never leave the process: what is stored of them can only be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from pydantic import JsonValue

from provisioner.lifecycle import Difference, Spec, rules_of

SEALED = "sealed:"
"""Begins every text that stands for a secret."""


def sealed(spec: type[Spec], settings: Mapping[str, JsonValue], salt: str) -> dict[str, JsonValue]:
    """The settings with every secret field's value replaced by its salted SHA-256.

    Keys of a secret mapping stay readable: the names of environment variables are no secret.
    """
    rules = rules_of(spec)
    return {
        name: _seal(value, salt) if name in rules and rules[name].secret else value
        for name, value in settings.items()
    }


def _seal(value: JsonValue, salt: str) -> JsonValue:
    if isinstance(value, dict):
        return {key: _seal(item, salt) for key, item in value.items()}
    if isinstance(value, list):
        return [_seal(item, salt) for item in value]
    if value is None:
        return None
    digest = hashlib.sha256(f"{salt}\0{json.dumps(value, sort_keys=True)}".encode())
    return SEALED + digest.hexdigest()[:32]


def masked(difference: Difference) -> Difference:
    """The difference as it may be shown and stored: a secret one tells only that it changes."""
    if not difference.secret:
        return difference
    return Difference(
        difference.field,
        None if difference.before is None else "(secret)",
        None if difference.after is None else "(secret)",
        replace=difference.replace,
        secret=True,
        unknown=difference.unknown,
    )
