"""Ctrl-C and SIGTERM at every moment of a command, in a process of its own."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys

import pytest

from provisioner.aws.clients import connect
from provisioner.inventory import Holder, Inventory
from provisioner.inventory.dynamodb import DynamoStore
from tests.e2e.alive import alive
from tests.e2e.conftest import ROOT, World
from tests.e2e.proxy import LIMIT, Meeting, proxied

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
BRIEF = 1.5
ONE_BY_ONE = ("--yes", "--parallelism", "1")


def free(world: World, stack: str) -> bool:
    aws = connect(world.session)
    lease = Inventory(DynamoStore(aws), aws.clock).lease(stack)
    return lease is None or lease.holder is None


@BOTH
def test_a_run_that_is_stopped_midway_is_gone_on_with(
    number: int, small: str, world: World
) -> None:
    """Exit 130; what was in flight is recorded, what is undone is named; the next run makes it."""
    meeting = Meeting("CreateVpc")
    with proxied(world.endpoint, meeting) as proxy:
        running = world.start("apply", small, *ONE_BY_ONE, via=proxy.endpoint)
        meeting.wait()
        running.signal(number)
        running.until("again to leave at once")
        writes = len(proxy.writes)
        meeting.let_go()
        ran = running.ended()
        assert (ran.code, len(proxy.writes)) == (130, writes), ran.err
    assert "Traceback" not in ran.err
    for word in ("Interrupted: ", "Not started (", "Run the same command again"):
        assert word in ran.out
    assert free(world, "small")
    before = alive(world.session)
    again = world.run("apply", small, "--local", "--yes", "--json", brief=BRIEF)
    assert again.code == 0, again.err
    assert again.summary["created"] + again.summary["updated"] + again.summary["unchanged"] == 6
    after = alive(world.session)
    assert all(set(ids) <= set(after[kind]) for kind, ids in before.items())
    assert len(after["vpc"]) == 1
    assert world.run("teardown", "small", "--local", "--yes").code == 0
    assert alive(world.session) == {}


def test_a_second_signal_leaves_at_once(small: str, world: World) -> None:
    """Though a call is still in flight; the next run settles that, and goes on."""
    meeting = Meeting("CreateVpc")
    with proxied(world.endpoint, meeting) as proxy:
        running = world.start("apply", small, *ONE_BY_ONE, via=proxy.endpoint, brief=BRIEF)
        meeting.wait()
        running.signal(signal.SIGINT)
        running.until("again to leave at once")
        running.signal(signal.SIGTERM)
        ran = running.ended()
        meeting.let_go()
    assert (ran.code, "settled by the next run" in ran.err) == (130, True)
    assert not free(world, "small")
    again = world.run("apply", small, "--local", "--yes", "--json", brief=BRIEF)
    assert again.code == 0, again.err
    assert len(alive(world.session)["vpc"]) == 1
    assert world.run("teardown", "small", "--local", "--yes").code == 0
    assert alive(world.session) == {}


@BOTH
def test_a_command_stopped_while_it_looks_changes_nothing(
    number: int, small: str, world: World
) -> None:
    """And lets the stack go."""
    world.run("apply", small, "--local", "--yes")
    before = alive(world.session)
    meeting = Meeting("DescribeVpcs")
    with proxied(world.endpoint, meeting) as proxy:
        running = world.start("teardown", "small", "--yes", via=proxy.endpoint)
        meeting.wait()
        running.signal(number)
        running.until("again to leave at once")
        meeting.let_go()
        ran = running.ended()
        assert proxy.writes == []
    assert (ran.code, "before anything was changed" in ran.err) == (130, True)
    assert (alive(world.session), free(world, "small")) == (before, True)


@BOTH
def test_a_command_stopped_while_it_waits_lets_the_other_one_work(
    number: int, small: str, world: World
) -> None:
    """It says whom it waited for."""
    aws = connect(world.session)
    inventory = Inventory(DynamoStore(aws), aws.clock)
    with inventory.open("small", Holder(who="ada", host="laptop", command="apply", run="")) as run:
        held = inventory.lease("small")
        running = world.start("apply", small, "--yes")
        running.until("held by ada on laptop")
        running.signal(number)
        ran = running.ended()
        assert (ran.code, "Traceback" in ran.err) == (130, False), ran.err
        assert inventory.lease("small") == held
        run.close("succeeded", {})
    assert alive(world.session) == {}


@BOTH
def test_a_command_stopped_at_its_question_changes_nothing(
    number: int, small: str, world: World
) -> None:
    """The stack is free, and nobody waits for an answer."""
    ours, its = pty.openpty()
    with subprocess.Popen(  # noqa: S603  our own command
        [sys.executable, "-m", "provisioner", "apply", small, "--local"],
        stdin=its,
        stdout=its,
        stderr=its,
        cwd=ROOT,
        env=world.environment(),
    ) as process:
        os.close(its)
        try:
            _read(ours, "Type 'yes' to go on")
            process.send_signal(number)
            said = _read(ours)
            process.wait(LIMIT)
        finally:
            process.kill()
            os.close(ours)
    assert (process.returncode, "at the question" in said) == (130, True), said
    assert (alive(world.session), free(world, "small")) == ({}, True)
    shown = world.run("history", "small", "--local", "--json")
    assert [run["result"] for run in shown.documents] == ["interrupted"]


def _read(terminal: int, until: str = "") -> str:
    """What is said on a terminal, until this is said, or until it is closed at the other end."""
    said = ""
    while not until or until not in said:
        ready, _, _ = select.select([terminal], [], [], LIMIT)
        assert ready, f"nothing more was said after: {said}"
        try:
            said += os.read(terminal, 4096).decode()
        except OSError:  # Linux's word for a terminal that nobody writes to any more
            break
    return said
