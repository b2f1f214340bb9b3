"""Each gap of moto's CloudWatch Logs is filled here, and still open in plain moto.

The gap of the keys is in `gap_cases`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.local.gap_cases import works

ROOT = Path(__file__).resolve().parents[2]
METRIC = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}


def _refused(code: str, call: Callable[[], object]) -> None:
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code  # noqa: PT017
    else:
        raise AssertionError


def a_protected_group_stays(client: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="a", deletionProtectionEnabled=True)
    [found] = logs.describe_log_groups()["logGroups"]
    assert found["deletionProtectionEnabled"] is True
    _refused("ValidationException", lambda: logs.delete_log_group(logGroupName="a"))


def protection_is_set_and_lifted(client: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="a")
    for wanted in (True, False):
        logs.put_log_group_deletion_protection(
            logGroupIdentifier="a", deletionProtectionEnabled=wanted
        )
        [found] = logs.describe_log_groups()["logGroups"]
        assert found["deletionProtectionEnabled"] is wanted
    logs.delete_log_group(logGroupName="a")


def a_group_tells_its_class(client: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="a", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_group(logGroupName="b")
    classes = [one["logGroupClass"] for one in logs.describe_log_groups()["logGroups"]]
    assert classes == ["INFREQUENT_ACCESS", "STANDARD"]


def a_retention_is_one_of_a_few(client: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="a")
    wrong = {"logGroupName": "a", "retentionInDays": 11}
    _refused("InvalidParameterException", lambda: logs.put_retention_policy(**wrong))


def _put_filter(logs: Any, group: str) -> None:
    logs.put_metric_filter(
        logGroupName=group, filterName="f", filterPattern="x", metricTransformations=[METRIC]
    )


def a_filter_needs_its_group(client: Any) -> None:
    _refused("ResourceNotFoundException", lambda: _put_filter(client("logs"), "none"))


def a_filter_is_written_over(client: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="a")
    _put_filter(logs, "a")
    _put_filter(logs, "a")
    assert len(logs.describe_metric_filters()["metricFilters"]) == 1


def a_filter_goes_with_its_group(client: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="a")
    _put_filter(logs, "a")
    logs.delete_log_group(logGroupName="a")
    assert logs.describe_metric_filters()["metricFilters"] == []


def tags_go_with_their_group(client: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="g", tags={"Team": "care"})
    logs.delete_log_group(logGroupName="g")
    logs.create_log_group(logGroupName="g")
    assert logs.list_tags_log_group(logGroupName="g")["tags"] == {}


CASES: dict[str, Callable[[Any], None]] = {
    case.__name__: case
    for case in (
        a_protected_group_stays,
        protection_is_set_and_lifted,
        a_group_tells_its_class,
        a_retention_is_one_of_a_few,
        a_filter_needs_its_group,
        a_filter_is_written_over,
        a_filter_goes_with_its_group,
        tags_go_with_their_group,
    )
}


@pytest.mark.parametrize("name", CASES)
def test_the_gap_is_filled(name: str, session: boto3.Session) -> None:
    """What CloudWatch Logs does, the embedded AWS does."""
    CASES[name](session.client)


def test_the_gaps_are_still_open_in_plain_moto() -> None:
    """Once moto has mended one, this names it, and the filling can go."""
    plain = subprocess.run(
        [sys.executable, "-m", "tests.local.test_gaps_logs"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert plain.returncode == 0, plain.stderr
    assert json.loads(plain.stdout) == []


if __name__ == "__main__":
    sys.stdout.write(json.dumps([name for name, case in CASES.items() if works(case)]))
