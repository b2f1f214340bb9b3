"""logs.metric_filter: counts what fits a pattern in a log group, as a metric.

API: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    CREATE,
    IMMUTABLE,
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Shape

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import MetricTransformationTypeDef


class MetricTransformation(Spec):
    """The metric that a match adds to."""

    metric_name: Annotated[str, Shape(r"[^:*$]+", longest=255, says="a text without : * $")]
    metric_namespace: Annotated[str, Shape(r"[^:*$]+", longest=255, says="a text without : * $")]
    metric_value: str = "1"
    """What each match adds: a number, or a field such as `$.latency`."""
    default_value: float | None = None
    """Added when something was logged and nothing matched; not together with dimensions."""
    unit: str | None = None
    dimensions: Annotated[dict[str, str], Field(max_length=3)] = {}
    """Name → field of the event; each different value is a metric of its own."""

    @model_validator(mode="after")
    def _has_one_or_the_other(self) -> MetricTransformation:
        if self.dimensions and self.default_value is not None:
            message = "default_value and dimensions can't go together: leave one of them out"
            raise ValueError(message)
        return self


class LogsMetricFilterSpec(Spec):
    """A metric filter; log group and name name it."""

    log_group_name: Annotated[str, IMMUTABLE, Wait.EXISTS]
    """The group: `${trail_logs.name}`."""
    filter_name: Annotated[str, IMMUTABLE, Shape(r"[^:*]+", longest=512, says="text without : *")]
    filter_pattern: Annotated[str, CREATE, Shape(longest=1024)]
    metric_transformation: Annotated[MetricTransformation, CREATE]


ATTRIBUTES = {
    "id": "group and name, joined by |",
    "metric_name": "the metric's name",
    "metric_namespace": "the metric's namespace",
}


def identity(spec: LogsMetricFilterSpec, target: Target) -> str | None:
    """Group and name."""
    del target
    return f"{spec.log_group_name}|{spec.filter_name}"


def predict(spec: LogsMetricFilterSpec, target: Target) -> Mapping[str, str]:
    """The metric is known beforehand."""
    del target
    metric = spec.metric_transformation
    return {"metric_name": metric.metric_name, "metric_namespace": metric.metric_namespace}


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One listing per log group."""
    logs = aws.client("logs")
    groups = sorted({id_.partition("|")[0] for id_ in ids})
    listed = aws.gather([partial(_filters, logs, group) for group in groups])
    wanted = set(ids)
    return {id_: one for found in listed for id_, one in found.items() if id_ in wanted}


def create(aws: Aws, spec: LogsMetricFilterSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Put the filter; a later put overwrites it whole."""
    del tags
    _put(aws, spec)
    id_ = str(identity(spec, aws.target))
    settings: dict[str, Json] = spec.model_dump(mode="json", exclude_none=True)
    return id_, Observed(settings, {"id": id_, **predict(spec, aws.target)})


def update(aws: Aws, id_: str, spec: LogsMetricFilterSpec, changes: Changes) -> Phase:
    """Put it again, whole."""
    del id_
    if changes:
        _put(aws, spec)
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it; the metric and what it counted stay for 15 months."""
    group, _, name = id_.partition("|")
    with aws.in_turn(f"logs {group}"), absent_is_success("ResourceNotFoundException"):
        aws.client("logs").delete_metric_filter(logGroupName=group, filterName=name)


def within(aws: Aws, parents: Sequence[str]) -> Mapping[str, Observed]:
    """All filters of these log groups."""
    logs = aws.client("logs")
    listed = aws.gather([partial(_filters, logs, group) for group in parents])
    return {id_: one for found in listed for id_, one in found.items()}


def _put(aws: Aws, spec: LogsMetricFilterSpec) -> None:
    metric = spec.metric_transformation
    sent: MetricTransformationTypeDef = {
        "metricName": metric.metric_name,
        "metricNamespace": metric.metric_namespace,
        "metricValue": metric.metric_value,
    }
    if metric.default_value is not None:
        sent["defaultValue"] = metric.default_value
    if metric.unit:
        sent["unit"] = metric.unit  # type: ignore[typeddict-item]
    if metric.dimensions:
        sent["dimensions"] = metric.dimensions
    with aws.in_turn(f"logs {spec.log_group_name}"):  # AWS refuses changes side by side
        aws.client("logs").put_metric_filter(
            logGroupName=spec.log_group_name,
            filterName=spec.filter_name,
            filterPattern=spec.filter_pattern,
            metricTransformations=[sent],
        )


def _filters(logs: CloudWatchLogsClient, group: str) -> dict[str, Observed]:
    pages = logs.get_paginator("describe_metric_filters").paginate(logGroupName=group)
    try:
        listed: list[Mapping[str, Any]] = [one for page in pages for one in page["metricFilters"]]
    except logs.exceptions.ResourceNotFoundException:
        return {}
    return {f"{group}|{one['filterName']}": _observed(group, one) for one in listed}


def _observed(group: str, found: Mapping[str, Any]) -> Observed:
    metric = found["metricTransformations"][0]
    unit = metric.get("unit")
    settings: dict[str, Json] = {
        "log_group_name": group,
        "filter_name": found["filterName"],
        "filter_pattern": found.get("filterPattern", ""),
        "metric_transformation": {
            "metric_name": metric["metricName"],
            "metric_namespace": metric["metricNamespace"],
            "metric_value": metric["metricValue"],
            "default_value": metric.get("defaultValue"),
            "unit": None if unit == "None" else unit,
            "dimensions": dict(metric.get("dimensions", {})),
        },
    }
    attributes = {
        "id": f"{group}|{found['filterName']}",
        "metric_name": str(metric["metricName"]),
        "metric_namespace": str(metric["metricNamespace"]),
    }
    return Observed(settings, attributes)


RESOURCE = ResourceType(
    kind="logs.metric_filter",
    service="logs",
    spec=LogsMetricFilterSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    read=read,
    create=create,
    update=update,
    delete=delete,
    deletes=("logs:DeleteMetricFilter -",),
    overwrites=True,
    parent="log_group_name",
    belongs_to="logs.log_group.name",
    within=within,
)


def ensure_logs_metric_filter(
    session: ClientFactory,
    spec: LogsMetricFilterSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the filter if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
