"""The records that a run writes before it changes anything: what is about to be, and what was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioner.aws.clock import Clock
from provisioner.discovery.edges import edges_of
from provisioner.errors import ProvisionerError
from provisioner.inventory import Edge, Record, Replaced, Status
from provisioner.lifecycle import settings_of
from provisioner.lifecycle.creating import new_token
from provisioner.lifecycle.ensure import Action
from provisioner.lifecycle.secrets import sealed
from provisioner.planning.changes import Change, Plan
from provisioner.stack import Resource
from provisioner.stack.values import Values

UNWRITTEN = frozenset({Action.NOOP, Action.FORGET})
"""What is done without an intent, unless something is deleted."""


@dataclass(frozen=True)
class Intents:
    """Makes the records of a plan.

    Attributes:
        plan: what is to be done.
        run: the id of the run that does it.
        values: what references stand for, as far as it is known.
        clock: tells the time.
    """

    plan: Plan
    run: str
    values: Values
    clock: Clock

    def all(self) -> list[Record]:
        """What is about to be, by the plan's order."""
        return [
            self.of(change)
            for change in self.plan.changes
            if change.action not in UNWRITTEN or change.olds
        ]

    def of(self, change: Change) -> Record:
        """What is about to happen to an address, as a record."""
        resource, known = self.plan.resource(change.address), self.plan.record(change.address)
        if resource is None:
            return self._leaving(change, known)
        return self._coming(change, resource, known)

    def rewired(self, intents: Mapping[str, Record]) -> list[Record]:
        """Records of what stays as it is, and needs what is moved."""
        moved = self.plan.situation.origins
        return [
            record
            for address, record in self.plan.situation.records.items()
            if address not in intents and any(edge.address in moved for edge in record.edges)
        ]

    def before(self, intents: Mapping[str, Record]) -> list[Record]:
        """What is about to be changed, as it is now: recorded, or found by an adoption."""
        known = [self._was(address) for address in intents]
        adopted = [
            self._adopted(change, intents[change.address])
            for change in self.plan.changes
            if change.action is Action.ADOPT and self.plan.record(change.address) is None
        ]
        return [*(record for record in known if record), *adopted]

    def _was(self, address: str) -> Record | None:
        record = self.plan.was.get(address) or self.plan.record(address)
        change = self.plan.change(address)
        if record and change and not change.moved_from:  # an earlier run has moved it
            return record.model_copy(update={"former": ()})
        return record

    def _adopted(self, change: Change, intent: Record) -> Record:
        """An object that was there before us, as it is before we change it."""
        found, resource = self.plan.found(change.address), self.plan.resource(change.address)
        settings = found.observed.settings if found else {}
        tags = found.observed.tags if found else None
        return intent.model_copy(
            update={
                "status": Status.READY,
                "settings": sealed(resource.kind.spec, settings, intent.token) if resource else {},
                "intended": None,
                "tags": dict(tags or {}),
            }
        )

    def _coming(self, change: Change, resource: Resource, known: Record | None) -> Record:
        token = new_token() if change.makes or known is None else known.token
        resolved = resource.resolved(self.values.resolve)
        identity = self.values.identity(resource)
        old_ids = {old.id for old in change.olds}
        now = self._now()
        return Record(
            stack=self.plan.stack,
            address=change.address,
            kind=resource.kind.kind,
            id=change.id if not change.makes else identity if identity not in old_ids else None,
            arn=known.arn if known and not change.makes else None,
            region=self.plan.target.region,
            account=self.plan.target.account,
            status=Status.INTENDED if change.makes else Status.UPDATING,
            owned=change.owned,
            protect=resource.protect,
            edges=_together(known.edges if known else (), edges_of(resource)),
            settings=dict(known.settings) if known else {},
            intended=sealed(resource.kind.spec, settings_of(resolved.spec), token),
            tags=dict(known.tags) if known else {},
            attributes=dict(known.attributes) if known and not change.makes else {},
            token=token,
            run=self.run,
            replaced=tuple(Replaced(kind=old.kind, id=old.id) for old in change.olds),
            former=known.former if known else (),
            created_at=now if change.makes or known is None else known.created_at,
            updated_at=now,
        )

    def _leaving(self, change: Change, known: Record | None) -> Record:
        if known is None:  # pragma: no cover  only what is recorded is deleted
            raise ProvisionerError(f"{change.address} has no record.")
        return known.model_copy(
            update={
                "status": Status.DELETING,
                "id": change.id,
                "run": self.run,
                "updated_at": self._now(),
            }
        )

    def _now(self) -> str:
        return self.clock.now().isoformat(timespec="seconds")


def _together(old: Sequence[Edge], new: Sequence[Edge]) -> tuple[Edge, ...]:
    edges = {edge.address: edge for edge in old}
    for edge in new:
        if edge.address not in edges or edge.stage == "create":
            edges[edge.address] = edge
    return tuple(edges.values())
