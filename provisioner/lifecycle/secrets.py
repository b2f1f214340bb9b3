"""Secret values never leave the process: what is stored of them can only be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

from pydantic import JsonValue

from provisioner.lifecycle import Difference, Spec, marks_of, rules_of
from provisioner.lifecycle.fields import FOLDER

SEALED = "sealed:"
"""Begins every text that stands for a secret."""


def sealed(spec: type[Spec], settings: Mapping[str, JsonValue], salt: str) -> dict[str, JsonValue]:
    """The settings as they may be stored.

    Every secret field's value is replaced by its salted SHA-256; keys of a secret mapping stay
    readable: the names of environment variables are no secret. A folder is replaced by the digest
    of what it holds, since it will hold something else tomorrow.
    """
    rules = rules_of(spec)

    def form(name: str, value: JsonValue) -> JsonValue:
        if name not in rules:
            return value
        if rules[name].secret:
            return _seal(value, salt)
        return rules[name].canonical(value) if is_folder(spec, name) else value

    return {name: form(name, value) for name, value in settings.items()}


def is_folder(spec: type[Spec], name: str) -> bool:
    """Whether a field names a folder whose content is what counts."""
    return FOLDER in marks_of(spec.model_fields[name])


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
    return replace(
        difference,
        before=None if difference.before is None else "(secret)",
        after=None if difference.after is None else "(secret)",
        applied=None,
    )
