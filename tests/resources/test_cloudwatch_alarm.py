"""cloudwatch.alarm: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3
import pytest
from pydantic import ValidationError

from provisioner.aws.calls import Ledger
from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json, Owner, differences, settings_of
from provisioner.lifecycle.ensure import validated
from provisioner.resources.cloudwatch_alarm import (
    RESOURCE,
    CloudwatchAlarmSpec,
    ensure_cloudwatch_alarm,
)
from tests.contract.case import Case

TOPIC = "arn:aws:sns:eu-central-1:123456789012:"
ERRORS: dict[str, Json] = {
    "alarm_name": "errors",
    "namespace": "AWS/Lambda",
    "metric_name": "Errors",
    "dimensions": {"FunctionName": "f", "Resource": "f:live"},
    "statistic": "Sum",
    "period": 60,
    "evaluation_periods": 5,
    "threshold": 1,
    "comparison_operator": "GreaterThanOrEqualToThreshold",
    "alarm_actions": [TOPIC + "b", TOPIC + "a"],
    "tags": {"Name": "errors"},
}
RATE: Json = [
    {
        "id": "errors",
        "metric_stat": {
            "metric": {
                "namespace": "AWS/Lambda",
                "metric_name": "Errors",
                "dimensions": {"FunctionName": "f"},
            },
            "period": 60,
            "stat": "Sum",
        },
    },
    {"id": "rate", "expression": "errors * 2", "label": "Rate", "return_data": True},
]


def _settings(session: boto3.Session) -> dict[str, Json]:
    return dict(ERRORS)


def _alive(session: boto3.Session, id_: str) -> bool:
    return bool(session.client("cloudwatch").describe_alarms(AlarmNames=[id_])["MetricAlarms"])


MATH: dict[str, Json] = {
    "metric_name": None,
    "namespace": None,
    "dimensions": {},
    "statistic": None,
    "period": None,
    "metrics": RATE,
}

CASE = Case(
    kind="cloudwatch.alarm",
    settings=_settings,
    alive=_alive,
    changes={
        "alarm_name": {"alarm_name": "other"},
        "alarm_description": {"alarm_description": "too many errors"},
        "actions_enabled": {"actions_enabled": False},
        "ok_actions": {"ok_actions": [TOPIC + "c"]},
        "alarm_actions": {"alarm_actions": [TOPIC + "a"]},
        "insufficient_data_actions": {"insufficient_data_actions": [TOPIC + "c"]},
        "metric": {
            "metric_name": "Duration",
            "namespace": "AWS/LambdaInsights",
            "dimensions": {"FunctionName": "f"},
        },
        "statistic": {"statistic": "Average"},
        "percentile": {"statistic": None, "extended_statistic": "p99"},
        "period": {"period": 300},
        "unit": {"unit": "Count"},
        "evaluation_periods": {"evaluation_periods": 3},
        "datapoints_to_alarm": {"datapoints_to_alarm": 3},
        "threshold": {"threshold": 2.5},
        "threshold_metric_id": MATH
        | {
            "threshold": None,
            "threshold_metric_id": "rate",
            "comparison_operator": "GreaterThanUpperThreshold",
        },
        "treat_missing_data": {"treat_missing_data": "notBreaching"},
        "evaluate_low_sample_count_percentile": {"evaluate_low_sample_count_percentile": "ignore"},
        "metrics": MATH,
    },
)


def test_alone_from_a_script(session: boto3.Session) -> None:
    """The function works with nothing but a session, and AWS has every member that was asked."""
    spec = validated(RESOURCE, ERRORS)
    assert ensure_cloudwatch_alarm(session, spec).action == "create"
    assert ensure_cloudwatch_alarm(session, spec).action == "noop"
    alarm = session.client("cloudwatch").describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]
    assert alarm["TreatMissingData"] == "missing"
    assert alarm["Dimensions"] == [
        {"Name": "FunctionName", "Value": "f"},
        {"Name": "Resource", "Value": "f:live"},
    ]


def test_metric_math_is_read_as_it_was_written(aws: Aws) -> None:
    """Every line of the expression arrives, and none shows a difference."""
    spec = validated(RESOURCE, ERRORS | MATH)
    ensure_cloudwatch_alarm(aws, spec)
    found = RESOURCE.read(aws, ["errors"])["errors"]
    assert differences(CloudwatchAlarmSpec, settings_of(spec), found) == {}
    lines = found.settings["metrics"]
    assert isinstance(lines, list)
    assert lines[1] == {
        "id": "rate",
        "expression": "errors * 2",
        "label": "Rate",
        "return_data": True,
    }


def test_many_alarms_are_read_by_the_hundred(aws: Aws) -> None:
    """A refresh of 150 alarms describes them in two calls."""
    owner = Owner("contract", "thing")
    names = [f"alarm-{number:03}" for number in range(150)]
    for name in names:
        RESOURCE.create(aws, validated(RESOURCE, ERRORS | {"alarm_name": name}), owner.tags)
    ledger = Ledger()
    found = RESOURCE.read(aws.permitting(lambda _: None, ledger), [*names, "missing"])
    assert sorted(found) == names
    assert ledger.counts["cloudwatch.DescribeAlarms"] == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"metrics": RATE}, "either metric_name or metrics"),
        ({"statistic": None}, "statistic or extended_statistic"),
        ({"period": None}, "namespace and period"),
        ({"threshold": None}, "threshold or threshold_metric_id"),
        ({"datapoints_to_alarm": 6}, "at most evaluation_periods"),
    ],
)
def test_what_aws_would_refuse_is_refused_before(change: dict[str, Json], says: str) -> None:
    """Parameters that exclude or need each other are a sentence, not a failed apply."""
    with pytest.raises(ValidationError, match=says):
        validated(RESOURCE, ERRORS | change)
