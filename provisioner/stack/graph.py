"""What has to wait for what: the stages of resources and the references between them.

A reference in a create field holds up the create call, one in a configure field only the
configuring. So two resources may name each other as long as one of them does it in a configure
field; what remains is a real cycle, and is told with the place of each reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from provisioner.errors import ManifestError, Problem
from provisioner.lifecycle import Stage, Wait
from provisioner.stack import Resource, Stack, Use
from provisioner.stack.values import Values, predicted


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """One stage of one resource: done when its calls are answered and the object is stable."""

    address: str
    stage: Stage

    def __str__(self) -> str:
        return f"{self.address}:{self.stage}"


@dataclass(frozen=True, slots=True)
class Edge:
    """A reference that holds something up; None for a resource's own two stages."""

    use: Use | None
    needs: Node


@dataclass(frozen=True)
class Graph:
    """Every stage with what it waits for. Free of cycles."""

    edges: Mapping[Node, tuple[Edge, ...]]

    def needs(self, node: Node) -> frozenset[Node]:
        """What a stage waits for."""
        return frozenset(edge.needs for edge in self.edges.get(node, ()))


def build(stack: Stack, values: Values | None = None) -> Graph:
    """The graph of a stack.

    Args:
        stack: checked for dangling references.
        values: what is known before anything exists; by default what names tell.

    Raises:
        ManifestError: resources need each other before either can be made.
    """
    values = values or predicted(stack)
    edges = {}
    for resource in stack:
        create, configure = (
            Node(resource.address, Stage.CREATE),
            Node(resource.address, Stage.CONFIGURE),
        )
        edges[create] = _edges(resource, Stage.CREATE, values)
        edges[configure] = (Edge(None, create), *_edges(resource, Stage.CONFIGURE, values))
    return _without_cycles(stack, edges)


def stage_of(resource: Resource, use: Use) -> Stage:
    """The stage that a reference belongs to; what `depends_on` names holds up the create."""
    return resource.rules[use.field].stage if use.field else Stage.CREATE


def _edges(resource: Resource, stage: Stage, values: Values) -> tuple[Edge, ...]:
    found: dict[Node, Edge] = {}
    for use in resource.uses:
        if stage_of(resource, use) is not stage:
            continue
        wait = resource.wait_of(use)
        known = use.attribute in values.attributes.get(use.target, {})
        if wait is Wait.NAME and known:
            continue
        if use.target == resource.address:
            if stage is Stage.CREATE:
                found.setdefault(
                    Node(use.target, Stage.CREATE), Edge(use, Node(use.target, Stage.CREATE))
                )
            continue
        milestone = Stage.CONFIGURE if wait is Wait.READY else Stage.CREATE
        node = Node(use.target, milestone)
        found.setdefault(node, Edge(use, node))
    return tuple(found.values())


def _without_cycles(stack: Stack, edges: dict[Node, tuple[Edge, ...]]) -> Graph:
    """Break cycles by waiting for existence instead of readiness, where that is enough."""
    while True:
        graph = Graph(edges)
        try:
            TopologicalSorter({node: graph.needs(node) for node in edges}).prepare()
        except CycleError as error:
            cycle = list(reversed(error.args[1]))
            if not _relax(edges, cycle):
                raise _cycle(stack, graph, cycle) from None
        else:
            return graph


def _relax(edges: dict[Node, tuple[Edge, ...]], cycle: list[Node]) -> bool:
    """Let references on the cycle wait for existence only; False if none could be eased."""
    eased = False
    for node, needed in pairwise(cycle):
        if needed.stage is Stage.CONFIGURE:
            target = Node(needed.address, Stage.CREATE)
            edges[node] = tuple(
                Edge(edge.use, target) if edge.use and edge.needs == needed else edge
                for edge in edges[node]
            )
            eased = True
    return eased


def _cycle(stack: Stack, graph: Graph, cycle: list[Node]) -> ManifestError:
    loop = " → ".join(node.address for node in cycle)
    problems = [
        Problem(f"These need each other before any of them can be made: {loop}."),
    ]
    for node, needed in pairwise(cycle):
        edge = next(edge for edge in graph.edges[node] if edge.needs == needed)
        use = edge.use
        declared = stack.resources[node.address].declared
        path = use.path if use and use.path else ("depends_on",)
        place = declared.place_of(path) if declared else None
        where = ".".join(map(str, path))
        problems.append(Problem(f"{node.address}.{where} needs {needed.address}.", place))
    return ManifestError(problems)
