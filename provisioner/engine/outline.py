"""The graph of a stack as people look at it: stages, what holds each up and why, the longest path.

Made from a stack, offline, or from what the inventory has of one. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from provisioner.engine.schedule import (
    Key,
    Step,
    Verb,
    critical_path,
    expected_seconds,
    typical_seconds,
)
from provisioner.inventory import Record
from provisioner.lifecycle import AnyType, Stage, Wait
from provisioner.registry import kind_of
from provisioner.stack import Resource, Stack
from provisioner.stack.graph import Edge, Node, build, stage_of
from provisioner.stack.values import Values, predicted

VERBS = {Stage.CREATE: Verb.CREATE, Stage.CONFIGURE: Verb.CONFIGURE}
STAGES = {verb: stage for stage, verb in VERBS.items()}
BY_HAND = "depends_on"
RECORDED = "recorded"
"""The reason of an edge of which the inventory only knows that there is one."""


@dataclass(frozen=True, slots=True)
class Link:
    """One stage waits for another.

    Attributes:
        user: the stage that waits.
        needs: what it waits for.
        reasons: where the references stand, as `routes.0.gateway_id`; empty between the two stages
            of a resource.
    """

    user: Node
    needs: Node
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outline:
    """A stack's graph.

    Attributes:
        name: of the stack.
        kinds: by address.
        seconds: what each stage typically takes.
        links: all of them, those between a resource's own stages included.
        path: the critical path, from its first stage to its last.
        total: seconds that all stages typically take, side by side.
    """

    name: str
    kinds: Mapping[str, str]
    seconds: Mapping[Node, float]
    links: tuple[Link, ...]
    path: tuple[Node, ...]
    total: float

    @property
    def references(self) -> int:
        """How many links there are between resources."""
        return sum(link.user.address != link.needs.address for link in self.links)


def outline(stack: Stack) -> Outline:
    """The graph of what is wanted. Nothing of it is asked of AWS.

    Raises:
        ManifestError: resources need each other before either can be made.
    """
    values = predicted(stack)
    graph = build(stack, values)
    links = [
        Link(node, edge.needs, _reasons(stack.resources[node.address], node, edge, values))
        for node, edges in graph.edges.items()
        for edge in edges
    ]
    return _outlined(stack.name, {one.address: one.kind for one in stack}, links)


def recorded_outline(name: str, records: Iterable[Record]) -> Outline:
    """The graph of what stands, as far as the inventory knows it: edges without their reasons."""
    kinds = {record.address: kind_of(record.kind) for record in records}
    links = [link for record in records for link in _recorded(record, kinds)]
    return _outlined(name, kinds, _without_circles(links))


def _reasons(resource: Resource, node: Node, edge: Edge, values: Values) -> tuple[str, ...]:
    """Every reference in this stage that waits for the other resource."""
    if edge.use is None:
        return ()
    found = [
        ".".join(map(str, use.path)) or BY_HAND
        for use in resource.uses
        if use.target == edge.needs.address
        and stage_of(resource, use) is node.stage
        and not (
            resource.wait_of(use) is Wait.NAME
            and use.attribute in values.attributes.get(use.target, {})
        )
    ]
    return tuple(dict.fromkeys(found))


def _recorded(record: Record, kinds: Mapping[str, AnyType]) -> Iterator[Link]:
    create = Node(record.address, Stage.CREATE)
    yield Link(Node(record.address, Stage.CONFIGURE), create)
    for edge in record.edges:
        if edge.address in kinds and edge.address != record.address:
            user = Node(record.address, Stage(edge.stage))
            ready = Stage.CONFIGURE if user.stage is Stage.CREATE else Stage.CREATE
            yield Link(user, Node(edge.address, ready), (RECORDED,))


def _without_circles(links: list[Link]) -> list[Link]:
    """Let links on a circle wait for existence only, as the graph did that was recorded."""
    while True:
        try:
            TopologicalSorter(_needs(links)).prepare()
        except CycleError as error:
            circle = set(error.args[1])
            links = [_eased(one) if {one.user, one.needs} <= circle else one for one in links]
        else:
            return links


def _eased(link: Link) -> Link:
    other = link.user.address != link.needs.address
    return replace(link, needs=Node(link.needs.address, Stage.CREATE)) if other else link


def _needs(links: Iterable[Link]) -> dict[Node, set[Node]]:
    needs: dict[Node, set[Node]] = {}
    for link in links:
        needs.setdefault(link.user, set()).add(link.needs)
    return needs


def _outlined(name: str, kinds: Mapping[str, AnyType], links: list[Link]) -> Outline:
    needs = _needs(links)
    seconds = {
        Node(address, stage): typical_seconds(kind, verb)
        for address, kind in kinds.items()
        for stage, verb in VERBS.items()
    }
    steps = {
        _key(node): Step(_key(node), frozenset(map(_key, needs.get(node, ()))), lasts)
        for node, lasts in seconds.items()
    }
    path = tuple(Node(key.address, STAGES[key.verb]) for key in critical_path(steps))
    told = {address: kind.kind for address, kind in kinds.items()}
    return Outline(name, told, seconds, tuple(links), path, expected_seconds(steps))


def _key(node: Node) -> Key:
    return Key(node.address, VERBS[node.stage])
