"""The graph as Mermaid, for a page that draws it.

Mermaid draws 500 arrows unless `maxEdges` is raised where it runs.
https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.engine.outline import Outline
from provisioner.views.graphs.boxes import drawing

ESCAPES = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "|": "#124;"}


def mermaid_lines(outline: Outline) -> Iterator[str]:
    """A flowchart from what is needed to who needs it; the critical path is thick."""
    drawn = drawing(outline)
    numbers = {name: f"n{number}" for number, name in enumerate(drawn.boxes)}
    yield "flowchart LR"
    for name, box in drawn.boxes.items():
        yield f'  {numbers[name]}["{_text(name)}<br/>{_text(box.kind)}, {box.seconds:g} s"]'
    for arrow in drawn.arrows:
        line = "==>" if arrow.critical else "-->"
        reason = f'|"{_text(arrow.reason)}"|' if arrow.reason else ""
        yield f"  {numbers[arrow.needed]} {line}{reason} {numbers[arrow.user]}"
    if critical := [numbers[name] for name, box in drawn.boxes.items() if box.critical]:
        yield "  classDef critical stroke:#c00,stroke-width:3px"
        yield f"  class {','.join(critical)} critical"


def _text(text: str) -> str:
    return "".join(ESCAPES.get(one, one) for one in text)
