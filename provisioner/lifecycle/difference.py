"""The difference between what is wanted and what AWS has, once for all kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from provisioner.lifecycle.canonical import Json
from provisioner.lifecycle.marks import rules_of
from provisioner.lifecycle.observed import Observed
from provisioner.lifecycle.spec import Hidden, Settings, Spec


class Origin(StrEnum):
    """Where a difference comes from, seen from what was applied last."""

    MANIFEST = "manifest"
    """What is wanted changed; the object is as we left it."""
    DRIFT = "drift"
    """The object was changed outside; what is wanted is what it was."""
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which the wanted and the observed differ.

    Attributes:
        field: the top-level field of the spec.
        before: what AWS has; after: what is wanted (both canonical; None is absent).
        replace: the field can't be changed in place.
        secret: neither value may be shown or stored.
        unknown: `after` holds references whose values are not known yet.
        origin: who changed it; None where nothing was applied that it could be compared with.
        applied: what was applied last, where both changed it since; canonical, None for a secret.
    """

    field: str
    before: Json
    after: Json
    replace: bool = False
    secret: bool = False
    unknown: bool = False
    origin: Origin | None = None
    applied: Json = None

    def __repr__(self) -> str:
        before, after = (Hidden(), Hidden()) if self.secret else (self.before, self.after)
        return f"Difference({self.field}: {before!r} → {after!r})"


Changes: TypeAlias = Mapping[str, Difference]
"""Differences by field name: what `update` has to send."""


def differences(
    spec: type[Spec],
    wanted: Settings,
    observed: Observed,
    waiting: frozenset[str] = frozenset(),
) -> dict[str, Difference]:
    """Compare field by field, by meaning. Pure; tags are compared elsewhere.

    Args:
        spec: the type of the spec.
        wanted: plain JSON, as `settings_of` gives it.
        observed: what AWS has.
        waiting: fields that hold references whose values are not known yet.
    """
    found: dict[str, Difference] = {}
    for name, rule in rules_of(spec).items():
        if name == "tags" or rule.local or name in observed.unseen:
            continue
        if rule.computed and wanted.get(name) is None:
            continue
        before = rule.canonical(observed.settings.get(name))
        after = rule.canonical(wanted.get(name))
        if before != after:
            found[name] = Difference(
                name, before, after, rule.replace, rule.secret, unknown=name in waiting
            )
    return found
