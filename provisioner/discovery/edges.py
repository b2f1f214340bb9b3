"""Whom a resource needs, as its record keeps it for the teardown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from provisioner.inventory import Edge
from provisioner.lifecycle import AnyType, Settings, Stage
from provisioner.stack import Resource
from provisioner.stack.graph import stage_of
from provisioner.stack.likeness import Likeness

STATEMENT = "Statement"
"""What stands below this key is a policy."""


def edges_of(resource: Resource) -> tuple[Edge, ...]:
    """Whom a wanted resource refers to."""
    return each_once(
        Edge(address=use.target, stage=stage_of(resource, use).value)
        for use in resource.uses
        if use.target != resource.address
    )


def edges_by_likeness(
    address: str, kind: AnyType, settings: Settings, likeness: Likeness
) -> tuple[Edge, ...]:
    """Whom an object needs, found from its values alone.

    AWS refuses no delete because a policy names the object, and a policy often names just what it
    is for. So such an edge gives way where an order contradicts it.
    """
    resource = Resource(address, kind, likeness.referenced(settings, of=kind, itself=address))
    return each_once(
        Edge(
            address=use.target,
            stage=(Stage.CONFIGURE if STATEMENT in use.path else stage_of(resource, use)).value,
        )
        for use in resource.uses
        if use.target != address
    )


def each_once(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """One edge for each address, in their order; a create edge outweighs a configure one."""
    kept: dict[str, Edge] = {}
    for edge in edges:
        if edge.address not in kept or edge.stage == "create":
            kept[edge.address] = edge
    return tuple(kept[address] for address in sorted(kept))


def without_circles(
    edges: Mapping[str, tuple[Edge, ...]], firm: Collection[str] = ()
) -> dict[str, tuple[Edge, ...]]:
    """The same edges, with create edges made configure ones until they go in no circle.

    Args:
        edges: by address.
        firm: addresses whose edges are known to be right, and stay.
    """
    eased = dict(edges)
    while True:
        order = TopologicalSorter(
            {
                address: [edge.address for edge in given if edge.stage == "create"]
                for address, given in eased.items()
            }
        )
        try:
            order.prepare()
        except CycleError as error:
            circle = [(user, needed) for needed, user in pairwise(error.args[1])]
            giving = [(user, needed) for user, needed in circle if user not in firm]
            if not giving:
                return eased
            for user, needed in giving:
                eased[user] = _eased(eased[user], needed)
        else:
            return eased


def _eased(edges: tuple[Edge, ...], needed: str) -> tuple[Edge, ...]:
    return tuple(
        edge.model_copy(update={"stage": "configure"}) if edge.address == needed else edge
        for edge in edges
    )
