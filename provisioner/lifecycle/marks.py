"""The marks on the fields of a spec: what is true of AWS about each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from provisioner.lifecycle.canonical import Canonical, Json, without_empties


class Stage(StrEnum):
    """The call that a field is sent with."""

    CREATE = "create"
    CONFIGURE = "configure"


class Wait(StrEnum):
    """What a reference in a field needs of its target before the field is sent."""

    READY = "ready"
    """Configured and stable: the default in a create field."""
    EXISTS = "exists"
    """Its create call was answered: the default in a configure field."""
    NAME = "name"
    """Only its name: AWS does not look for a live object behind it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How a field behaves beyond its type."""

    stage: Stage = Stage.CONFIGURE
    replace: bool = False
    secret: bool = False
    computed: bool = False
    local: bool = False
    lags: float = 0.0


CREATE = Mark(stage=Stage.CREATE)
"""Sent by the create call; can be updated in place afterwards."""
IMMUTABLE = Mark(stage=Stage.CREATE, replace=True)
"""Sent by the create call; AWS can't change it, so a change is a replace."""
SECRET = Mark(secret=True)
"""The value never reaches a plan, a log, an exception or the inventory."""
COMPUTED = Mark(computed=True)
"""When unset AWS chooses, and whatever it chose is no difference."""
LOCAL = Mark(local=True)
"""Known to us alone (how to delete it, say): kept in the inventory, never compared with AWS."""


def lags(seconds: float) -> Mark:
    """After a write reads may show the value before it, for up to so many seconds."""
    return Mark(lags=seconds)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """The marks of one spec field, put together."""

    name: str
    stage: Stage
    replace: bool
    secret: bool
    computed: bool
    local: bool
    lags: float
    wait: Wait
    canonical: Callable[[Json], Json]


@cache
def rules_of(spec: type[BaseModel]) -> Mapping[str, FieldRule]:
    """The rule of every field of a spec type, in the order of its declaration."""
    return {name: _rule(name, marks_of(info)) for name, info in spec.model_fields.items()}


def marks_of(info: FieldInfo) -> list[object]:
    """The marks of a field's type, those within `… | None` included; the outer ones first."""
    inner = [
        mark
        for arm in get_args(info.annotation)
        if get_origin(arm) is Annotated
        for mark in get_args(arm)[1:]
    ]
    return [*info.metadata, *inner]


def _rule(name: str, metadata: Sequence[object]) -> FieldRule:
    marks = [mark for mark in metadata if isinstance(mark, Mark)]
    waits = [wait for wait in metadata if isinstance(wait, Wait)]
    forms = [form for form in metadata if isinstance(form, Canonical)]
    stage = Stage.CREATE if any(m.stage is Stage.CREATE for m in marks) else Stage.CONFIGURE
    default = Wait.READY if stage is Stage.CREATE else Wait.EXISTS
    return FieldRule(
        name=name,
        stage=stage,
        replace=any(mark.replace for mark in marks),
        secret=any(mark.secret for mark in marks),
        computed=any(mark.computed for mark in marks),
        local=any(mark.local for mark in marks),
        lags=max((mark.lags for mark in marks), default=0.0),
        wait=waits[0] if waits else default,
        canonical=forms[0].form if forms else without_empties,
    )
