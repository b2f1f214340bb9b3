"""Nothing is quadratic: twice the resources take about twice the work."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import boto3

import provisioner
from provisioner import Options, apply, plan, teardown
from provisioner.manifest.loader import load
from provisioner.stack import Stack
from provisioner.stack.graph import build
from tests.bench import growth
from tests.conftest import VirtualClock

OURS = str(Path(provisioner.__file__).parent)
MOST = 2.15
"""What twice as much may cost: what is linear costs 2 at most, what is quadratic goes towards 4."""


@contextmanager
def lines_run() -> Iterator[Callable[[], int]]:
    """Count the lines of ours that run, in all threads: the same work is the same number."""
    ticks = count()
    last = [0]

    def local(frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            last[0] = next(ticks)
        return local

    def enter(frame: FrameType, event: str, arg: Any) -> Any:
        return local if frame.f_code.co_filename.startswith(OURS) else None

    before = sys.gettrace()
    threading.settrace(enter)
    sys.settrace(enter)
    try:
        yield lambda: last[0]
    finally:
        sys.settrace(before)
        threading.settrace(before)


def work(session: boto3.Session, options: Options, stack: Stack) -> dict[str, int]:
    """Lines run by each step of a life."""
    steps: dict[str, Callable[[], object]] = {
        "plan": lambda: plan(session, stack, options),
        "apply": lambda: apply(session, stack, options).check(),
        "no-op": lambda: apply(session, stack, options).check(),
        "teardown": lambda: teardown(session, stack.name, options).check(),
    }
    told = {}
    for name, step in steps.items():
        with lines_run() as lines:
            step()
            told[name] = lines()
    return told


def test_a_manifest_twice_as_long_is_twice_the_reading(tmp_path: Path) -> None:
    """Counted and not timed, so that it fails on no busy machine."""
    told = []
    for size in (100, 200):
        manifest = growth.manifest(tmp_path, size)
        with lines_run() as lines:
            build(Stack.of(load(manifest)))
            told.append(lines())
    small, large = told
    assert large / small < MOST


def test_twice_the_resources_are_twice_the_work(
    session: boto3.Session, clock: VirtualClock, tmp_path: Path
) -> None:
    """From the first plan to the teardown."""
    options = Options(clock=clock)
    stacks = [Stack.of(load(growth.manifest(tmp_path, size))) for size in (10, 20)]
    small, large = (work(session, options, stack) for stack in stacks)
    ratios = {step: large[step] / small[step] for step in small}
    assert {step: ratio for step, ratio in ratios.items() if ratio > MOST} == {}, ratios
