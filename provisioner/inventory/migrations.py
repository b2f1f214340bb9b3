"""Old forms of rows, brought up to date when they are read: one function per step."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import JsonValue

from provisioner.inventory.records import RECORD_VERSION

Body = dict[str, JsonValue]
Step = Callable[[Body], Body]


def _tags_by_key(body: Body) -> Body:
    """Records kept the keys of the tags that we set, not their values."""
    keys = body.pop("tag_keys", None)
    if isinstance(keys, list):
        body["tags"] = {str(key): None for key in keys}
    return body


def _never_moved(body: Body) -> Body:
    """Records could not be moved, so none of them says from where it was."""
    return body


def _never_expired(body: Body) -> Body:
    """Stacks had no end, so no run tells of one."""
    return body


STEPS: Mapping[int, Step] = {1: _tags_by_key, 2: _never_moved, 3: _never_expired}
"""From version n to n + 1."""


class NewerVersionError(ValueError):
    """A newer version of this package wrote the row."""


def migrated(
    body: Body, *, steps: Mapping[int, Step] = STEPS, current: int = RECORD_VERSION
) -> Body:
    """The row in its current form. One that names no version is of the first.

    Raises:
        NewerVersionError: this version of the package does not know its form.
        ValueError: its version is none, or a step is missing.
    """
    version = body.get("version", 1)
    if not isinstance(version, int):
        message = f"{version!r} is no version"
        raise ValueError(message)  # noqa: TRY004  told like any other damage
    if version > current:
        message = f"it has version {version}, and this provisioner knows versions up to {current}"
        raise NewerVersionError(message)
    body = dict(body)
    while version < current:
        if version not in steps:
            message = f"nothing leads from version {version} to {version + 1}"
            raise ValueError(message)
        body = steps[version](body)
        version += 1
    return {**body, "version": current}
