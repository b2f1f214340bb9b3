"""What has moved since a plan was saved: in AWS, in the manifest, in the inventory. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from provisioner.errors import StalePlanError
from provisioner.inventory import Run
from provisioner.lifecycle import Spec, rules_of
from provisioner.planning.changes import Plan
from provisioner.planning.savedplan import AGAIN, SavedChange, SavedPlan, changes_of
from provisioner.quantities import enumerated
from provisioner.registry import kind_of

LONGEST = 60


def unchanged(saved: SavedPlan, plan: Plan, later: Sequence[Run] = ()) -> Plan:
    """The plan itself, if it is the one that was saved, made of the same.

    Args:
        saved: what was planned.
        plan: what would be done now.
        later: runs on the stack since then.

    Raises:
        StalePlanError: with a line for everything that moved; nothing was changed.
    """
    moved = [*_elsewhere(saved, plan), *_runs(later), *_resources(saved, plan)]
    if moved:
        raise StalePlanError(
            "The saved plan is out of date, so nothing was changed:\n"
            + "\n".join(f"  {line}" for line in moved),
            hint=AGAIN,
            moved=moved,
        )
    return plan


def _elsewhere(saved: SavedPlan, plan: Plan) -> Iterator[str]:
    if saved.stack != plan.stack:
        yield f"it is of stack {saved.stack}, and this is {plan.stack}"
    here = (plan.target.account, plan.target.region)
    if (saved.account, saved.region) != here:
        yield (
            f"it is of account {saved.account}, region {saved.region}, and this is account "
            f"{here[0]}, region {here[1]}"
        )
    if plan.wanted and saved.digest != plan.wanted.digest:
        yield "the manifest, or a variable of it, is another one by now"


def _runs(later: Sequence[Run]) -> Iterator[str]:
    for run in later:
        changed = [address for address, action in run.changes.items() if action != "noop"]
        if changed:
            yield (
                f"run {run.id} ({run.command}) by {run.who}, {run.started_at}, was about "
                f"{enumerated(changed)}"
            )


def _resources(saved: SavedPlan, plan: Plan) -> Iterator[str]:
    before = {change.address: change for change in saved.changes}
    now = {change.address: change for change in changes_of(plan, saved.salt)}
    for address in {**before, **now}:
        was, is_ = before.get(address), now.get(address)
        if was is None or is_ is None:
            yield f"{address} {'is new' if was is None else 'is no longer there'}"
        elif lines := [*_seen(plan, was, is_), *_wanted(was, is_)]:
            yield from (f"{address}: {line}" for line in lines)
        elif _deed(was) != _deed(is_):
            yield f"{address}: was to be {_said(was)}, and would be {_said(is_)}"


def _seen(plan: Plan, was: SavedChange, now: SavedChange) -> Iterator[str]:
    """What AWS shows otherwise than then, field by field."""
    if bool(was.seen) != bool(now.seen):
        yield "it is gone from AWS" if was.seen else f"it is there by now: {now.id}"
        return
    for name in sorted({*was.seen, *now.seen}):
        if name in was.seen and name in now.seen and was.seen[name] != now.seen[name]:
            yield f"{name} was changed in AWS{_values(plan, was, now, name)}"


def _values(plan: Plan, was: SavedChange, now: SavedChange, name: str) -> str:
    """What a field was, and what it is; nothing of a secret one."""
    found = plan.found(was.address)
    spec: type[Spec] = kind_of(was.kind).spec
    rule = rules_of(spec).get(name)
    if found is None or (rule and rule.secret):
        return ""
    if name == "id":
        return f": it is {found.id} now"
    current: JsonValue = (
        dict(found.observed.tags or {}) if name == "tags" else found.observed.settings.get(name)
    )
    earlier = _earlier(was, now, name)
    return f": was {_short(earlier[0])}, is {_short(current)}" if earlier else ""


def _earlier(was: SavedChange, now: SavedChange, name: str) -> list[JsonValue]:
    """The value at the time of the plan: it differed then, or was what is wanted still."""
    then = [one.before for one in was.differences if one.field == name]
    return then or [one.after for one in now.differences if one.field == name]


def _short(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _wanted(was: SavedChange, now: SavedChange) -> Iterator[str]:
    """What is wanted otherwise than then, where both are known."""
    for name in sorted(was.wanted.keys() & now.wanted.keys()):
        if was.wanted[name] != now.wanted[name] and was.seen == now.seen:
            yield f"another {name} is wanted"


def _deed(change: SavedChange) -> SavedChange:
    """What is to be done, whatever was seen."""
    return change.model_copy(update={"seen": {}, "wanted": {}})


def _said(change: SavedChange) -> str:
    fields = ", ".join(one.field for one in change.differences)
    return f"{change.action} {fields}".strip()
