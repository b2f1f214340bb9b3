"""Rounds of measured steps, and the table that people read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """One step of one tool in one round.

    Attributes:
        tool, step: which; stack: on what; latency: seconds a call.
        wall, cpu: seconds; memory: MB.
        reads, writes: calls at the proxy, those of the inventory included.
        inventory: of these, the inventory's own; -1 if the tool has none.
        most: calls in flight at once.
        wrong: answers of 500 and more, which the tool tried again.
        bound: seconds that the longest chain of calls takes; 0 where that is not known.
        load: the machine's load average before it.
    """

    tool: str
    step: str
    stack: str
    latency: float
    wall: float
    cpu: float
    memory: float
    reads: int
    writes: int
    inventory: int
    most: int
    wrong: int
    bound: float
    load: float

    @property
    def calls(self) -> int:
        """All of them."""
        return self.reads + self.writes


HEAD = (
    "| stack | ms a call | step | tool | wall s (min–max) | calls | reads | writes | inventory "
    "| in flight | MB | CPU s | × peer's wall | × peer's calls | × bound |"
)


def table(rows: Sequence[Row]) -> str:
    """Medians over the rounds, in Markdown."""
    groups: dict[tuple[str, float, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.stack, row.latency, row.step, row.tool), []).append(row)
    lines = [HEAD, "|" + "---|" * (HEAD.count("|") - 1)]
    for (stack, latency, step, tool), several in groups.items():
        peer = [
            row
            for row in rows
            if (row.stack, row.latency, row.step) == (stack, latency, step)
            and row.tool != "provisioner"
        ]
        lines.append(_line(several, peer if tool == "provisioner" else []))
    return "\n".join(lines)


def _line(rows: Sequence[Row], peer: Sequence[Row]) -> str:
    one = rows[-1]
    walls = [row.wall for row in rows]
    wall, calls = median(walls), median(row.calls for row in rows)
    spread = f" ({min(walls):.1f}–{max(walls):.1f})" if len(rows) > 1 else ""
    cells = [
        one.stack,
        f"{one.latency * 1000:.0f}",
        one.step,
        one.tool,
        f"{wall:.1f}{spread}",
        f"{calls:.0f}",
        f"{median(row.reads for row in rows):.0f}",
        f"{median(row.writes for row in rows):.0f}",
        f"{one.inventory}" if one.inventory >= 0 else "",
        f"{max(row.most for row in rows)}",
        f"{max(row.memory for row in rows):.0f}",
        f"{median(row.cpu for row in rows):.1f}",
        f"{wall / median(row.wall for row in peer):.2f}" if peer else "",
        f"{calls / median(row.calls for row in peer):.2f}" if peer else "",
        f"{wall / one.bound:.1f}" if one.bound else "",
    ]
    return "| " + " | ".join(cells) + " |"
