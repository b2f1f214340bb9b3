"""Protections from deletion: lifted as steps of their own, each right before its delete."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from provisioner.errors import ProtectedError
from provisioner.stack import Stack
from tests.teardown.world import World

Meanwhile = Callable[[str, Callable[..., Any]], None]


def clinic(*, protected: bool = True, protect: bool = False) -> Stack:
    """A table and a log group, protected or not, and an alarm on the table."""
    stack = Stack("clinic")
    table = stack.add(
        "patients",
        "dynamodb.table",
        table_name="patients",
        key={"partition": "pk"},
        deletion_protection=protected,
        protect=protect,
    )
    stack.add(
        "logs",
        "logs.log_group",
        log_group_name="/clinic",
        deletion_protection_enabled=protected,
    )
    stack.add(
        "throttled",
        "cloudwatch.alarm",
        alarm_name="throttled",
        namespace="AWS/DynamoDB",
        metric_name="ThrottledRequests",
        dimensions={"TableName": table.name},
        statistic="Sum",
        period=60,
        evaluation_periods=1,
        threshold=1.0,
        comparison_operator="GreaterThanThreshold",
    )
    return stack


def _protected(world: World) -> bool:
    table = world.client("dynamodb").describe_table(TableName="patients")["Table"]
    return bool(table["DeletionProtectionEnabled"])


def test_our_own_protections_are_lifted_and_told(world: World) -> None:
    """Each is a step of its own, with what it lifts, in the events and in the history."""
    world.up(clinic())
    report = world.down("clinic").check()
    lifts = {
        step.address: done.note for step, done in report.outcome.done.items() if step.verb == "lift"
    }
    assert lifts == {"patients": "deletion protection", "logs": "deletion protection"}
    assert world.alive() == {}


def test_a_protection_is_lifted_only_when_the_delete_is_next(
    world: World, meanwhile: Meanwhile
) -> None:
    """What waits for something that fails stays protected."""
    world.up(clinic())

    def refuse(**_: Any) -> None:
        error = {"Error": {"Code": "AccessDenied", "Message": "not you"}}
        raise ClientError(error, "DeleteAlarms")  # type: ignore[arg-type]

    meanwhile("before-call.cloudwatch.DeleteAlarms", refuse)
    world.down("clinic")
    assert _protected(world)
    assert world.alive() == {"table": ["patients"], "alarm": ["throttled"]}


def test_somebody_elses_protection_stops_the_teardown(world: World) -> None:
    """Whoever switched it on had a reason: it is lifted by name only."""
    world.up(clinic(protected=False))
    world.client("dynamodb").update_table(TableName="patients", DeletionProtectionEnabled=True)
    said = world.stays("clinic")
    assert "patients: deletion protection was switched on by somebody else" in said
    assert "--lift patients" in said
    assert _protected(world)
    world.down("clinic", lift="patients").check()
    assert world.alive() == {}


def test_everything_that_blocks_is_told_at_once(world: World) -> None:
    """A protected resource and a foreign protection, in one answer."""
    world.up(clinic(protected=False, protect=True))
    world.client("logs").put_log_group_deletion_protection(
        logGroupIdentifier="/clinic", deletionProtectionEnabled=True
    )
    said = world.stays("clinic", ProtectedError)
    assert "patients: it is protected." in said
    assert "logs: deletion protection was switched on by somebody else." in said
    assert "Set protect: false in the manifest" in said


def test_what_a_table_and_a_group_hold_is_told(world: World) -> None:
    """They go with it; nobody should be surprised."""
    world.up(clinic())
    world.client("dynamodb").put_item(TableName="patients", Item={"pk": {"S": "1"}})
    logs = world.client("logs")
    logs.create_log_stream(logGroupName="/clinic", logStreamName="a")
    events = [{"timestamp": int(time.time() * 1000), "message": "x" * 2000}]
    logs.put_log_events(logGroupName="/clinic", logStreamName="a", logEvents=events)
    assert "patients holds about 1 item" in world.told("clinic", "patients")[0].what
    assert "/clinic holds 2.0 kB of logs" in world.told("clinic", "logs")[0].what
    world.down("clinic").check()
    assert world.alive() == {}


def test_a_teardown_killed_after_lifting_needs_no_flag(world: World, meanwhile: Meanwhile) -> None:
    """The next one finds the protection off, and goes on."""
    world.up(clinic())
    once = iter([1])

    def refuse(**_: Any) -> None:
        for _once in once:
            error = {"Error": {"Code": "AccessDenied", "Message": "not you"}}
            raise ClientError(error, "DeleteTable")  # type: ignore[arg-type]

    meanwhile("before-call.dynamodb.DeleteTable", refuse)
    assert world.down("clinic").result == "partial"
    assert not _protected(world)
    world.down("clinic").check()
    assert world.alive() == {}
