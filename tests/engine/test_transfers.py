"""`move`: another stack, the same object; at every moment exactly one stack has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from provisioner.api.plans import plan
from provisioner.api.rescues import move
from provisioner.api.runs import apply, rollback, teardown
from provisioner.cli import run
from provisioner.errors import ForeignObjectError, PlanError, ProvisionerError
from provisioner.inventory import Record
from provisioner.inventory.records import Holder
from provisioner.operations.desk import Desk, Options
from provisioner.stack import Stack
from tests.conftest import VirtualClock
from tests.e2e.alive import alive
from tests.engine.test_runs import refusing
from tests.engine.test_story import counts, writes
from tests.faults.stage import Stage
from tests.faults.weather import SIDES, Trouble, fair, killed_at, silence_the_dead


def whole(name: str = "one", *, without: str = "") -> Stack:
    """A log group with a filter, which can't be tagged, and a queue with its key."""
    stack = Stack(name, tags={"Team": "care"})
    key = stack.add("key", "kms.key", alias="alias/one")
    stack.add("queue", "sqs.queue", queue_name="one", kms_key=key.arn)
    logs = stack.add("logs", "logs.log_group", log_group_name="/one", retention_in_days=30)
    stack.add(
        "errors",
        "logs.metric_filter",
        log_group_name=logs.name,
        filter_name="errors",
        filter_pattern="ERROR",
        metric_transformation={
            "metric_name": "errors",
            "metric_namespace": "one",
            "metric_value": "1",
        },
    )
    for address in without.split():
        del stack.resources[address]
    return stack


ONE = "key queue"
TWO = "logs errors"


@pytest.fixture
def stage(session: boto3.Session) -> Stage:
    stage = Stage(session, whole(), patient=False)
    stage.up()
    return stage


def records(stage: Stage, name: str) -> dict[str, Record]:
    return Desk.reader(stage.clients, stage.options).inventory.records(name)


def moving(stage: Stage, *addresses: str) -> Callable[[], Any]:
    return lambda: move(stage.clients, "one", addresses, "two", stage.options)


def test_what_moves_is_the_other_stack_s_and_nothing_else_happens(stage: Stage) -> None:
    """Both manifests then have nothing to do; each teardown takes what is its own."""
    before = alive(stage.session)
    moved = moving(stage, "logs", "errors")()
    assert [record.address for record in moved.records] == ["logs", "errors"]
    assert alive(stage.session) == before
    assert (set(records(stage, "one")), set(records(stage, "two"))) == (
        {"key", "queue"},
        {"logs", "errors"},
    )
    logs = stage.session.client("logs")
    [group] = logs.describe_log_groups()["logGroups"]
    tags = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
    assert (tags["provisioner:stack"], tags["Team"]) == ("two", "care")
    one, two = whole(without=TWO), whole("two", without=ONE)
    for stack in (one, two):
        report = apply(stage.clients, stack, stage.options).check()
        assert (writes(report), counts(report)) == (0, {"unchanged": 2})
    teardown(stage.clients, "one", stage.options).check()
    assert set(alive(stage.session)) == {
        kind for kind in before if "log" in kind or "filter" in kind
    }
    teardown(stage.clients, "two", stage.options).check()
    assert alive(stage.session) == {}


def test_the_stack_that_gave_it_away_does_not_get_it_back_by_itself(stage: Stage) -> None:
    """Its old manifest finds an object of another stack, and says whose."""
    moving(stage, "logs", "errors")()
    with pytest.raises(ForeignObjectError, match="belongs to stack 'two', logs"):
        plan(stage.clients, whole(), stage.options)
    runs = Desk.reader(stage.clients, stage.options).inventory.runs("one")
    [moved] = [run.id for run in runs if run.command == "move"]
    with pytest.raises(PlanError, match="moved resources between stacks"):
        rollback(stage.clients, "one", moved, stage.options)


def test_what_would_be_torn_apart_is_refused(stage: Stage) -> None:
    """Each reference that would lead out, each wrong or taken address; nothing is changed."""
    for addresses, told in (
        (["key"], "key is needed by queue, which stays"),
        (["queue"], "queue needs key, which stays"),
        (["kee"], "there is no 'kee'. Did you mean 'key'?"),
    ):
        with pytest.raises(PlanError) as refused:
            moving(stage, *addresses)()
        assert told in str(refused.value)
    with pytest.raises(PlanError, match="one has them already"):
        move(stage.clients, "one", ["key"], "one", stage.options)
    other = Stack("two")
    other.add("key", "kms.key", alias="alias/two")
    apply(stage.clients, other, stage.options).check()
    with pytest.raises(PlanError, match="key: two has a resource of that address already"):
        moving(stage, "key", "queue")()
    assert len(records(stage, "one")) == 4
    assert set(records(stage, "two")) == {"key"}


