"""Several processes on one stack, and many stacks in one table."""

from __future__ import annotations

import signal
import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from provisioner.api.runs import apply, teardown
from provisioner.operations.desk import Options
from provisioner.stack import Stack
from tests.e2e.alive import alive
from tests.e2e.conftest import World
from tests.e2e.proxy import LIMIT, Meeting, Request, Side, proxied

BRIEF = 1.5
MADE = {"kms": 1, "vpc": 1, "subnet": 1, "group": 1, "queue": 1, "topic": 1}


def numbers(world: World) -> dict[str, int]:
    return {kind: len(ids) for kind, ids in alive(world.session).items()}


@pytest.mark.parametrize("count", [2, 4])
def test_of_runs_that_start_at_once_one_works(count: int, small: str, world: World) -> None:
    """All ask for the lease in the same moment, on an account without an inventory."""
    line = threading.Barrier(count)
    asking = Counter[str]()

    def meet(request: Request, side: Side) -> None:
        if (request.what, side) == ("UpdateItem", "before"):
            asking[request.what] += 1
            if asking[request.what] <= count:
                line.wait(LIMIT)

    with proxied(world.endpoint, meet) as proxy:
        runs = [
            world.start("apply", small, "--yes", "--json", via=proxy.endpoint) for _ in range(count)
        ]
        ended = [run.ended() for run in runs]
    assert {ran.code for ran in ended} <= {0, 4}
    worked = [ran for ran in ended if ran.code == 0 and ran.counts() != {"unchanged": 6}]
    assert [ran.counts() for ran in worked] == [{"created": 6}]
    for ran in ended:
        if ran.code == 4:
            assert f"is held by {_caller(ran.err)} on {socket.gethostname()} (apply," in ran.err
    assert numbers(world) == MADE
    same = world.run("apply", small, "--local", "--yes", "--json")
    assert (same.counts(), same.summary["aws_calls"]["write"]) == ({"unchanged": 6}, 0)


def _caller(said: str) -> str:
    return said.partition(" is held by ")[2].partition(" on ")[0]


def test_while_one_works_others_wait_or_stop(small: str, world: World) -> None:
    """Whoever will not wait is told who holds the stack, where and since when, with code 4."""
    meeting = Meeting("CreateVpc")
    with proxied(world.endpoint, meeting) as proxy:
        first = world.start("apply", small, "--yes", "--json", via=proxy.endpoint)
        meeting.wait()
        refused = world.run("apply", small, "--local", "--yes", "--lock-timeout", "0")
        assert (refused.code, refused.out) == (4, "")
        for word in (
            socket.gethostname(),
            "(apply, since 20",
            "+00:00",
            "--lock-timeout",
            "unlock",
        ):
            assert word in refused.err
        down = world.run("teardown", "small", "--local", "--yes", "--lock-timeout", "0")
        assert down.code == 4
        waiting = [world.start("apply", small, "--yes", "--lock-timeout", "120") for _ in range(2)]
        for run in waiting:
            run.until("the stack is held by")
        meeting.let_go()
        assert first.ended().counts() == {"created": 6}
        for run in waiting:
            ran = run.ended()
            assert (ran.code, "Done: 6 unchanged." in ran.out) == (0, True), ran.err
    assert numbers(world) == MADE


def test_a_stopped_process_that_wakes_after_a_takeover_writes_nothing(
    small: str, world: World
) -> None:
    """SIGSTOP, as a laptop's lid does it: its lease is taken over, and it sees that by itself."""
    meeting = Meeting("CreateVpc")
    with proxied(world.endpoint, meeting) as proxy:
        holder = world.start(
            *("apply", small, "--yes", "--parallelism", "1"), via=proxy.endpoint, brief=BRIEF
        )
        meeting.wait()
        holder.signal(signal.SIGSTOP)
        over = world.run("apply", small, "--local", "--yes", "--json", brief=BRIEF)
        assert over.code == 0, over.err
        assert "the stack is held by" not in over.out
        before, written = alive(world.session), len(proxy.writes)
        meeting.let_go()
        holder.signal(signal.SIGCONT)
        woken = holder.ended()
    assert woken.code == 4, woken.err
    assert "Another run has taken over stack small" in woken.out
    assert "Traceback" not in woken.err
    assert len(proxy.writes) == written
    assert alive(world.session) == before
    assert numbers(world) == MADE
    fates = [run["result"] for run in world.run("history", "small", "--local", "--json").documents]
    assert fates == ["succeeded", "died"]
    assert world.run("teardown", "small", "--local", "--yes").code == 0
    assert alive(world.session) == {}


def test_a_run_whose_lease_was_taken_by_hand_writes_nothing_more(small: str, world: World) -> None:
    """`unlock` while it lives: it hears of that at its next word to the inventory."""
    meeting = Meeting("CreateVpc")
    with proxied(world.endpoint, meeting) as proxy:
        holder = world.start(
            *("apply", small, "--yes", "--parallelism", "1"), via=proxy.endpoint, brief=BRIEF
        )
        meeting.wait()
        proxy.refused.clear()
        taken = world.run("unlock", "small", "--local", "--yes")
        assert (taken.code, "is held by" in taken.out, "is free" in taken.out) == (0, True, True)
        proxy.wait_for_refusal("UpdateItem")  # its heartbeat
        written = len(proxy.writes)
        meeting.let_go()
        ended = holder.ended()
    assert (ended.code, len(proxy.writes)) == (4, written), ended.err
    assert world.run("apply", small, "--local", "--yes", brief=BRIEF).code == 0
    assert numbers(world) == MADE


class Clients:
    """One client per service for all runs: making them takes longer than a run."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    def client(self, service: str, **arguments: Any) -> Any:
        """As a session does."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(service, **arguments)
            return self._clients[service]

    def get_credentials(self) -> Any:
        """The session's."""
        return self._session.get_credentials()


def one_of_many(number: int) -> Stack:
    """A key and a queue that it encrypts."""
    stack = Stack(f"tenant-{number:02}")
    key = stack.add("key", "kms.key", alias=f"alias/tenant-{number:02}")
    stack.add("queue", "sqs.queue", queue_name=f"tenant-{number:02}", kms_key=key.arn)
    return stack


def test_twenty_stacks_side_by_side_in_one_table(world: World) -> None:
    """All converge, whoever makes the table; none waits for another; all are torn down."""
    stacks = [one_of_many(number) for number in range(20)]
    clients: Any = Clients(world.session)
    at_once = Options(lock_timeout=0.0, workers=4)
    with ThreadPoolExecutor(20) as pool:
        first = [*pool.map(lambda stack: apply(clients, stack, at_once).check(), stacks)]
        assert {report.summary["created"] for report in first} == {2}
        assert numbers(world) == {"kms": 20, "queue": 20}
        same = [*pool.map(lambda stack: apply(clients, stack, at_once).check(), stacks)]
        assert {report.summary["unchanged"] for report in same} == {2}
        down = [*pool.map(lambda stack: teardown(clients, stack.name, at_once).check(), stacks)]
        assert {report.summary["deleted"] for report in down} == {2}
    assert alive(world.session) == {}
