"""The shapes of the document that `graph --json` prints."""

from __future__ import annotations

from typing import Literal

from pydantic import with_config
from typing_extensions import TypedDict

from provisioner.lifecycle import Stage
from provisioner.views.shapes import EXACT


@with_config(EXACT)
class NodeShape(TypedDict):
    """A stage of a resource."""

    address: str
    stage: Stage


@with_config(EXACT)
class StageShape(NodeShape):
    """A stage, with what it typically takes."""

    kind: str
    seconds: float


@with_config(EXACT)
class LinkShape(NodeShape):
    """What a stage waits for, and where the references stand; none between a resource's own."""

    needs: NodeShape
    reasons: list[str]


@with_config(EXACT)
class GraphShape(TypedDict):
    """The graph of a stack; seconds are what all stages typically take, side by side."""

    event: Literal["graph"]
    schema: str
    stack: str
    stages: list[StageShape]
    links: list[LinkShape]
    critical_path: list[NodeShape]
    seconds: float
