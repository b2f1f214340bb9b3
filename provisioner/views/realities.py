"""The shapes of what `drift --json` and `import --json` print."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue, with_config
from typing_extensions import TypedDict

from provisioner.views.shapes import EXACT


@with_config(EXACT)
class AdditionShape(TypedDict):
    """What others added beside an object's settings."""

    what: str
    id: str
    says: str


@with_config(EXACT)
class OneDriftShape(TypedDict):
    """One thing that is not as it was applied.

    `field` is one of the kind's, or `gone`, `state`, `ownership`, `arn`, `tags`, or `extra …`;
    `applied` and `live` of a secret are `(secret)`; null is absent. `ignored` is the reason for
    which it is passed over.
    """

    address: str
    kind: str
    id: str
    field: str
    applied: JsonValue
    live: JsonValue
    secret: bool
    extra: AdditionShape | None
    ignored: str | None


@with_config(EXACT)
class DeedShape(TypedDict):
    """A call that CloudTrail tells of."""

    call: str
    who: str
    at: str
    source: str


@with_config(EXACT)
class CulpritShape(TypedDict):
    """Who changed an object since it was last written to; why that is not known, if so."""

    unknown: str | None
    deeds: list[DeedShape]


@with_config(EXACT)
class UnfinishedShape(TypedDict):
    """A resource that can't be compared, since a run on it goes on or was cut short."""

    address: str
    kind: str
    status: str


@with_config(EXACT)
class UnreadShape(TypedDict):
    """A kind of which AWS did not show everything."""

    kind: str
    code: str
    message: str


@with_config(EXACT)
class DriftShape(TypedDict):
    """What AWS has against what was last applied; `culprits` by address."""

    event: Literal["drift"]
    schema: str
    stack: str
    account: str
    region: str
    drifted: bool
    compared: int
    drifts: list[OneDriftShape]
    culprits: dict[str, CulpritShape]
    unfinished: list[UnfinishedShape]
    unread: list[UnreadShape]
    remarks: list[str]


@with_config(EXACT)
class ImportedShape(TypedDict):
    """An object and the address of its entry; `notes` say what a person has to do."""

    address: str
    kind: str
    id: str
    notes: list[str]


@with_config(EXACT)
class LeftOutShape(TypedDict):
    """An object without an entry, and why; `kind` is null if none is known."""

    kind: str | None
    id: str
    why: str


@with_config(EXACT)
class ImportShape(TypedDict):
    """Entries for a manifest: `resources` and `variables` as they stand there."""

    event: Literal["import"]
    schema: str
    resources: dict[str, JsonValue]
    variables: dict[str, JsonValue]
    imported: list[ImportedShape]
    left_out: list[LeftOutShape]
