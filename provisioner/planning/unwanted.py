"""What is recorded and no longer wanted: it goes, or only its record does. Pure."""

from __future__ import annotations

from dataclasses import replace

from provisioner.discovery.refresher import Situation
from provisioner.inventory import Record, Status
from provisioner.lifecycle import Owner
from provisioner.lifecycle.ensure import Action
from provisioner.planning.changes import Change, Old
from provisioner.planning.leftovers import leftover, old_of
from provisioner.planning.ownership import ours
from provisioner.registry import kind_of
from provisioner.stack import Stack


def unwanted(stack: Stack, situation: Situation) -> tuple[Change, ...]:
    """What becomes of each record whose address is no longer wanted."""
    return tuple(
        gone_or_renamed(stack, situation, record)
        for address, record in situation.records.items()
        if address not in stack.resources
    )


def gone_or_renamed(stack: Stack, situation: Situation, record: Record) -> Change:
    """What is no longer wanted at this address goes, unless another address has the object."""
    change = removed(situation, record)
    if change.action is Action.DELETE:
        for other, found in situation.found.items():
            wanted = stack.resources.get(other)
            if wanted and (wanted.kind.kind, found.id) == (record.kind, change.id):
                kept = replace(change, action=Action.FORGET, olds=change.olds[:-1])
                return replace(kept, reason=f"it is {other} now")
    return change


def removed(situation: Situation, record: Record) -> Change:
    """A recorded resource that is no longer wanted."""
    found = situation.found.get(record.address)
    olds = leftover(situation, record.address)
    forget = Change(
        record.address, record.kind, Action.FORGET, id=record.id, olds=olds, owned=record.owned
    )
    if found is None and (rest := _unfinished(situation, record)):
        return replace(forget, action=Action.DELETE, olds=(*olds, rest))
    if found is None:
        return replace(forget, reason="it is gone from AWS", id=None)
    if not record.owned:
        return replace(forget, reason="it was there before us, so it stays")
    if not ours(Owner(record.stack, record.address), record, found):
        return replace(forget, reason=f"{found.id} is not ours, so it stays")
    settings = record.settings or record.intended or {}
    old = old_of(kind_of(record.kind), found.id, settings, found.observed)
    return Change(
        record.address, record.kind, Action.DELETE, id=found.id, olds=(*olds, old), owned=True
    )


def _unfinished(situation: Situation, record: Record) -> Old | None:
    """What an earlier run deleted, and did not see the end of: it is leaving, or left traces."""
    kind = kind_of(record.kind)
    deleted = record.status is Status.DELETING and (kind.aftermath or kind.returns)
    if record.id and record.owned and (deleted or record.address in situation.leaving):
        return old_of(kind, record.id, record.settings, None)
    return None
