"""logs.metric_filter under contract."""

from __future__ import annotations

import boto3

from provisioner.lifecycle import Json
from tests.contract.case import Case


def _metric(name: str) -> dict[str, Json]:
    return {"metric_name": name, "metric_namespace": "Team", "default_value": 0.0}


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
        "log_group_name": {"log_group_name": "/team/other"},
        "filter_name": {"filter_name": "warnings"},
        "filter_pattern": {"filter_pattern": "WARN"},
        "metric_transformation": {"metric_transformation": _metric("Warnings")},
    },
)
