"""The graph as plain JSON, for `--json`."""

from __future__ import annotations

from provisioner.engine.outline import Outline
from provisioner.views.graphs.shapes import GraphShape
from provisioner.views.shapes import SCHEMA


def graph_document(outline: Outline) -> GraphShape:
    """Every stage, every link with its reasons, the critical path."""
    return {
        "event": "graph",
        "schema": SCHEMA,
        "stack": outline.name,
        "stages": [
            {
                "address": node.address,
                "stage": node.stage,
                "kind": outline.kinds[node.address],
                "seconds": seconds,
            }
            for node, seconds in outline.seconds.items()
        ],
        "links": [
            {
                "address": link.user.address,
                "stage": link.user.stage,
                "needs": {"address": link.needs.address, "stage": link.needs.stage},
                "reasons": [*link.reasons],
            }
            for link in outline.links
        ],
        "critical_path": [{"address": node.address, "stage": node.stage} for node in outline.path],
        "seconds": outline.total,
    }
