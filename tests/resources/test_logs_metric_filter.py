"""logs.metric_filter: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3
import pytest

from provisioner.lifecycle import Json
from provisioner.resources.logs_metric_filter import (
    LogsMetricFilterSpec,
    MetricTransformation,
    ensure_logs_metric_filter,
)
from tests.contract.case import Case


def _metric(name: str) -> dict[str, Json]:
    return {"metric_name": name, "metric_namespace": "Team", "default_value": 0.0}


def _another_group(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    session.client("logs").create_log_group(logGroupName="/team/other")
    return {"log_group_name": "/team/other"}


def _settings(session: boto3.Session) -> dict[str, Json]:
    session.client("logs").create_log_group(logGroupName="/team/contract")
    return {
        "log_group_name": "/team/contract",
        "filter_name": "errors",
        "filter_pattern": "ERROR",
        "metric_transformation": _metric("Errors"),
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    group, name = id_.split("|")
    found = session.client("logs").describe_metric_filters(logGroupName=group)["metricFilters"]
    return name in [one["filterName"] for one in found]


CASE = Case(
    kind="logs.metric_filter",
    settings=_settings,
    alive=_alive,
    changes={
        "filter_name": {"filter_name": "warnings"},
        "filter_pattern": {"filter_pattern": "WARN"},
        "metric_transformation": {"metric_transformation": _metric("Warnings")},
    },
    prepare={"log_group_name": _another_group},
)


def test_a_default_excludes_dimensions() -> None:
    """AWS knows no dimensions of an event that did not match."""
    with pytest.raises(ValueError, match="default_value and dimensions"):
        MetricTransformation(
            metric_name="a", metric_namespace="b", default_value=0.0, dimensions={"path": "$.path"}
        )


def test_dimensions_and_unit_are_kept(session: boto3.Session) -> None:
    """A put overwrites the filter whole, so everything is sent, and found again."""
    session.client("logs").create_log_group(logGroupName="/team/a")
    spec = LogsMetricFilterSpec(
        log_group_name="/team/a",
        filter_name="slow",
        filter_pattern="{ $.latency > 1000 }",
        metric_transformation=MetricTransformation(
            metric_name="Slow",
            metric_namespace="Team",
            metric_value="$.latency",
            unit="Milliseconds",
            dimensions={"path": "$.path"},
        ),
    )
    ensure_logs_metric_filter(session, spec)
    assert ensure_logs_metric_filter(session, spec).action == "noop"
    [found] = session.client("logs").describe_metric_filters(logGroupName="/team/a")[
        "metricFilters"
    ]
    [metric] = found["metricTransformations"]
    assert (metric["unit"], metric["dimensions"]) == ("Milliseconds", {"path": "$.path"})
