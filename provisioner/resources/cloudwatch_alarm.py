"""cloudwatch.alarm: watches one metric, or an expression over several, and tells its actions.

PutMetricAlarm carries everything and overwrites everything, so an update sends the whole alarm.
It answers success for an alarm that exists already: whose alarm it is, is looked up before.
Dimensions must be those the metric is emitted with, all of them: an alarm on others never fires
and stays in INSUFFICIENT_DATA. Composite alarms are not of this kind.
API: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import Field, model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success, unless_absent
from provisioner.aws.tags import tag_dict, tag_list
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    CREATE,
    IMMUTABLE,
    STACK_TAG,
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
    settings_of,
)
from provisioner.lifecycle.canonical import UNORDERED
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Shape, Tags

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef, PutMetricAlarmInputTypeDef

BATCH = 100
"""The most names that one DescribeAlarms takes."""

Actions = Annotated[tuple[str, ...], CREATE, Wait.NAME, UNORDERED, Field(max_length=5)]
Dimensions = Annotated[dict[str, str], Field(max_length=30)]


QueryId = Annotated[
    str,
    Shape(r"[a-z][A-Za-z0-9_]*", longest=255, says="a small letter, then letters, digits, _"),
]


class Metric(Spec):
    """Which metric: namespace, name, and every dimension it is emitted with."""

    namespace: str
    metric_name: str
    dimensions: Dimensions = {}


class MetricStat(Spec):
    """A statistic of a metric over a period."""

    metric: Metric
    period: int
    """Seconds: 10, 20, 30 or a multiple of 60."""
    stat: str
    """`Sum`, `Average`, `p99`, …"""
    unit: str | None = None


class MetricQuery(Spec):
    """One line of metric math: a statistic, or an expression over the other lines."""

    id: QueryId
    metric_stat: MetricStat | None = None
    expression: str | None = None
    """e.g. `errors / invocations * 100`."""
    label: str | None = None
    period: int | None = None
    """Seconds, of an expression that has a period of its own."""
    account_id: str | None = None
    return_data: bool = False
    """True on exactly one line: the one that is compared with the threshold."""


class CloudwatchAlarmSpec(Spec):
    """An alarm. Give `metric_name` and `namespace` with a statistic, or give `metrics`."""

    alarm_name: Annotated[str, IMMUTABLE, Shape(longest=255, shortest=1)]
    alarm_description: Annotated[str | None, CREATE, Wait.NAME, Shape(longest=1024)] = None
    actions_enabled: Annotated[bool, CREATE] = True
    """Whether a change of state tells the actions."""
    ok_actions: Actions = ()
    """ARNs told when the alarm goes to OK. Up to five."""
    alarm_actions: Actions = ()
    """ARNs told when the alarm goes to ALARM: `${topic.arn}`. Up to five. The key of an encrypted
    topic must admit `cloudwatch.amazonaws.com`, or the message is lost in silence."""
    insufficient_data_actions: Actions = ()
    """ARNs told when the alarm goes to INSUFFICIENT_DATA. Up to five."""
    metric_name: Annotated[str | None, CREATE, Wait.NAME] = None
    namespace: Annotated[str | None, CREATE, Wait.NAME] = None
    """e.g. `AWS/Lambda`."""
    dimensions: Annotated[Dimensions, CREATE, Wait.NAME] = {}
    """Every dimension that the metric is emitted with: `{FunctionName: "${function.name}"}`."""
    statistic: Annotated[
        Literal["SampleCount", "Average", "Sum", "Minimum", "Maximum"] | None, CREATE
    ] = None
    extended_statistic: Annotated[str | None, CREATE] = None
    """A percentile, `p99`, in place of `statistic`."""
    period: Annotated[int | None, CREATE] = None
    """Seconds: 10, 20, 30 or a multiple of 60."""
    unit: Annotated[str | None, CREATE] = None
    evaluation_periods: Annotated[int, CREATE, Field(ge=1)] = 1
    datapoints_to_alarm: Annotated[int | None, CREATE, Field(ge=1)] = None
    """How many of the evaluated periods must breach. Unset: all of them."""
    threshold: Annotated[float | None, CREATE] = None
    threshold_metric_id: Annotated[str | None, CREATE] = None
    """The id of an ANOMALY_DETECTION_BAND line, in place of `threshold`."""
    comparison_operator: Annotated[
        Literal[
            "GreaterThanOrEqualToThreshold",
            "GreaterThanThreshold",
            "LessThanThreshold",
            "LessThanOrEqualToThreshold",
            "LessThanLowerOrGreaterThanUpperThreshold",
            "LessThanLowerThreshold",
            "GreaterThanUpperThreshold",
        ],
        CREATE,
    ]
    treat_missing_data: Annotated[
        Literal["breaching", "notBreaching", "ignore", "missing"], CREATE
    ] = "missing"
    evaluate_low_sample_count_percentile: Annotated[
        Literal["evaluate", "ignore"] | None, CREATE
    ] = None
    metrics: Annotated[tuple[MetricQuery, ...], CREATE, Wait.NAME, UNORDERED] = ()
    """Metric math, in place of `metric_name`, `namespace`, `dimensions`, statistic and `period`."""
    tags: Tags = {}

    @model_validator(mode="after")
    def _one_source(self) -> CloudwatchAlarmSpec:
        if bool(self.metrics) == bool(self.metric_name):
            message = "an alarm watches either metric_name or metrics"
            raise ValueError(message)
        if self.metric_name and bool(self.statistic) == bool(self.extended_statistic):
            message = "an alarm on metric_name takes either statistic or extended_statistic"
            raise ValueError(message)
        if self.metric_name and not (self.namespace and self.period):
            message = "an alarm on metric_name needs namespace and period"
            raise ValueError(message)
        if self.metrics and sum(query.return_data for query in self.metrics) != 1:
            message = "exactly one of the metrics has return_data: true"
            raise ValueError(message)
        if (self.threshold is None) == (self.threshold_metric_id is None):
            message = "an alarm takes either threshold or threshold_metric_id"
            raise ValueError(message)
        if self.datapoints_to_alarm and self.datapoints_to_alarm > self.evaluation_periods:
            message = "datapoints_to_alarm is at most evaluation_periods"
            raise ValueError(message)
        return self


ATTRIBUTES = {"id": "the alarm's name", "name": "the alarm's name", "arn": "the ARN of the alarm"}


def identity(spec: CloudwatchAlarmSpec, target: Target) -> str | None:  # noqa: ARG001
    """The name, unique in account and region."""
    return spec.alarm_name


def predict(spec: CloudwatchAlarmSpec, target: Target) -> Mapping[str, str]:
    """Everything follows from the name."""
    return _attributes(spec.alarm_name, target)


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One DescribeAlarms for a hundred alarms, and a tag read each, side by side."""
    client = aws.client("cloudwatch")
    names = sorted(set(ids))
    pages = aws.gather(
        partial(
            client.describe_alarms,
            AlarmNames=names[start : start + BATCH],
            AlarmTypes=["MetricAlarm"],
            MaxRecords=BATCH,
        )
        for start in range(0, len(names), BATCH)
    )
    return _tagged(aws, [alarm for page in pages for alarm in page["MetricAlarms"]])


