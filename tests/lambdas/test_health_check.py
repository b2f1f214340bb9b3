"""health_check: 200 when all is well, 503 with the reason when one part is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lambdas.conftest import Function, Lines, Stack, load

API: dict[str, Any] = {"httpMethod": "GET", "requestContext": {"requestId": "api-request-1"}}
SCHEDULE = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


@pytest.fixture
def function(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Function:
    url = stack.client("sqs").create_queue(QueueName="dead-letters-test")["QueueUrl"]
    monkeypatch.setenv("QUEUE_URL", url)
    return load("health_check", monkeypatch)


def _checks(answer: dict[str, Any]) -> Any:
    return json.loads(answer["body"])["checks"]


def test_all_is_well(function: Function, lines: Lines) -> None:
    """Every part is reported with its state and its latency, and the log says the same."""
    answer = function(API)
    assert answer["statusCode"] == 200
    states = {name: (check["healthy"], check["detail"]) for name, check in _checks(answer).items()}
    assert states == {
        "table": (True, "ACTIVE"),
        "bucket": (True, "REACHABLE"),
        "key": (True, "Enabled"),
        "queue": (True, "REACHABLE"),
    }
    assert all(check["latency_ms"] >= 0 for check in _checks(answer).values())
    (line,) = lines.read()
    assert (line["event"], line["status"], line["level"]) == ("health.checked", "healthy", "INFO")
    assert line["request_id"] == "api-request-1"


def test_a_schedule_calls_it_too(function: Function, lines: Lines) -> None:
    """An event without a request is served, under Lambda's own request id."""
    assert function(SCHEDULE)["statusCode"] == 200
    assert lines.read()[0]["request_id"] == "lambda-request-1"


def _drop_table(stack: Stack) -> None:
    stack.client("dynamodb").delete_table(TableName=stack.table)


def _drop_bucket(stack: Stack) -> None:
    stack.client("s3").delete_bucket(Bucket=stack.bucket)


def _disable_key(stack: Stack) -> None:
    stack.client("kms").disable_key(KeyId=stack.key_arn.rpartition("/")[2])


def _drop_queue(stack: Stack) -> None:
    sqs = stack.client("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="dead-letters-test")["QueueUrl"])


@pytest.mark.parametrize(
    ("harm", "part", "detail"),
    [
        (_drop_table, "table", "ResourceNotFoundException"),
        (_drop_bucket, "bucket", "404"),
        (_disable_key, "key", "Disabled"),
        (_drop_queue, "queue", "AWS.SimpleQueueService.NonExistentQueue"),
    ],
)
def test_one_part_is_unwell(
    function: Function, stack: Stack, lines: Lines, harm: Any, part: str, detail: str
) -> None:
    """503, the part with AWS's code, the others still well; no ARN leaves."""
    harm(stack)
    answer = function(API)
    assert answer["statusCode"] == 503
    checks = _checks(answer)
    assert {name for name, check in checks.items() if not check["healthy"]} == {part}
    assert checks[part]["detail"] == detail
    assert "arn:" not in answer["body"]
    assert lines.read()[0]["level"] == "ERROR"
