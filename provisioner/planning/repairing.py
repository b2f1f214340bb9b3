"""Repair drift: from what was last applied, and what is, to a plan that brings it back.

A stack is made of the records of what drifted, as an undo makes one of the past; so a repair is
planned, done and gone on with like any apply, and can be undone like one. What needs a gone object
is brought back with it. What can't be brought back (a secret is only known by its seal) is named by
the plan, and so is what a person has to take away by hand. Pure: no AWS, no clock, no files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from provisioner.discovery.refresher import Found, Situation
from provisioner.discovery.sightings import Sight, Sighted
from provisioner.discovery.traces import Stamp, Traces, address_of, remade
from provisioner.drifting.drift import EXTRA, GONE, OWNERSHIP, TAGS, Drift, Drifts
from provisioner.errors import PlanError, nearest
from provisioner.inventory import Record, Status
from provisioner.lifecycle import Difference, Extra, Spec, rules_of
from provisioner.lifecycle.ensure import Action
from provisioner.lifecycle.secrets import is_folder, sealed
from provisioner.planning.allowances import Allowances
from provisioner.planning.changes import Change, Lasting, Plan
from provisioner.planning.planner import plan_apply
from provisioner.planning.remembered import plain, remembered, tags_now, unmakable
from provisioner.registry import kind_of
from provisioner.stack import Stack
from provisioner.stack.likeness import Known

BY_HAND = "a person has to take it away"


@dataclass(frozen=True)
class Damage:
    """What a look at a stack found, for a repair.

    Attributes:
        drifts: what differs.
        records: of the stack.
        situation: what AWS shows of it.
        objects: what others added that is an object, by kind and id.
        begun: addresses at which an earlier repair was cut short: they are gone on with.
        stamp: of the run that repairs.
    """

    drifts: Drifts
    records: Mapping[str, Record]
    situation: Situation
    objects: Mapping[tuple[str, str], Sighted]
    stamp: Stamp
    begun: frozenset[str] = frozenset()


def plan_repair(damage: Damage, chosen: Collection[str], allowed: Allowances) -> Plan:
    """What it takes to bring back what was last applied.

    Args:
        damage: what was found.
        chosen: addresses; none: all that drifted.
        allowed: what a replace may lose.

    Raises:
        PlanError: one of the addresses did not drift.
        ProtectedError, ReplaceRefusedError: it may not be done.
    """
    repair = _Repair(damage, _wanted(damage, chosen))
    target = damage.drifts.target
    while True:
        plan = plan_apply(repair.stack(), target, repair.situation(), allowed)
        if not (lost := [*unmakable(plan)]):
            return repair.completed(plan)
        repair.give_up(lost)


def _wanted(damage: Damage, chosen: Collection[str]) -> frozenset[str]:
    drifted = damage.drifts.addresses | damage.begun
    if unknown := sorted(set(chosen) - drifted):
        known = ", ".join(sorted(drifted)) or "none"
        raise PlanError(
            f"{', '.join(unknown)} did not drift, or is ignored; nothing was changed.",
            hint=nearest(unknown[0], drifted) or f"These drifted: {known}.",
        )
    return frozenset(chosen) or drifted


class _Repair:
    """What goes back and what stays, as the plan is made."""

    def __init__(self, damage: Damage, wanted: frozenset[str]) -> None:
        self._damage = damage
        self._chosen = wanted
        self._lasting: dict[tuple[str, str], Lasting] = {}
        self._open = set(wanted)
        gone = {one.address for one in self._drifts() if one.field == GONE}
        self._open |= _users(damage.records, gone)
        self._extras = {a: [*self._removable(a)] for a in sorted(wanted)}
        self._objects = {
            address_of(one): one
            for drift in self._drifts()
            if drift.extra and (one := damage.objects.get((drift.extra.kind, drift.extra.id)))
        }

    def _drifts(self) -> Iterator[Drift]:
        """What is to go back."""
        return (one for one in self._damage.drifts.told if one.address in self._chosen)

    def _removable(self, address: str) -> Iterator[Extra]:
        for drift in self._drifts():
            extra = drift.extra
            if drift.address != address or extra is None or extra.kind:
                continue
            if kind_of(drift.kind).remove_extra is None:
                self._stays(address, f"{EXTRA} {extra.what} {extra.id}", BY_HAND)
            else:
                yield extra

    def give_up(self, lost: Iterable[Lasting]) -> None:
        """Leave these addresses as they are."""
        for one in lost:
            self._stays(one.address, one.what, one.why)
            self._open.discard(one.address)

    def stack(self) -> Stack:
        """What was last applied, as far as it goes back."""
        stack = Stack(self._damage.drifts.stack)
        known = {a: Known(kind_of(r.kind), r.attributes) for a, r in self._damage.records.items()}
        for address in sorted(self._open):
            record = self._damage.records[address]
            if record.status is Status.DELETING:  # what others added: it goes, as was begun
                continue
            found = self._damage.situation.found.get(address)
            settings = self._settings(record, found) if found else plain(record)
            stack.resources[address] = remembered(record, settings, known)
        return stack

    def situation(self) -> Situation:
        """What is, with what others added as if it were ours: it is in no stack, so it goes."""
        situation, records = self._damage.situation, self._damage.records
        for address, record in records.items():
            if address not in self._open:
                situation.values.learn(address, record.attributes)
        added = {a: self._as_ours(a, one) for a, one in self._objects.items()}
        found = {a: Found(one.id, one.observed) for a, one in self._objects.items()}
        return replace(
            situation,
            records={a: records[a] for a in self._open} | added,
            found=dict(situation.found) | found,
        )

    def completed(self, plan: Plan) -> Plan:
        """The plan with what no stack can say: tags of ownership, and additions to take away."""
        return replace(
            plan,
            changes=tuple(self._with_more(change) for change in plan.changes),
            lasting=tuple(self._lasting.values()),
            was=dict(self._was()),
        )

    def _with_more(self, change: Change) -> Change:
        extras = tuple(self._extras.get(change.address, ()))
        more = [Difference(f"{EXTRA} {one.what}", one.id, None) for one in extras]
        more += [
            Difference(OWNERSHIP, one.live, one.applied)
            for one in self._drifts()
            if (one.address, one.field) == (change.address, OWNERSHIP)
        ]
        if not more or not change.stays:
            return change
        action = Action.UPDATE if change.action is Action.NOOP else change.action
        return replace(
            change, action=action, extras=extras, differences=(*change.differences, *more)
        )

    def _settings(self, record: Record, found: Found) -> dict[str, JsonValue]:
        """As applied; secrets and code, of which only a seal is known, as they are now."""
        spec: type[Spec] = kind_of(record.kind).spec
        now = found.observed.settings
        settings: dict[str, JsonValue] = dict(record.settings)
        drifts = (one for one in self._damage.drifts.all if one.address == record.address)
        drifted = {one.field: one for one in drifts}
        for name, rule in rules_of(spec).items():
            unstored = rule.secret or is_folder(spec, name)
            why = drifted[name].ignored if name in drifted else ""
            if unstored and name in drifted:
                what = "secret" if rule.secret else "code"
                why = why or f"the {what} itself was never stored: apply the manifest"
            if why:
                self._stays(record.address, name, why)
            if unstored or why:
                settings[name] = now.get(name)
        settings |= self._tags(record, found, drifted.get(TAGS))
        return {name: value for name, value in settings.items() if value is not None}

    def _tags(self, record: Record, found: Found, drift: Drift | None) -> dict[str, JsonValue]:
        if drift is None or not drift.ignored:
            return tags_now(record, found)
        self._stays(record.address, TAGS, drift.ignored)
        have = found.observed.tags or {}
        kept: dict[str, JsonValue] = {key: have[key] for key in record.tags if key in have}
        return {TAGS: kept}

    def _was(self) -> Iterator[tuple[str, Record]]:
        """The records of what changes, as AWS has it now: so an undo brings the drift back."""
        for address in self._open:
            record = self._damage.records[address]
            if found := self._damage.situation.found.get(address):
                spec: type[Spec] = kind_of(record.kind).spec
                seen = {n: v for n, v in found.observed.settings.items() if v is not None}
                local = {n: v for n, v in record.settings.items() if n not in seen}
                have = found.observed.tags or {}
                yield (
                    address,
                    record.model_copy(
                        update={
                            "settings": local | sealed(spec, seen, record.token),
                            "tags": {key: have[key] for key in record.tags if key in have},
                        }
                    ),
                )

    def _as_ours(self, address: str, one: Sighted) -> Record:
        drifts = self._damage.drifts
        traces = Traces(drifts.stack, drifts.target, Sight())
        return remade(one, address, traces, self._damage.stamp, self._damage.situation.values, ())

    def _stays(self, address: str, what: str, why: str) -> None:
        self._lasting[address, what] = Lasting(address, what, why)


def _users(records: Mapping[str, Record], gone: set[str]) -> set[str]:
    """Whoever needs one of these, or one that does; unfinished work is left to an apply."""
    needed = {
        address: {edge.address for edge in record.edges}
        for address, record in records.items()
        if record.status is Status.READY
    }
    users: set[str] = set()
    while more := {a for a, whom in needed.items() if a not in users and whom & (gone | users)}:
        users |= more
    return users
