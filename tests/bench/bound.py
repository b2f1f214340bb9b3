"""The least time a stack can take: its longest chain of calls that need each other's answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

OVERHEAD = 2
"""Calls before the first create that everything waits for: the lease, and the intents."""

Node = tuple[str, str]


def chain(graph: Mapping[str, Any], ran: str, latency: float) -> int:
    """Calls on the longest path through the stages of which each takes one call at least.

    Args:
        graph: what `graph --json` tells.
        ran: the JSON lines of the apply: a stage that took less than a call's latency made none.
        latency: seconds that each call takes.
    """
    needs: dict[Node, list[Node]] = {}
    for link in graph["links"]:
        user, other = link, link["needs"]
        node = (user["address"], user["stage"])
        needs.setdefault(node, []).append((other["address"], other["stage"]))
    calling = set(_calling(ran.splitlines(), latency))

    @cache
    def longest(node: Node) -> int:
        own = int(node in calling or node[1] == "create")
        return own + max((longest(other) for other in needs.get(node, ())), default=0)

    nodes = [(stage["address"], stage["stage"]) for stage in graph["stages"]]
    return OVERHEAD + max(map(longest, nodes), default=0)


def _calling(lines: Iterable[str], latency: float) -> Iterable[Node]:
    for line in lines:
        event = json.loads(line)
        if event["event"] == "step.done" and event["seconds"] >= latency:
            yield event["address"], event["step"]
