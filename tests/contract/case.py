"""What a kind's test file says about its kind, for the contract suite to prove."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import boto3

from provisioner.lifecycle import Json


@dataclass(frozen=True)
class Case:
    """One kind under contract: put a `CASE = Case(…)` into `tests/resources/test_<kind>.py`.

    Attributes:
        kind: e.g. `kms.key`.
        settings: makes what the object needs with plain boto3, returns its settings (plain JSON).
        alive: whether the object with this id exists, asked through plain boto3.
        changes: name → fields set together, for every spec field that is not exempt. A change of
            an IMMUTABLE field is expected to be planned as a replace.
        exempt: field → why it has no change of its own.
        prepare: name of a change → what has to exist first, made with plain boto3; may return
            fields that complete the change.
        only_here: name of a change → why it has no part in a life on the stricter AWS.
    """

    kind: str
    settings: Callable[[boto3.Session], dict[str, Json]]
    alive: Callable[[boto3.Session, str], bool]
    changes: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    exempt: Mapping[str, str] = field(default_factory=dict)
    only_here: Mapping[str, str] = field(default_factory=dict)
    prepare: Mapping[str, Callable[[boto3.Session, dict[str, Json]], dict[str, Json]]] = field(
        default_factory=dict
    )

    @property
    def all_changes(self) -> tuple[str, ...]:
        """The names of all changes, those that are made by `prepare` alone among them."""
        return tuple({**self.changes, **self.prepare})
