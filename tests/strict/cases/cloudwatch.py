"""CloudWatch's alarms and dashboards."""

from __future__ import annotations

import json
from typing import Any

from provisioner import Stack
from provisioner.resources.cloudwatch_dashboard import (
    CloudwatchDashboardSpec,
    ensure_cloudwatch_dashboard,
)
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._parallel import side_by_side
from tests.strict.cases._somebody import somebody_at_work

PAGE: Any = {"widgets": [{"type": "text", "properties": {"markdown": "Hello."}}]}
OTHER: Any = {"widgets": [{"type": "text", "properties": {"markdown": "Bye."}}]}
ODD: Any = {"widgets": [{"type": "pie", "properties": {}}]}
ACTIONS = [f"arn:aws:sns:eu-central-1:123456789012:{name}" for name in ("first", "second")]


def alarms(number: int, **settings: Any) -> Stack:
    """So many alarms."""
    made = Stack("strict")
    for one in range(number):
        made.add(
            f"a{one}",
            "cloudwatch.alarm",
            alarm_name=f"strict-{one}",
            namespace="AWS/SQS",
            metric_name="NumberOfMessagesSent",
            dimensions={"QueueName": "strict", "Kind": "none"},
            statistic="Sum",
            threshold=1.0,
            comparison_operator="GreaterThanThreshold",
            alarm_actions=ACTIONS,
            **{"period": 60, **settings},
        )
    return made


def page(body: Any = PAGE) -> Stack:
    """A dashboard."""
    made = Stack("strict")
    made.add("page", "cloudwatch.dashboard", dashboard_name="strict", dashboard_body=body)
    return made


def _alarm(client: Client, name: str, **settings: Any) -> Any:
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SQS",
        MetricName="NumberOfMessagesSent",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        **settings,
    )
    return cloudwatch


def _page(client: Any, body: object = PAGE) -> Any:
    return client.put_dashboard(DashboardName="strict", DashboardBody=json.dumps(body))


def many_at_once(client: Client) -> None:
    """Make ten alarms in a row."""
    for number in range(10):
        _alarm(client, f"strict-{number}")


def delete_one_that_is_gone(client: Client) -> None:
    """Delete two alarms of which one is gone."""
    _alarm(client, "strict").delete_alarms(AlarmNames=["strict", "gone"])


def compare_lists(client: Client) -> None:
    """Compare the actions of an alarm with those that were sent."""
    cloudwatch = _alarm(client, "strict", AlarmActions=ACTIONS)
    found = cloudwatch.describe_alarms(AlarmNames=["strict"])["MetricAlarms"][0]
    assert found["AlarmActions"] == ACTIONS


def a_page_for_each_region(client: Client) -> None:
    """Put two pages of one name in two regions."""
    here = client("cloudwatch")
    there = client("cloudwatch", region_name="us-east-1")  # type: ignore[call-arg]
    _page(here)
    _page(there, OTHER)
    found = here.get_dashboard(DashboardName="strict")["DashboardBody"]
    assert json.loads(found) == PAGE


def taken_is_right(client: Client) -> None:
    """Take a page for right since it was taken."""
    assert _page(client("cloudwatch"), ODD)["DashboardValidationMessages"] == []


def put_side_by_side(client: Client) -> None:
    """Put a page twice at once."""
    cloudwatch = client("cloudwatch")
    side_by_side(cloudwatch, [lambda: _page(cloudwatch), lambda: _page(cloudwatch, OTHER)])


def gone_by_hand(ground: Ground) -> None:
    """An alarm that somebody deleted is made again, and a teardown finds none missing."""
    ground.up(alarms(3))
    ground.plain("cloudwatch").delete_alarms(AlarmNames=["strict-1"])
    ground.up(alarms(3))
    ground.plain("cloudwatch").delete_alarms(AlarmNames=["strict-1"])
    ground.down(alarms(3))


def put_while_somebody_does(ground: Ground) -> None:
    """A page is put while somebody else puts it."""
    aws = ground.aws
    ensure_cloudwatch_dashboard(
        aws, CloudwatchDashboardSpec(dashboard_name="strict", dashboard_body=PAGE)
    )
    with somebody_at_work(ground, "cloudwatch", _page):
        ensure_cloudwatch_dashboard(
            aws, CloudwatchDashboardSpec(dashboard_name="strict", dashboard_body=OTHER)
        )
    found = ground.plain("cloudwatch").get_dashboard(DashboardName="strict")["DashboardBody"]
    assert json.loads(found) == OTHER


CASES = [
    Case(
        "cloudwatch.rates",
        many_at_once,
        "Throttling",
        lambda ground: ground.through(alarms(30), alarms(30, period=300)),
    ),
    Case("cloudwatch.delete-alarms", delete_one_that_is_gone, "ResourceNotFound", gone_by_hand),
    Case(
        "cloudwatch.list-order",
        compare_lists,
        "",
        lambda ground: ground.through(alarms(2), alarms(2, ok_actions=ACTIONS)),
    ),
    Case(
        "cloudwatch.dashboards-everywhere",
        a_page_for_each_region,
        "",
        lambda ground: ground.through(page(), page(OTHER)),
    ),
    Case(
        "cloudwatch.dashboard-messages",
        taken_is_right,
        "",
        lambda ground: ground.through(page(), page(ODD)),
    ),
    Case(
        "cloudwatch.one-dashboard-change",
        put_side_by_side,
        "ConflictException",
        put_while_somebody_does,
    ),
]
