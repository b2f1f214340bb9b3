"""From a plan to steps and what each waits for.

Making follows the graph of stages. Deleting follows the recorded edges backwards: first everything
lets go of what it holds (unwire), then what nothing needs any more is deleted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from provisioner.lifecycle import AnyType, Stage
from provisioner.lifecycle.ensure import Action
from provisioner.planning.changes import Change, Plan
from provisioner.registry import kind_of
from provisioner.stack.graph import Graph
from provisioner.stack.graph import build as build_graph


class Verb(StrEnum):
    """What a step does."""

    CREATE = "create"
    CONFIGURE = "configure"
    LIFT = "lift"
    UNWIRE = "unwire"
    DELETE = "delete"
    LOOK = "look"
    """Look once more whether what was deleted has come back."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Names a step."""

    address: str
    verb: Verb

    def __str__(self) -> str:
        return f"{self.verb} {self.address}"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.

    Attributes:
        key: which.
        needs: steps that must have succeeded.
        seconds: what it typically takes.
    """

    key: Key
    needs: frozenset[Key]
    seconds: float


def schedule(plan: Plan) -> Mapping[Key, Step]:
    """The steps of a plan, each after what it needs. Idle changes have none."""
    changes = {change.address: change for change in plan.changes if not change.idle}
    keys = {key for change in changes.values() for key in _keys(change)}
    hard: dict[Key, set[Key]] = defaultdict(set)
    soft: dict[Key, set[Key]] = defaultdict(set)
    if plan.wanted is not None:
        _making(build_graph(plan.wanted, plan.values), keys, hard)
    _deleting(plan, changes, keys, hard, soft)
    needs = _sorted_out(keys, hard, soft)
    _lifting(needs)
    return {
        key: Step(key, needs[key], _seconds(plan, changes[key.address], key.verb)) for key in keys
    }


def last_waits(steps: Mapping[Key, Step]) -> frozenset[Key]:
    """Steps that see new objects to their end, and that no other step needs."""
    needed = {key for step in steps.values() for key in step.needs}
    return frozenset(
        key
        for key in steps
        if key.verb is Verb.CONFIGURE
        and key not in needed
        and Key(key.address, Verb.CREATE) in steps
    )


def longest_paths(steps: Mapping[Key, Step]) -> dict[Key, float]:
    """Seconds from the start of each step to the end of all that depends on it."""
    users: dict[Key, list[Key]] = defaultdict(list)
    for step in steps.values():
        for needed in step.needs:
            users[needed].append(step.key)
    order = TopologicalSorter({key: step.needs for key, step in steps.items()})
    lengths: dict[Key, float] = {}
    for key in reversed([*order.static_order()]):
        rest = max((lengths[user] for user in users[key]), default=0.0)
        lengths[key] = steps[key].seconds + rest
    return lengths


def critical_path(steps: Mapping[Key, Step]) -> tuple[Key, ...]:
    """The steps that take longest one after another: what decides how long all take."""
    lengths = longest_paths(steps)
    path: list[Key] = []
    following = [key for key, step in steps.items() if not step.needs]
    while following:
        path.append(max(following, key=lambda key: (lengths[key], key)))
        following = [key for key, step in steps.items() if path[-1] in step.needs]
    return tuple(path)


def expected_seconds(steps: Mapping[Key, Step]) -> float:
    """How long all steps typically take, side by side."""
    return max(longest_paths(steps).values(), default=0.0)


def _keys(change: Change) -> Iterator[Key]:
    if change.makes:
        yield Key(change.address, Verb.CREATE)
    if change.stays:
        yield Key(change.address, Verb.CONFIGURE)
    if change.olds or change.action is Action.FORGET:
        yield Key(change.address, Verb.DELETE)
    if any(old.lifts for old in change.olds):
        yield Key(change.address, Verb.LIFT)
    if any(kind_of(old.kind).unwire for old in change.olds):
        yield Key(change.address, Verb.UNWIRE)
    if not change.stays and any(kind_of(old.kind).returns for old in change.olds):
        yield Key(change.address, Verb.LOOK)


def _making(graph: Graph, keys: set[Key], hard: dict[Key, set[Key]]) -> None:
    """What exists already is only configured; its create fields are sent then, too."""
    verbs = {Stage.CREATE: Verb.CREATE, Stage.CONFIGURE: Verb.CONFIGURE}
    for node, edges in graph.edges.items():
        own = Key(node.address, verbs[node.stage])
        key = own if own in keys else Key(node.address, Verb.CONFIGURE)
        if key in keys:
            needed = {Key(edge.needs.address, verbs[edge.needs.stage]) for edge in edges}
            hard[key] |= (needed & keys) - {key}


def _deleting(
    plan: Plan,
    changes: Mapping[str, Change],
    keys: set[Key],
    hard: dict[Key, set[Key]],
    soft: dict[Key, set[Key]],
) -> None:
    for key in keys:
        if key.verb is Verb.DELETE:
            _own_order(changes[key.address], keys, hard)
    for record in plan.situation.records.values():
        user = changes.get(record.address)
        for edge in record.edges:
            deletion = Key(edge.address, Verb.DELETE)
            if deletion not in keys or edge.address == record.address:
                continue
            unwire = Key(record.address, Verb.UNWIRE)
            hard[deletion] |= {unwire} & keys
            if Key(record.address, Verb.DELETE) in keys:
                kept = hard if edge.stage == "create" else soft
                kept[deletion].add(Key(record.address, Verb.DELETE))
            if user is not None and not changes[edge.address].delete_first:
                soft[deletion] |= {Key(record.address, Verb.CONFIGURE)} & keys
    _successors_in_use(plan, changes, keys, soft)
    for key in keys:
        if key.verb is Verb.UNWIRE:  # what is replaced works until its successor does
            deletion = Key(key.address, Verb.DELETE)
            soft[key] |= {
                one for one in hard[deletion] | soft[deletion] if one.verb is Verb.CONFIGURE
            }
    _last(changes, keys, soft)


def _own_order(change: Change, keys: set[Key], hard: dict[Key, set[Key]]) -> None:
    deletion = Key(change.address, Verb.DELETE)
    hard[deletion] |= {Key(change.address, Verb.UNWIRE), Key(change.address, Verb.LIFT)} & keys
    if change.delete_first and change.makes:
        hard[Key(change.address, Verb.CREATE)].add(deletion)
    elif change.stays:
        hard[deletion] |= {Key(change.address, Verb.CONFIGURE)} & keys


def _last(changes: Mapping[str, Change], keys: set[Key], soft: dict[Key, set[Key]]) -> None:
    """What the rest can't be read without goes after all the rest, and stays if any of it does.

    After all the rest is also when it is looked for what came back.
    """
    deletions = {key for key in keys if key.verb is Verb.DELETE}
    last = {
        key for key in deletions if any(kind_of(old.kind).last for old in changes[key.address].olds)
    }
    for key in (*last, *(key for key in keys if key.verb is Verb.LOOK)):
        soft[key] |= deletions - last


def _lifting(needs: dict[Key, frozenset[Key]]) -> None:
    """A protection is taken away right before the delete: while others fail, it stays."""
    for key in [key for key in needs if key.verb is Verb.LIFT]:
        needs[key] = needs[Key(key.address, Verb.DELETE)] - {key}


def _successors_in_use(
    plan: Plan, changes: Mapping[str, Change], keys: set[Key], soft: dict[Key, set[Key]]
) -> None:
    """What was replaced goes when everyone uses its successor."""
    for resource in plan.wanted or ():
        for use in resource.uses:
            replaced = changes.get(use.target)
            deletion = Key(use.target, Verb.DELETE)
            if replaced and deletion in keys and not replaced.delete_first:
                soft[deletion] |= {Key(resource.address, Verb.CONFIGURE)} & keys


def _sorted_out(
    keys: set[Key], hard: Mapping[Key, set[Key]], soft: dict[Key, set[Key]]
) -> dict[Key, frozenset[Key]]:
    """Put both sorts of order together; a soft one gives way where they contradict."""
    while True:
        needs = {
            key: frozenset(hard.get(key, set()) | soft.get(key, set())) - {key} for key in keys
        }
        try:
            TopologicalSorter(needs).prepare()
        except CycleError as error:
            cycle = list(reversed(error.args[1]))
            given = [
                (user, needed)
                for user, needed in pairwise(cycle)
                if needed in soft.get(user, set()) and needed not in hard.get(user, set())
            ]
            if not given:
                raise
            for user, needed in given:
                soft[user].discard(needed)
        else:
            return needs


def _seconds(plan: Plan, change: Change, verb: Verb) -> float:
    told = plan.obstacles.get(change.address, ()) if verb is Verb.DELETE else ()
    return typical_seconds(kind_of(change.kind), verb) + sum(one.seconds for one in told)


def typical_seconds(kind: AnyType, verb: Verb) -> float:
    """What a step of this kind typically takes, seconds."""
    if verb is Verb.CONFIGURE:
        return max(kind.seconds, 0.2)
    if verb is Verb.DELETE and kind.gone:
        return kind.gone.typical
    return 0.5
