"""SIGKILL at one request of the command line's process; the same command again mends it."""

from __future__ import annotations

import itertools
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
APPLY = ("apply", MANIFEST, "--yes")
TEARDOWN = ("teardown", STACK, "--yes")
BRIEF = 1.5
TEARDOWN_KILLS: tuple[tuple[int, Side, bool], ...] = (
    *((10, "after", False), (40, "after", True)),
    *((60, "before", False), (15, "after", True)),
)
"""Which request, at which side, and whether only those are counted that delete something."""
Numbers = Mapping[str, int]


def numbers_of(world: World) -> Numbers:
    return {kind: len(ids) for kind, ids in alive(world.session).items()}


def killed(
    world: World, words: tuple[str, ...], number: int, side: Side, *, writes: bool = False
) -> bool:
    """Run a command that dies at one side of its nth request; whether it came so far."""
    process: Future[int] = Future()
    left = itertools.count(number - 1, -1)

    def kill(request: Request, at: Side) -> None:
        counts = not writes or (request.mutates and not request.inventory)
        if at == side and counts and next(left) == 0:
            os.kill(process.result(LIMIT), signal.SIGKILL)

    with proxied(world.endpoint, kill) as proxy:
        running = world.start(*words, via=proxy.endpoint, brief=BRIEF)
        process.set_result(running.process.pid)
        return running.ended().code == -signal.SIGKILL


@pytest.fixture(scope="module")
def whole(world: World) -> Numbers:
    """How many objects of each kind an undisturbed apply makes."""
    assert world.run(*APPLY, "--local").code == 0
    return numbers_of(world)


@pytest.mark.parametrize(("number", "side"), [(90, "before"), (240, "after")])
def test_a_killed_apply_is_mended_by_the_next(
    number: int, side: Side, whole: Numbers, world: World
) -> None:
    """No flag, no question; nothing twice, nothing left, and nothing to do for the one after."""
    assert killed(world, APPLY, number, side)
    again = world.run(*APPLY, "--local", "--json", brief=BRIEF)
    assert again.code == 0, again.err
    assert numbers_of(world) == whole
    same = world.run(*APPLY, "--local", "--json")
    assert same.counts() == {"unchanged": 110}
    assert same.summary["aws_calls"]["write"] == 0
    assert world.run(*TEARDOWN, "--local").code == 0
    assert alive(world.session) == {}


def test_a_teardown_that_is_killed_again_and_again_comes_to_its_end(world: World) -> None:
    """While it looks, in the middle, and near its end; each run goes on where the last one died."""
    assert world.run(*APPLY, "--local").code == 0
    left = [sum(numbers_of(world).values())]
    for number, side, writes in TEARDOWN_KILLS:
        assert killed(world, TEARDOWN, number, side, writes=writes), number
        left.append(sum(numbers_of(world).values()))
    assert left == sorted(left, reverse=True)
    assert left[0] > left[2] > left[4] > 0
    down = world.run(*TEARDOWN, "--local", "--json", brief=BRIEF)
    assert down.code == 0, down.err
    assert alive(world.session) == {}
    assert world.run(*TEARDOWN, "--local", "--json").counts() == {}
