"""The engine's own story on a small stack: up, unchanged, changed, less, replaced, gone."""

from __future__ import annotations

import boto3
import pytest

from provisioner.api.listings import outputs
from provisioner.api.plans import plan
from provisioner.api.runs import apply, teardown
from provisioner.engine.report import Report
from provisioner.errors import ForeignObjectError, PlanError, ProtectedError, ReplaceRefusedError
from provisioner.operations.desk import Options
from provisioner.planning.allowances import Allowances
from provisioner.stack import Stack
from tests.conftest import VirtualClock


def small(suffix: str = "dev", *, description: str = "data", alarms: int = 2) -> Stack:
    """A key, alarms on it, and a dashboard that shows them."""
    stack = Stack(f"small-{suffix}", tags={"Environment": suffix})
    key = stack.add(
        "key", "kms.key", alias=f"alias/small-{suffix}", description=description, rotation=True
    )
    for number in range(alarms):
        stack.add(
            f"alarm_{number}",
            "cloudwatch.alarm",
            alarm_name=f"small-{suffix}-{number}",
            namespace="AWS/KMS",
            metric_name="SecondsUntilKeyMaterialExpiration",
            dimensions={"KeyId": key.id},
            statistic="Minimum",
            period=300,
            evaluation_periods=1,
            threshold=1.0,
            comparison_operator="LessThanThreshold",
        )
    stack.output("key_arn", key.arn)
    return stack


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock)


def writes(report: Report) -> int:
    calls = report.summary["aws_calls"]
    assert isinstance(calls, dict)
    count = calls["write"]
    assert isinstance(count, int)
    return count


def counts(report: Report) -> dict[str, object]:
    return {k: v for k, v in report.summary.items() if isinstance(v, int) and v}


def alarms(session: boto3.Session) -> set[str]:
    found = session.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {alarm["AlarmName"] for alarm in found}


def live_keys(session: boto3.Session) -> list[str]:
    """Our keys that can be used; the inventory's own key is AWS's business."""
    kms = session.client("kms")
    aliases = kms.list_aliases()["Aliases"]
    return [
        alias["TargetKeyId"]
        for alias in aliases
        if "TargetKeyId" in alias
        and not alias["AliasName"].startswith("alias/aws/")
        and kms.describe_key(KeyId=alias["TargetKeyId"])["KeyMetadata"]["KeyState"] == "Enabled"
    ]


def test_up_unchanged_and_down(session: boto3.Session, options: Options) -> None:
    """The first apply makes all, the second writes nothing, the teardown leaves nothing."""
    first = apply(session, small(), options).check()
    assert counts(first) == {"created": 3}
    assert alarms(session) == {"small-dev-0", "small-dev-1"}
    assert first.outputs["key_arn"] == outputs(session, "small-dev", options)["key_arn"]

    second = apply(session, small(), options).check()
    assert counts(second) == {"unchanged": 3}
    assert writes(second) == 0
    assert second.outputs == first.outputs

    gone = teardown(session, "small-dev", options).check()
    assert counts(gone) == {"deleted": 3}
    assert alarms(session) == set()
    assert live_keys(session) == []


def test_one_change_changes_exactly_that(session: boto3.Session, options: Options) -> None:
    """One value costs one call."""
    apply(session, small(), options).check()
    report = apply(session, small(description="other"), options).check()
    assert counts(report) == {"updated": 1, "unchanged": 2}
    assert writes(report) == 1
    [key] = live_keys(session)
    metadata = session.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    assert metadata["Description"] == "other"


def test_what_is_no_longer_wanted_goes(session: boto3.Session, options: Options) -> None:
    """A resource taken out of the stack is deleted, and nothing else."""
    apply(session, small(), options).check()
    report = apply(session, small(alarms=1), options).check()
    assert counts(report) == {"deleted": 1, "unchanged": 2}
    assert alarms(session) == {"small-dev-0"}
    assert len(live_keys(session)) == 1


def test_two_suffixes_are_two_stacks(session: boto3.Session, options: Options) -> None:
    """They stand side by side and go one by one."""
    apply(session, small("dev"), options).check()
    apply(session, small("prod"), options).check()
    assert len(live_keys(session)) == 2
    teardown(session, "small-dev", options).check()
    assert alarms(session) == {"small-prod-0", "small-prod-1"}
    again = apply(session, small("prod"), options).check()
    assert counts(again) == {"unchanged": 3}


def test_a_plan_reads_only_and_foretells_the_apply(
    session: boto3.Session, options: Options
) -> None:
    """Planning on an empty account says what apply then does, and leaves no trace."""
    planned = plan(session, small(), options)
    assert {str(c.action) for c in planned.changes} == {"create"}
    assert session.client("dynamodb").list_tables()["TableNames"] == []
    assert counts(apply(session, small(), options).check()) == {"created": 3}
    assert plan(session, small(), options).empty


def test_a_foreign_object_is_refused_then_adopted_and_left(
    session: boto3.Session, options: Options
) -> None:
    """What was there before us is not touched without leave, and survives the teardown."""
    cloudwatch = session.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="small-dev-0",
        Namespace="Theirs",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    with pytest.raises(ForeignObjectError, match="small-dev-0"):
        apply(session, small(), options)
    assert alarms(session) == {"small-dev-0"}
    allowed = Options(clock=options.clock, allow=Allowances(adopt=True))
    report = apply(session, small(), allowed).check()
    assert counts(report) == {"created": 2, "adopted": 1}
    assert counts(apply(session, small(), options).check()) == {"unchanged": 3}
    teardown(session, "small-dev", options).check()
    assert alarms(session) == {"small-dev-0"}


def test_protection_holds(session: boto3.Session, options: Options) -> None:
    """A protected resource is neither deleted nor torn down, and nothing else is then."""
    stack = small()
    stack.add("safe", "kms.key", alias="alias/safe", protect=True)
    apply(session, stack, options).check()
    with pytest.raises(ProtectedError, match="safe"):
        apply(session, small(), options)
    with pytest.raises(ProtectedError, match="safe"):
        teardown(session, "small-dev", options)
    assert len(live_keys(session)) == 2
    assert len(alarms(session)) == 2


def test_a_vanished_object_is_made_again(session: boto3.Session, options: Options) -> None:
    """What somebody deleted by hand comes back."""
    apply(session, small(), options).check()
    session.client("cloudwatch").delete_alarms(AlarmNames=["small-dev-1"])
    report = apply(session, small(), options).check()
    assert counts(report) == {"created": 1, "unchanged": 2}
    assert alarms(session) == {"small-dev-0", "small-dev-1"}


def test_another_account_is_refused(session: boto3.Session, options: Options) -> None:
    """Naming an account that the session is not of stops before the first read."""
    named = Options(clock=options.clock, account="999999999999")
    with pytest.raises(PlanError, match="999999999999"):
        apply(session, small(), named)
    assert live_keys(session) == []


def test_a_declined_plan_changes_nothing(session: boto3.Session, options: Options) -> None:
    """Saying no leaves AWS as it is."""
    report = apply(session, small(), options, approve=lambda _: False)
    assert report.result == "declined"
    assert live_keys(session) == []
    assert ReplaceRefusedError.__mro__[1] is PlanError
