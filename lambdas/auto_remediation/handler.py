"""Alarm state changes in, remedies out: what EventBridge calls when an alarm changes state.

`REMEDIES` maps names of alarms to names of remedies. What a remedy found and did goes to the
compliance topic each time, so that a repeat after a crash loses no notice; what a person must
look at, and alarms without a remedy, go to the alerts topic.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol, TypedDict

import boto3
from botocore.config import Config
from remedies import REMEDIES, Alarm, Outcome, World

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Context(Protocol):
    """What is used of Lambda's context."""

    @property
    def aws_request_id(self) -> str:
        """The id of this invocation."""

    @property
    def invoked_function_arn(self) -> str:
        """This function's ARN: tells partition, region and account of its neighbours."""


class Metric(TypedDict, total=False):
    """The metric that an alarm watches."""

    dimensions: dict[str, str]


class MetricStat(TypedDict, total=False):
    """A metric and how it is read."""

    metric: Metric


class MetricQuery(TypedDict, total=False):
    """One entry of an alarm; expressions have no `metricStat`."""

    metricStat: MetricStat


class Configuration(TypedDict, total=False):
    """What the alarm is made of."""

    metrics: list[MetricQuery]


class State(TypedDict):
    """The state that the alarm is in now."""

    value: str


class _Detail(TypedDict):
    alarmName: str
    state: State


class Detail(_Detail, total=False):
    """The event's own part; composite alarms have no metrics."""

    configuration: Configuration


class AlarmEvent(TypedDict):
    """What is used of a "CloudWatch Alarm State Change"; the names are AWS's."""

    detail: Detail


class Report(TypedDict):
    """What was done, as it is published."""

    alarm: str
    state: str
    remedy: str
    outcomes: list[dict[str, str | bool]]
    request_id: str


class ConfigurationError(Exception):
    """The environment names a remedy that does not exist."""


class RemedyFailedError(Exception):
    """A remedy failed where another attempt may succeed; Lambda makes it."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Where reports go."""

    sns: SNSClient
    compliance: str
    alerts: str

    def publish(self, topic: str, subject: str, report: Report) -> None:
        """Publish one report; a subject has at most 100 characters."""
        self.sns.publish(TopicArn=topic, Subject=subject[:100], Message=json.dumps(report))


def handler(event: AlarmEvent, context: Context) -> Report:
    """Apply the alarm's remedy and publish what it did.

    Raises:
        ConfigurationError: `REMEDIES` names an unknown remedy.
        RemedyFailedError: a remedy failed at a target; Lambda will repeat the invocation.
    """
    alarm = _alarm(event)
    name = _remedies(os.environ["REMEDIES"]).get(alarm.name, "")
    outcomes = REMEDIES[name](_world(context.invoked_function_arn), alarm) if name else []
    report: Report = {
        "alarm": alarm.name,
        "state": alarm.state,
        "remedy": name,
        "outcomes": [asdict(outcome) for outcome in outcomes],
        "request_id": context.aws_request_id,
    }
    line = {"level": "INFO", "event": "alarm.handled" if name else "alarm.unknown", **report}
    sys.stdout.write(json.dumps(line) + "\n")
    _publish(report, outcomes)
    if any(outcome.retry for outcome in outcomes):
        raise RemedyFailedError(f"{name} failed for {alarm.name}; see the alerts topic.")
    return report


def _alarm(event: AlarmEvent) -> Alarm:
    detail = event["detail"]
    queries = detail.get("configuration", {}).get("metrics", [])
    dimensions = [
        query.get("metricStat", {}).get("metric", {}).get("dimensions", {}) for query in queries
    ]
    names = {one["FunctionName"] for one in dimensions if "FunctionName" in one}
    return Alarm(detail["alarmName"], detail["state"]["value"], tuple(sorted(names)))


def _publish(report: Report, outcomes: list[Outcome]) -> None:
    topics = _topics()
    if outcomes:
        topics.publish(topics.compliance, f"Remedy {report['remedy']} applied", report)
    if any(outcome.result == "failed" for outcome in outcomes):
        topics.publish(topics.alerts, f"Remedy {report['remedy']} needs a person", report)
    if not report["remedy"] and report["state"] == "ALARM":
        topics.publish(topics.alerts, "An alarm without a remedy", report)


def _remedies(text: str) -> Mapping[str, str]:
    """Return alarm name → remedy name, every one of them known."""
    remedies: dict[str, str] = json.loads(text)
    unknown = sorted(set(remedies.values()) - set(REMEDIES))
    if unknown:
        known = ", ".join(REMEDIES)
        raise ConfigurationError(f"REMEDIES names {', '.join(unknown)}; there are {known}.")
    return remedies


def _names(variable: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in os.environ[variable].split(",") if name.strip())


_CONFIG = Config(
    connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3}
)


@cache
def _world(function_arn: str) -> World:
    """Open the clients once per execution environment."""
    head = ":".join(function_arn.split(":")[:6])
    return World(
        dynamodb=boto3.client("dynamodb", config=_CONFIG),
        s3=boto3.client("s3", config=_CONFIG),
        functions=boto3.client("lambda", config=_CONFIG),
        sqs=boto3.client("sqs", config=_CONFIG),
        table=os.environ["TABLE_NAME"],
        buckets=_names("BUCKET_NAMES"),
        function_arns={name: f"{head}:{name}" for name in _names("FUNCTION_NAMES")},
        queue_arn=os.environ["QUEUE_ARN"],
    )


@cache
def _topics() -> Topics:
    """Open the topics once per execution environment."""
    return Topics(
        sns=boto3.client("sns", config=_CONFIG),
        compliance=os.environ["COMPLIANCE_TOPIC_ARN"],
        alerts=os.environ["ALERTS_TOPIC_ARN"],
    )
