"""What a person wants of one resource, as every kind's `Spec` says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict

from provisioner.lifecycle.canonical import Json
from provisioner.lifecycle.marks import rules_of

Settings: TypeAlias = Mapping[str, Json]


class Spec(BaseModel):
    """What a person wants of one resource. Frozen, strict, unknown fields refused.

    Every field carries marks in its `Annotated` type (see `CREATE`, `IMMUTABLE`, `Wait`, `SECRET`,
    `COMPUTED` and the canonical forms in `provisioner.lifecycle.canonical`). A field without a mark
    belongs to the configure stage and can be updated in place. `None` means "absent": what AWS has
    when nobody set it.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        validate_default=False,
        hide_input_in_errors=True,
    )

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Every field, secret ones without their values."""
        rules = rules_of(type(self))
        for name, value in super().__repr_args__():
            rule = rules.get(name or "")
            yield name, Hidden() if rule and rule.secret and value else value


class Hidden:
    """Stands for a secret value where something is shown."""

    def __repr__(self) -> str:
        return "(secret)"


def settings_of(spec: Spec) -> dict[str, Json]:
    """The wanted settings as plain JSON, without tags."""
    settings: dict[str, Json] = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    settings.pop("tags", None)
    return settings
