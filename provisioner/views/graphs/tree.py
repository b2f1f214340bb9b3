"""The graph as a tree of text: each box once, below what it waits for longest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter

from rich.text import Text

from provisioner.engine.outline import Outline
from provisioner.quantities import counted
from provisioner.views.graphs.boxes import Arrow, Drawing, drawing


def tree_lines(outline: Outline) -> Iterator[Text]:
    """The tree, and below it the critical path with its seconds."""
    drawn = drawing(outline)
    parents = _parents(drawn)
    children: dict[str, list[str]] = defaultdict(list)
    for name in sorted(parents):
        children[parents[name].needed].append(name)
    yield _head(outline)
    tied = {end for arrow in drawn.arrows for end in (arrow.needed, arrow.user)}
    for name in sorted(tied - set(parents)):
        yield _line(drawn, name, "", None)
        yield from _below(drawn, parents, children, name)
    if alone := sorted(set(drawn.boxes) - tied):
        yield Text(f"Waiting for nothing, and holding up nothing ({len(alone)}):")
        yield Text(f"  {', '.join(alone)}", "dim")
    yield Text("")
    yield _path(outline)


def _head(outline: Outline) -> Text:
    sizes = (
        counted(len(outline.kinds), "resource"),
        counted(len(outline.seconds), "stage"),
        counted(outline.references, "reference"),
    )
    return Text.assemble((outline.name, "bold"), f": {', '.join(sizes)} that are waited for")


def _parents(drawn: Drawing) -> dict[str, Arrow]:
    """Of each box that waits, the arrow from what it waits for longest."""
    into: dict[str, list[Arrow]] = {name: [] for name in drawn.boxes}
    for arrow in drawn.arrows:
        into[arrow.user].append(arrow)
    order = TopologicalSorter({name: [a.needed for a in into[name]] for name in drawn.boxes})
    ends: dict[str, float] = {}
    parents = {}
    for name in order.static_order():
        last = max(into[name], key=lambda a: (a.critical, ends[a.needed], a.needed), default=None)
        if last:
            parents[name] = last
        ends[name] = drawn.boxes[name].seconds + (ends[last.needed] if last else 0.0)
    return parents


def _below(
    drawn: Drawing,
    parents: Mapping[str, Arrow],
    children: Mapping[str, list[str]],
    name: str,
) -> Iterator[Text]:
    """All that hangs below a box. No recursion: a chain may be as long as a stack is large."""
    waiting = [*reversed(_branches(children, name, ""))]
    while waiting:
        child, branch, below = waiting.pop()
        yield _line(drawn, child, branch, parents[child])
        waiting += reversed(_branches(children, child, below))


def _branches(
    children: Mapping[str, list[str]], name: str, indent: str
) -> list[tuple[str, str, str]]:
    """The boxes right below one: with the branch before each, and what stands before its own."""
    below = children.get(name, [])
    return [
        (child, f"{indent}└─ ", f"{indent}   ")
        if child == below[-1]
        else (child, f"{indent}├─ ", f"{indent}│  ")
        for child in below
    ]


def _line(drawn: Drawing, name: str, branch: str, parent: Arrow | None) -> Text:
    box = drawn.boxes[name]
    line = Text.assemble((branch, "dim"), (name, "bold red" if box.critical else ""))
    line.append(" *" if box.critical else "", "bold red")
    line.append(f"  {box.kind}", "dim")
    if parent and parent.reason:
        line.append(f"  {parent.reason}")
    others = [
        f"{arrow.reason}: {arrow.needed}"
        for arrow in drawn.arrows
        if arrow.user == name and arrow is not parent and arrow.reason
    ]
    if others:
        line.append(f"  (also {'; '.join(others)})", "dim")
    return line


def _path(outline: Outline) -> Text:
    """The critical path, each resource with the seconds it is on it."""
    spent: dict[str, float] = {}
    for node in outline.path:
        spent[node.address] = spent.get(node.address, 0.0) + outline.seconds[node]
    told = " → ".join(f"{address} {seconds:g} s" for address, seconds in spent.items())
    return Text.assemble((f"* Critical path, {outline.total:g} s: ", "bold"), told)