def create(aws: Aws, spec: CloudwatchAlarmSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Put the whole alarm; tags are taken on creation only."""
    request = _request(spec)
    request["Tags"] = tag_list(tags)
    aws.client("cloudwatch").put_metric_alarm(**request)
    attributes = _attributes(spec.alarm_name, aws.target)
    return spec.alarm_name, Observed(settings_of(spec), attributes, tags)


def update(aws: Aws, id_: str, spec: CloudwatchAlarmSpec, changes: Changes) -> Phase:  # noqa: ARG001
    """Put the whole alarm again: what is not sent would be cleared. Its state is kept."""
    aws.client("cloudwatch").put_metric_alarm(**_request(spec))
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Take the alarm away."""
    with absent_is_success("ResourceNotFound", "ResourceNotFoundException"):
        aws.client("cloudwatch").delete_alarms(AlarmNames=[id_])


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    client = aws.client("cloudwatch")
    arn = _attributes(id_, aws.target)["arn"]
    if added:
        client.tag_resource(ResourceARN=arn, Tags=tag_list(added))
    if removed:
        client.untag_resource(ResourceARN=arn, TagKeys=list(removed))


def tagged(aws: Aws, id_: str) -> Mapping[str, str] | None:
    """The tags alone."""
    return _tags(aws.client("cloudwatch"), _attributes(id_, aws.target)["arn"])


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every metric alarm; CloudWatch can't filter by tag."""
    paginator = aws.client("cloudwatch").get_paginator("describe_alarms")
    pages = paginator.paginate(AlarmTypes=["MetricAlarm"])
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    return {
        id_: alarm
        for id_, alarm in _tagged(aws, alarms).items()
        if stack is None or (alarm.tags or {}).get(STACK_TAG) == stack
    }


def _attributes(name: str, target: Target) -> dict[str, str]:
    return {"id": name, "name": name, "arn": target.arn("cloudwatch", f"alarm:{name}")}


def _tagged(aws: Aws, alarms: Sequence[MetricAlarmTypeDef]) -> dict[str, Observed]:
    client = aws.client("cloudwatch")
    tags = aws.gather(partial(_tags, client, alarm["AlarmArn"]) for alarm in alarms)
    return {
        alarm["AlarmName"]: Observed(
            _settings(alarm),
            {"id": alarm["AlarmName"], "name": alarm["AlarmName"], "arn": alarm["AlarmArn"]},
            own,
        )
        for alarm, own in zip(alarms, tags, strict=True)
        if own is not None
    }


def _tags(client: CloudWatchClient, arn: str) -> dict[str, str] | None:
    """None when the alarm went away since it was listed."""
    call = partial(client.list_tags_for_resource, ResourceARN=arn)
    answer = unless_absent(call, "ResourceNotFound", "ResourceNotFoundException")
    return None if answer is None else tag_dict(answer["Tags"])


def _request(spec: CloudwatchAlarmSpec) -> PutMetricAlarmInputTypeDef:
    wanted = {name: value for name, value in settings_of(spec).items() if value not in ([], {})}
    return cast("PutMetricAlarmInputTypeDef", _members(wanted))


def _settings(alarm: MetricAlarmTypeDef) -> dict[str, Json]:
    """The alarm in the spec's terms, AWS's fill-ins taken out."""
    words = _words(alarm)
    fields = CloudwatchAlarmSpec.model_fields
    settings: dict[str, Json] = {"treat_missing_data": "missing"}
    return settings | {name: value for name, value in words.items() if name in fields}


def _members(value: Json) -> Any:
    """Settings as AWS's members: `alarm_name` is `AlarmName`, dimensions are a list."""
    if isinstance(value, dict):
        return {
            _member(name): _dimensions(item) if name == "dimensions" else _members(item)
            for name, item in value.items()
        }
    return [_members(item) for item in value] if isinstance(value, list) else value


def _words(value: Any) -> Any:
    """AWS's members as settings, the inverse of `_members`."""
    if isinstance(value, dict):
        return {
            _word(member): tag_dict(item, "Name") if member == "Dimensions" else _words(item)
            for member, item in value.items()
        }
    return [_words(item) for item in value] if isinstance(value, list) else value


def _member(name: str) -> str:
    return "OKActions" if name == "ok_actions" else name.title().replace("_", "")


def _word(member: str) -> str:
    return re.sub(r"(?<=[a-zK])(?=[A-Z])", "_", member).lower()


def _dimensions(dimensions: Json) -> list[dict[str, Json]]:
    pairs = dimensions.items() if isinstance(dimensions, dict) else ()
    return [{"Name": name, "Value": value} for name, value in sorted(pairs)]


RESOURCE = ResourceType(
    kind="cloudwatch.alarm",
    service="cloudwatch",
    spec=CloudwatchAlarmSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    deletes=("cloudwatch:DeleteAlarms",),
    overwrites=True,
    tagged=tagged,
    replace_first="create",
    seconds=0.5,
)


def ensure_cloudwatch_alarm(
    session: ClientFactory,
    spec: CloudwatchAlarmSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the alarm if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
