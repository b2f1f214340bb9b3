"""The bench measures what it says: on commands and figures that are known."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from provisioner import Stack, load
from tests.bench.bound import OVERHEAD, chain
from tests.bench.growth import manifest
from tests.bench.meter import metered
from tests.bench.table import Row, table


def test_a_command_is_measured_with_its_children(tmp_path: Path) -> None:
    child = "x = bytearray(60_000_000); print(len(x)); sum(range(3_000_000))"
    parent = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', {child!r}]))"
    ran = metered([sys.executable, "-c", parent], os.environ, tmp_path)
    assert (ran.code, ran.out) == (0, "60000000\n")
    assert 0 < ran.cpu <= ran.wall * (os.cpu_count() or 1)
    assert ran.memory > 60


def test_the_bound_is_the_longest_chain_of_calls() -> None:
    """A ← b's configuring ← c; what took no time made no call."""
    stages = [{"address": a, "stage": s} for a in "abc" for s in ("create", "configure")]
    own = [(one, "configure", one, "create") for one in "abc"]
    links = [*own, ("b", "configure", "a", "create"), ("c", "create", "b", "configure")]
    graph = {
        "stages": stages,
        "links": [
            {"address": a, "stage": s, "needs": {"address": b, "stage": t}} for a, s, b, t in links
        ],
    }
    took = {("a", "create"): 0.06, ("b", "create"): 0.06, ("b", "configure"): 0.07}
    done = [
        {"event": "step.done", "address": address, "step": step, "seconds": seconds}
        for (address, step), seconds in {**took, ("c", "configure"): 0.001}.items()
    ]
    assert chain(graph, "\n".join(map(json.dumps, done)), 0.05) == OVERHEAD + 3


def test_growth_is_a_stack(tmp_path: Path) -> None:
    assert len(list(Stack.of(load(manifest(tmp_path, 50))))) == 50


def test_the_table_compares_medians_with_the_peer() -> None:
    def row(tool: str, wall: float, calls: int) -> Row:
        return Row(tool, "apply", "s", 0.05, wall, 1.0, 90, calls, 0, 3, 7, 0, 0.5, 0.1)

    rows = [row("provisioner", wall, 50) for wall in (2.0, 9.0, 3.0)]
    ours, peer = table([*rows, row("terraform", 30.0, 200)]).splitlines()[2:]
    assert "| 3.0 (2.0–9.0) | 50 |" in ours
    assert ours.endswith("| 0.10 | 0.25 | 6.0 |")
    assert "| 30.0 | 200 |" in peer
