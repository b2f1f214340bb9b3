"""What is drawn: both stages of a resource as one box, unless the second waits for others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from provisioner.engine.outline import Link, Outline
from provisioner.lifecycle import Stage
from provisioner.stack.graph import Node

MOST = 3
"""Reasons told of an arrow."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box.

    Attributes:
        name: the address; of a second stage with its word.
        kind: of the resource.
        seconds: of what happens in it.
        critical: it is on the critical path.
    """

    name: str
    kind: str
    seconds: float
    critical: bool


@dataclass(frozen=True, slots=True)
class Arrow:
    """From what is needed to who needs it.

    Attributes:
        needed, user: names of boxes.
        reason: where the references stand, a few of them; empty between the two stages of a
            resource, since the second follows by itself.
        critical: the critical path goes along it.
    """

    needed: str
    user: str
    reason: str
    critical: bool


@dataclass(frozen=True)
class Drawing:
    """Boxes by name, and the arrows between them."""

    boxes: Mapping[str, Box]
    arrows: tuple[Arrow, ...]


def drawing(outline: Outline) -> Drawing:
    """What there is to draw."""
    apart = {
        link.user.address
        for link in outline.links
        if link.user.stage is Stage.CONFIGURE and link.user.address != link.needs.address
    }

    def name(node: Node) -> str:
        second = node.stage is Stage.CONFIGURE and node.address in apart
        return f"{node.address} {Stage.CONFIGURE}" if second else node.address

    boxes: dict[str, Box] = {}
    for node, seconds in outline.seconds.items():
        there = boxes.get(name(node))
        boxes[name(node)] = Box(
            name(node),
            outline.kinds[node.address],
            seconds + (there.seconds if there else 0.0),
            node in outline.path or bool(there and there.critical),
        )
    steps = set(pairwise(outline.path))
    arrows: dict[tuple[str, str], Arrow] = {}
    for link in outline.links:
        ends = (name(link.needs), name(link.user))
        if ends[0] != ends[1]:
            known = arrows.get(ends)
            critical = (link.needs, link.user) in steps or bool(known and known.critical)
            arrows[ends] = Arrow(*ends, known.reason if known else _reason(link), critical)
    return Drawing(boxes, tuple(arrows.values()))


def _reason(link: Link) -> str:
    more = len(link.reasons) - MOST
    told = ", ".join(link.reasons[:MOST])
    return f"{told} and {more} more" if more > 0 else told
