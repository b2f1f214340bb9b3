"""Undo a run: from what it set out to do and what was before it, to a plan that brings that back.

Beside a run's events stands what each address was before it. A stack is made of those addresses,
with their settings of before; what the run created is in no stack. So an undo is planned, done and
gone on with like any apply. Pure: no AWS, no clock, no files.

Only what the run changed goes back: a field that somebody else changed meanwhile stays. What can't
be brought back (a secret that was never stored, data that is gone) is named by the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from provisioner.aws.target import Target
from provisioner.discovery.refresher import Found, Situation
from provisioner.errors import PlanError
from provisioner.inventory import Record, Run, Status
from provisioner.lifecycle import AnyType, Origin, Spec, differences, rules_of
from provisioner.lifecycle.ensure import Action
from provisioner.lifecycle.secrets import is_folder, sealed
from provisioner.planning.allowances import Allowances
from provisioner.planning.changes import Change, Lasting, Plan
from provisioner.planning.planner import plan_apply
from provisioner.planning.remembered import plain, remembered, tags_now, unmakable
from provisioner.registry import kind_of
from provisioner.stack import Stack
from provisioner.stack.likeness import Known

RESTORED = frozenset({Action.UPDATE, Action.REPLACE, Action.DELETE, Action.ADOPT})
"""What was done to an address that has a state to go back to."""


@dataclass(frozen=True)
class Past:
    """A run, and what was before it.

    Attributes:
        run: that is undone.
        before: the records of the addresses it changed, as they were; only those that were known.
        runs: all runs of the stack.
    """

    run: Run
    before: Mapping[str, Record]
    runs: tuple[Run, ...] = ()

    def touched(self, records: Mapping[str, Record]) -> dict[str, Record]:
        """The records of what the run changed.

        Raises:
            PlanError: a later run changed the same; that one has to be undone first.
        """
        mine = {
            a: record
            for a, record in records.items()
            if self.run.changes.get(a, Action.NOOP) != Action.NOOP
        }
        later = {
            run.id: run.fence
            for run in self.runs
            if run.fence > self.run.fence and not self._cancels(run) and not self._cancelled(run)
        }
        newer: dict[str, list[str]] = {}
        for address, record in mine.items():
            if record.run in later and self._changed_by(record.run, address):
                newer.setdefault(record.run, []).append(address)
        if newer:
            told = "; ".join(f"{', '.join(names)} by run {run}" for run, names in newer.items())
            last = max(newer, key=lambda run: later[run])
            raise PlanError(
                f"Run {self.run.id} can't be undone: changed since: {told}.",
                hint=f"Undo the later run first: rollback {self.run.stack} {last}.",
            )
        return mine

    def _changed_by(self, run: str, address: str) -> bool:
        return any(
            r.changes.get(address, Action.NOOP) != Action.NOOP for r in self.runs if r.id == run
        )

    def _cancels(self, run: Run) -> bool:
        """Whether a run only takes back what another one did."""
        undone = next((other for other in self.runs if other.id == run.undoes), None)
        return undone is not None and not undone.undoes

    def _cancelled(self, run: Run) -> bool:
        return any(r.undoes == run.id and r.result == "succeeded" for r in self.runs)


def wanted_before(past: Past) -> Stack:
    """The stack of what was before the run, as far as it was recorded: to know what to look at."""
    stack = Stack(past.run.stack)
    for address, record in past.before.items():
        if past.run.changes.get(address) in RESTORED and record.settings:
            stack.resources[address] = remembered(record, dict(record.settings), {})
    return stack


def plan_undo(
    past: Past, target: Target, situation: Situation, records: Mapping[str, Record]
) -> Plan:
    """What it takes to bring back what was before the run.

    Args:
        past: the run.
        target: where.
        situation: what `wanted_before` and the touched records show.
        records: all records of the stack.

    Raises:
        PlanError: the run changed nothing, or nothing of it can be brought back.
    """
    undo = _Undo(past, situation, records)
    undo.keep_what_must_stay()
    while True:
        plan = plan_apply(
            undo.stack(), target, undo.situation(), Allowances(replace=frozenset(past.before))
        )
        if not (lost := [*unmakable(plan)]):
            lasting = tuple(undo.lasting.values())
            return replace(plan, lasting=lasting, changes=tuple(map(_of_no_manifest, plan.changes)))
        undo.give_up(lost)


def _of_no_manifest(change: Change) -> Change:
    """An undo has no manifest: what differs as it must is of no origin worth telling."""
    told = tuple(
        replace(one, origin=None) if one.origin is Origin.MANIFEST else one
        for one in change.differences
    )
    return replace(change, differences=told)


class _Undo:
    """What goes back and what stays, as the plan is made."""

    def __init__(self, past: Past, situation: Situation, records: Mapping[str, Record]) -> None:
        self._past = past
        self._situation = situation
        self._records = records
        self._open = {
            address
            for address, action in past.run.changes.items()
            if action != "noop"
            and (address in past.before or (address in situation.records and _makes(action)))
        }
        self.lasting: dict[tuple[str, str], Lasting] = {}

    def keep_what_must_stay(self) -> None:
        """Leave what was half made before the run, and what is protected with all that it needs.

        What was moved keeps its address: the manifest says where it is.
        """
        for address in sorted(self._open):
            before = self._past.before.get(address)
            if before and before.former:
                why = f"it was moved from {before.former[-1].address} and keeps its new one"
                self.lasting[address, "address"] = Lasting(address, "address", why)
            if self._action(address) == Action.MOVE:
                self._open.discard(address)
            elif before and not before.settings and self._action(address) in RESTORED:
                self._stays(address, before.kind, "an earlier run that was cut short made it")
            elif self._made(address) and self._record(address).protect:
                self._stays(address, self._record(address).kind, "it is protected")
        self._keep_what_is_needed()

    def _keep_what_is_needed(self) -> None:
        waiting = [address for address, _ in self.lasting if address not in self._open]
        while waiting:
            user = waiting.pop()
            record = self._situation.records.get(user)
            for edge in record.edges if record else ():
                if edge.address in self._open and self._made(edge.address):
                    kind = self._record(edge.address).kind
                    self._stays(edge.address, kind, f"{user}, which stays, needs it")
                    waiting.append(edge.address)

    def give_up(self, lost: Iterable[Lasting]) -> None:
        """Leave these addresses as they are."""
        for one in lost:
            self._stays(one.address, one.what, one.why)

    def situation(self) -> Situation:
        """What is, as far as it goes back."""
        records = {a: r for a, r in self._situation.records.items() if a in self._open}
        for address, record in self._records.items():
            if address not in records:
                self._situation.values.learn(address, record.attributes)
        return replace(self._situation, records=records)

    def stack(self) -> Stack:
        """What the addresses were, merged with what others changed meanwhile."""
        stack = Stack(self._past.run.stack)
        for address in sorted(self._open):
            before = self._past.before.get(address)
            if before and self._action(address) in RESTORED:
                found = self._situation.found.get(address)
                same = found and before.kind == self._record(address).kind
                settings = self._settings(before, found) if found and same else plain(before)
                stack.resources[address] = remembered(before, settings, self._objects())
        return stack

    def _settings(self, before: Record, found: Found) -> dict[str, JsonValue]:
        """The settings of before in what the run changed, and of now in everything else."""
        kind = kind_of(before.kind)
        spec: type[Spec] = kind.spec
        now = found.observed.settings
        stored = replace(found.observed, settings=sealed(spec, now, before.token))
        differing = differences(spec, before.settings, stored)
        settings: dict[str, JsonValue] = dict(before.settings)
        for name, rule in rules_of(spec).items():
            unstored = rule.secret or is_folder(spec, name)
            changed = name in differing and self._changed(kind, before, name)
            if unstored and changed:
                why = "its earlier value was never stored" if rule.secret else "its code is gone"
                self.lasting[before.address, name] = Lasting(before.address, name, why)
            if unstored or (name in differing and not changed):
                settings[name] = now.get(name)
        settings |= tags_now(before, found)
        return {name: value for name, value in settings.items() if value is not None}

    def _changed(self, kind: AnyType, before: Record, name: str) -> bool:
        """Whether the run set the field to something else than what it was."""
        spec: type[Spec] = kind.spec
        form = rules_of(spec)[name].canonical
        record = self._record(before.address)
        aims = [record.settings, *([record.intended] if record.intended is not None else [])]
        return any(form(aim.get(name)) != form(before.settings.get(name)) for aim in aims)

    def _objects(self) -> dict[str, Known]:
        """What values stood for before the run."""
        records = {**self._records, **self._past.before}
        return {a: Known(kind_of(r.kind), r.attributes) for a, r in records.items()}

    def _stays(self, address: str, what: str, why: str) -> None:
        self.lasting[address, what] = Lasting(address, what, why)
        self._open.discard(address)

    def _action(self, address: str) -> str:
        return self._past.run.changes[address]

    def _made(self, address: str) -> bool:
        return self._action(address) == Action.CREATE and address in self._situation.records

    def _record(self, address: str) -> Record:
        return self._situation.records.get(address) or self._past.before[address]


def _makes(action: str) -> bool:
    """Whether there was nothing before.

    Where there was, and it is not known what, the run died before it changed anything.
    """
    return action not in RESTORED | {Action.MOVE, Action.FORGET}


__all__ = ["Past", "Status", "plan_undo", "wanted_before"]