def test_tags_that_could_not_be_written_are_written_by_the_next_apply(
    session: boto3.Session, clock: VirtualClock
) -> None:
    """The records are moved all the same, so the stack that gets it has it."""
    options = Options(clock=clock)
    apply(session, whole(), options).check()
    with refusing(session, "sqs.TagQueue"), pytest.raises(ProvisionerError) as failed:
        move(session, "one", ["key", "queue"], "two", options)
    assert failed.value.hint == "All is recorded; the next apply of two writes them."
    clock.sleep(600)
    two = whole("two", without=TWO)
    planned = plan(session, two, options)
    assert {(c.address, c.moved_from) for c in planned.changes} == {
        ("key", ""),
        ("queue", "queue of stack one"),
    }
    apply(session, two, options).check()
    assert plan(session, two, options).empty
    sqs = session.client("sqs")
    tags = sqs.list_queue_tags(QueueUrl=sqs.get_queue_url(QueueName="one")["QueueUrl"])["Tags"]
    assert tags["provisioner:stack"] == "two"


def test_killed_at_any_write_of_a_move(session: boto3.Session) -> None:
    """Each object is recorded once; both stacks go on from there, and go."""
    silence_the_dead()
    stage = Stage(session, whole(), patient=False)
    stage.up()
    assert _struck(stage, fair)
    writing = [number for number, call in enumerate(stage.last, 1) if call.mutates]
    before = alive(session)
    for number, side in ((number, side) for number in writing[2:] for side in SIDES):
        if records(stage, "two"):
            move(stage.clients, "two", ["logs", "errors"], "one", stage.options)
        _struck(stage, killed_at(number, side))
        one, two = set(records(stage, "one")), set(records(stage, "two"))
        assert one | two == {"key", "queue", "logs", "errors"}
        assert (len(one), len(two)) in {(4, 0), (2, 2)}, (number, side)
        for name, gone in (("one", TWO if two else ""), ("two", ONE))[: 2 if two else 1]:
            report = apply(stage.clients, whole(name, without=gone), stage.options).check()
            assert set(counts(report)) <= {"unchanged", "moved"}, (number, side)
            assert plan(stage.clients, whole(name, without=gone), stage.options).empty
        assert alive(session) == before, (number, side)
    for name in ("one", "two"):
        teardown(stage.clients, name, stage.options).check()
    assert alive(session) == {}


def _struck(stage: Stage, trouble: Trouble) -> bool:
    """Whether the move came to its end."""
    done = stage._process(moving(stage, "logs", "errors"), trouble) is not None
    inventory = Desk.reader(stage.clients, stage.options).inventory
    for name in ("one", "two"):
        lease = inventory.lease(name)
        if lease and lease.holder:
            Desk(stage.clients, stage.options).inventory.unlock(lease)
    return done


def test_two_moves_against_each_other_wait_for_none(stage: Stage) -> None:
    """Leases are taken in the order of their names, whichever way the move goes."""
    taken: list[str] = []
    desk = Desk(stage.clients, stage.options)
    seen = desk.inventory.open

    def noting(stack: str, holder: Holder, **given: Any) -> Any:
        taken.append(stack)
        return seen(stack, holder, **given)

    from provisioner.operations.transferring import Transferring

    desk.inventory.open = noting  # type: ignore[method-assign]
    for source, target in (("one", "two"), ("two", "one")):
        Transferring(desk, source, ["logs", "errors"], target, lambda _: True, lambda _: None).go()
    assert taken == ["one", "two", "one", "two"]
    assert set(records(stage, "one")) == {"key", "queue", "logs", "errors"}


def test_the_command_shows_asks_and_says_what_is_next(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --yes it moves; the next steps stand below."""
    assert run(["move", "one", "logs", "errors", "--to", "two", "--yes"]) == 0
    out = capsys.readouterr().out
    assert "» move logs  logs.log_group  /one  to two" in out
    assert "2 moved. Now take them out of the manifest of one," in out
    for name, words in (("one", "moved to stack two"), ("two", "moved from stack one")):
        runs = Desk.reader(stage.clients, stage.options).inventory.runs(name)
        [moved] = [one.id for one in runs if one.command == "move"]
        assert run(["history", name, moved]) == 0
        assert capsys.readouterr().out.count(words) == 2
    assert run(["move", "one", "queue", "--to", "two", "--yes"]) == 1
    assert "queue needs key, which stays" in capsys.readouterr().err
