"""Stacks that expire: said in the manifest or with an apply, kept, shown, torn down in turn."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import boto3
import pytest

from provisioner.api.listings import expired, stacks
from provisioner.api.runs import apply, teardown
from provisioner.aws.clients import connect
from provisioner.cli import run
from provisioner.errors import ManifestError, NotExpiredError
from provisioner.inventory import Holder, Inventory
from provisioner.inventory.dynamodb import DynamoStore
from provisioner.manifest import load
from provisioner.manifest.expiry import seconds
from provisioner.operations.desk import Options
from provisioner.stack import Stack
from tests.conftest import VirtualClock

Say = Callable[..., tuple[int, str, str]]
QUEUE = """
stack: {name}
variables:
  until: {{default: ""}}
expires_at: ${{var.until}}
resources:
  inbox: {{kind: sqs.queue, queue_name: {name}-inbox, protect: {protect}}}
"""
PAST, FUTURE = "2020-01-31T18:00Z", "2099-01-31T19:00+01:00"


@pytest.fixture
def say(session: boto3.Session, capsys: pytest.CaptureFixture[str]) -> Say:
    def command(*words: str) -> tuple[int, str, str]:
        code = run(words)
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


@pytest.fixture
def made(say: Say, tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """Apply a stack of one queue."""

    def make(name: str, *words: str, protect: bool = False) -> tuple[int, str, str]:
        file = tmp_path / f"{name}.yaml"
        file.write_text(QUEUE.format(name=name, protect=str(protect).lower()))
        return say("apply", str(file), "--yes", *words)

    return make


def queues(session: boto3.Session) -> set[str]:
    urls = session.client("sqs").list_queues().get("QueueUrls", [])
    return {url.rpartition("/")[2].removesuffix("-inbox") for url in urls}


def queue(expires_at: str = "") -> Stack:
    stack = Stack("s", expires_at=expires_at)
    stack.add("inbox", "sqs.queue", queue_name="s-inbox")
    return stack


def until(session: boto3.Session, options: Options) -> str:
    [one] = stacks(session, options)
    assert one.standing is not None
    return one.standing.expires_at


def test_the_newest_word_on_its_end_holds(session: boto3.Session, clock: VirtualClock) -> None:
    """A ttl counts from its apply on, and holds until another is given; the stack's own word wins
    over one of before; an apply that fails or is declined leaves it.
    """
    options = Options(clock=clock)

    def applied(stack: Stack, ttl: float | None = None) -> str:
        apply(session, stack, replace(options, ttl=ttl)).check()
        return until(session, options)

    assert applied(queue()) == ""
    start = clock.now()
    first = applied(queue(), seconds("3d"))
    assert timedelta(days=3) <= datetime.fromisoformat(first) - start < timedelta(days=3, hours=1)
    assert applied(queue()) == first
    clock.sleep(86400)
    later = applied(queue(), seconds("3d"))
    assert datetime.fromisoformat(later) - datetime.fromisoformat(first) >= timedelta(days=1)
    declined = apply(session, queue(), replace(options, ttl=seconds("1h")), approve=lambda _: False)
    assert (declined.result, until(session, options)) == ("declined", later)
    assert applied(queue(FUTURE)) == "2099-01-31T18:00:00+00:00"
    assert applied(queue()) == ""
    assert applied(queue(FUTURE), math.inf) == ""
    assert applied(queue(FUTURE)) == "2099-01-31T18:00:00+00:00"


def test_a_stack_expires_when_its_time_has_come(
    session: boto3.Session, clock: VirtualClock
) -> None:
    """Not before; and what is torn down only if it has expired, is looked at again for that."""
    options = Options(clock=clock)
    apply(session, queue(), replace(options, ttl=seconds("2h"))).check()
    assert expired(session, options) == ()
    with pytest.raises(NotExpiredError, match="s expires at"):
        teardown(session, "s", options, if_expired=True)
    clock.sleep(2 * 3600)
    [one] = expired(session, options)
    assert (one.name, one.health) == ("s", "expired")
    apply(session, queue(), replace(options, ttl=seconds("1h"))).check()
    with pytest.raises(NotExpiredError):
        teardown(session, "s", options, if_expired=True)
    assert queues(session) == {"s"}
    clock.sleep(2 * 3600)
    teardown(session, "s", options, if_expired=True).check()
    assert queues(session) == set()
    assert stacks(session, options) == ()


def test_it_is_shown_by_plan_stacks_and_history(say: Say, made: Say, tmp_path: Path) -> None:
    """For people and for programs, in UTC."""
    code, out, _ = made("a", "--var", f"until={FUTURE}")
    assert (code, "The stack expires at 2099-01-31 18:00:00 UTC." in out) == (0, True)
    _, out, _ = say("plan", str(tmp_path / "a.yaml"), "--var", f"until={FUTURE}", "--json")
    assert json.loads(out)["expires_at"] == "2099-01-31T18:00:00+00:00"
    _, out, _ = say("stacks", "--json")
    told = json.loads(out)
    assert (told["expires_at"], told["expired"]) == ("2099-01-31T18:00:00+00:00", False)
    assert " in " in say("stacks")[1].splitlines()[1]
    _, out, _ = say("history", "a", "--json")
    run_id = json.loads(out)["id"]
    assert "expires   2099-01-31 18:00:00 UTC" in say("history", "a", run_id)[1]
    made("b", "--ttl", "3d")
    assert "2 d" in say("stacks")[1].splitlines()[2]


@pytest.mark.parametrize("text", ["soon", "2099-01-31", "2099-01-31T18:00", "20990131T18"])
def test_a_time_needs_its_zone(text: str, tmp_path: Path) -> None:
    """Told with its place in a manifest, and at once in Python."""
    file = tmp_path / "s.yaml"
    file.write_text(f"stack: s\nexpires_at: '{text}'\n")
    with pytest.raises(ManifestError, match=r"s\.yaml:2:1: expires_at: .*2027-01-31T18:00Z"):
        load(file)
    with pytest.raises(ManifestError, match="expires_at"):
        Stack("s", expires_at=text)


@pytest.mark.parametrize("text", ["3", "0d", "3 d", "-1d", "1.5h", "3days", ""])
def test_a_ttl_is_a_number_and_a_unit(text: str, say: Say, made: Say) -> None:
    """Anything else is a wrong command line."""
    code, _, err = made("a", "--ttl", text)
    assert (code, "never" in err) == (64, True)


def test_all_that_has_expired_goes_and_nothing_else(
    session: boto3.Session, say: Say, made: Say
) -> None:
    """One that is protected is told and does not keep the others; what has time left stays."""
    for name in ("a", "b", "c"):
        made(name, "--var", f"until={PAST}", protect=name == "b")
    made("d", "--ttl", "3d")
    made("e")
    code, out, err = say("teardown", "--expired")
    assert (code, "--yes" in err, queues(session)) == (1, True, {"a", "b", "c", "d", "e"})
    code, out, _ = say("teardown", "--expired", "--plan")
    assert code == 3
    assert [line.split()[1] for line in out.splitlines() if line.startswith("  - ")][:3] == [
        "a",
        "b",
        "c",
    ]
    assert "it is protected" in out
    assert queues(session) == {"a", "b", "c", "d", "e"}
    code, out, err = say("teardown", "--expired", "--yes")
    assert (code, queues(session)) == (3, {"b", "d", "e"})
    assert "inbox: it is protected." in err
    made("b", "--var", f"until={PAST}")
    assert say("teardown", "--expired", "--yes")[0] == 0
    assert queues(session) == {"d", "e"}
    code, out, _ = say("teardown", "--expired", "--yes")
    assert (code, out) == (0, "No stack has expired.\n")


def test_a_stack_that_is_worked_on_is_left_and_told(
    session: boto3.Session, say: Say, made: Say
) -> None:
    """Nobody waits for it; the others go."""
    for name in ("a", "b"):
        made(name, "--var", f"until={PAST}")
    aws = connect(session)
    inventory = Inventory(DynamoStore(aws), aws.clock)
    holder = Holder(who="ada", host="laptop", command="apply", run="r1")
    with inventory.open("a", holder) as journal:
        code, out, _ = say("teardown", "--expired", "--yes")
        assert (code, queues(session)) == (3, {"a"})
        assert "left alone: apply, ada on laptop" in out
        assert say("teardown", "--expired", "--yes")[0] == 4
        journal.close("declined", {})
    assert say("teardown", "--expired", "--yes")[0] == 0
    assert queues(session) == set()


def test_expired_and_a_stack_exclude_each_other(say: Say) -> None:
    """One of both is needed."""
    for words in (("a", "--expired"), (), ("--expired", "--target", "x")):
        assert say("teardown", *words)[0] == 64
