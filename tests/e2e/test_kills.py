"""SIGKILL at one request of the command line's process; the same command again mends it."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from concurrent.futures import Future

import pytest

from tests.e2e.alive import alive
from tests.e2e.conftest import World
from tests.e2e.proxy import LIMIT, Request, Side, proxied

MANIFEST = "manifests/healthcare"
STACK = "healthcare-dev"
BRIEF = 1.5
COMMANDS = {"apply": ("apply", MANIFEST, "--yes"), "teardown": ("teardown", STACK, "--yes")}
POINTS: list[tuple[str, int, Side]] = [
    ("apply", 6, "after"),
    ("apply", 90, "before"),
    ("apply", 150, "after"),
    ("apply", 240, "after"),
    ("teardown", 10, "after"),
    ("teardown", 210, "after"),
    ("teardown", 270, "before"),
    ("teardown", 330, "after"),
]
"""Spread over the run: the inventory's table, shells, wiring, the last words."""


Numbers = Mapping[str, int]


def numbers_of(world: World) -> Numbers:
    return {kind: len(ids) for kind, ids in alive(world.session).items()}


@pytest.fixture(scope="module")
def whole(world: World) -> Numbers:
    """How many objects of each kind an undisturbed apply makes."""
    assert world.run(*COMMANDS["apply"], "--local").code == 0
    return numbers_of(world)


@pytest.mark.parametrize(("command", "number", "side"), POINTS)
def test_a_killed_run_is_mended_by_the_next(
    command: str, number: int, side: Side, whole: Numbers, world: World
) -> None:
    """No flag, no question; nothing twice, nothing left, and nothing to do for the one after."""
    if command == "teardown":
        assert world.run(*COMMANDS["apply"], "--local").code == 0
    process: Future[int] = Future()

    def kill(request: Request, at: Side) -> None:
        if (request.number, at) == (number, side):
            os.kill(process.result(LIMIT), signal.SIGKILL)

    with proxied(world.endpoint, kill) as proxy:
        running = world.start(*COMMANDS[command], via=proxy.endpoint, brief=BRIEF)
        process.set_result(running.process.pid)
        assert running.ended().code == -signal.SIGKILL
    again = world.run(*COMMANDS[command], "--local", "--json", brief=BRIEF)
    assert again.code == 0, again.err
    if command == "apply":
        assert numbers_of(world) == whole
        same = world.run(*COMMANDS["apply"], "--local", "--json")
        assert same.counts() == {"unchanged": 110}
        assert same.summary["aws_calls"]["write"] == 0
        assert world.run(*COMMANDS["teardown"], "--local").code == 0
    assert alive(world.session) == {}
