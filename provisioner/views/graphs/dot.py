"""The graph as DOT, for Graphviz: `provisioner graph MANIFEST --format dot | dot -Tsvg`.

https://graphviz.org/doc/info/lang.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from provisioner.engine.outline import Outline
from provisioner.views.graphs.boxes import drawing

CRITICAL = ", color=red, penwidth=2"


def dot_lines(outline: Outline) -> Iterator[str]:
    """A directed graph from what is needed to who needs it; the critical path is red."""
    drawn = drawing(outline)
    yield f"digraph {_quoted(outline.name)} {{"
    yield "  rankdir=LR;"
    yield "  node [shape=box];"
    for name, box in drawn.boxes.items():
        label = _quoted(f"{name}\n{box.kind}, {box.seconds:g} s")
        yield f"  {_quoted(name)} [label={label}{CRITICAL if box.critical else ''}];"
    for arrow in drawn.arrows:
        ends = f"{_quoted(arrow.needed)} -> {_quoted(arrow.user)}"
        yield f"  {ends} [label={_quoted(arrow.reason)}{CRITICAL if arrow.critical else ''}];"
    yield "}"


def _quoted(text: str) -> str:
    """A DOT string: quotes are escaped, and a line's end is written as in JSON."""
    return json.dumps(text, ensure_ascii=False)
