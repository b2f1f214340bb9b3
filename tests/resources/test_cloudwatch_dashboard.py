"""cloudwatch.dashboard: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import json

import boto3
import pytest
from pydantic import ValidationError

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.resources.cloudwatch_dashboard import (
    CloudwatchDashboardSpec,
    ensure_cloudwatch_dashboard,
)
from tests.contract.case import Case


def _page(title: str) -> dict[str, Json]:
    properties: Json = {"title": title, "metrics": [["AWS/Lambda", "Errors"]], "period": 60}
    return {"widgets": [{"type": "metric", "width": 12, "height": 6, "properties": properties}]}


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {"dashboard_name": "health", "dashboard_body": _page("first")}


def _alive(session: boto3.Session, id_: str) -> bool:
    entries = session.client("cloudwatch").list_dashboards()["DashboardEntries"]
    return id_ in {entry["DashboardName"] for entry in entries}


CASE = Case(
    kind="cloudwatch.dashboard",
    settings=_settings,
    alive=_alive,
    changes={
        "dashboard_name": {"dashboard_name": "other"},
        "dashboard_body": {"dashboard_body": _page("second")},
    },
)


def test_text_and_data_are_the_same_page(aws: Aws) -> None:
    """A body given as JSON text is no change of the same body given as data."""
    page = _page("first")
    made = CloudwatchDashboardSpec(dashboard_name="health", dashboard_body=page)
    text = CloudwatchDashboardSpec(
        dashboard_name="health", dashboard_body=json.dumps(page, indent=2)
    )
    assert ensure_cloudwatch_dashboard(aws, made).action == "create"
    assert ensure_cloudwatch_dashboard(aws, text).action == "noop"


@pytest.mark.parametrize("body", ["{", "[]", {"widget": []}])
def test_a_body_that_is_no_page_is_refused(body: str | dict[str, Json]) -> None:
    """A body CloudWatch would refuse is refused before anything is sent."""
    with pytest.raises(ValidationError, match="body is"):
        CloudwatchDashboardSpec(dashboard_name="health", dashboard_body=body)
