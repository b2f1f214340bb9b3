"""Old forms of rows, brought up to date when they are read: one function per step."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import JsonValue

from provisioner.inventory.records import RECORD_VERSION

Body = dict[str, JsonValue]
Step = Callable[[Body], Body]

STEPS: Mapping[int, Step] = {}
"""From version n to n + 1."""


def migrated(
    body: Body, *, steps: Mapping[int, Step] = STEPS, current: int = RECORD_VERSION
) -> Body:
    """The row in its current form.

    Raises:
        ValueError: it was written by a newer version than this one, or a step is missing.
    """
    version = body.get("version", current)
    if not isinstance(version, int) or version > current:
        message = f"it has version {version}, and this provisioner knows versions up to {current}"
        raise ValueError(message)
    while version < current:
        if version not in steps:
            message = f"nothing leads from version {version} to {version + 1}"
            raise ValueError(message)
        body = steps[version](body)
        version += 1
    return {**body, "version": current} if "version" in body else body
