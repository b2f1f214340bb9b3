"""Is everything there that the API needs? For `GET /health` and for a schedule.

Table, bucket, key and queue are looked at side by side, each within a few seconds. The answer is
200, or 503 when one of them is not as it should be, with each check's result and latency. It may
be read by anybody, so it names AWS's codes and states only. The log line is what alarms read.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, TypedDict

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


class Context(Protocol):
    """What is used of Lambda's context."""

    @property
    def aws_request_id(self) -> str:
        """The id of this invocation."""


class RequestContext(TypedDict, total=False):
    """What API Gateway knows of the request."""

    requestId: str


class Event(TypedDict, total=False):
    """What is used of API Gateway's proxy event; a schedule's event has none of it."""

    requestContext: RequestContext


class ProxyAnswer(TypedDict):
    """What API Gateway takes for an answer; a schedule ignores it."""

    statusCode: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check's result; `detail` is a state or an error code, `latency_ms` milliseconds."""

    healthy: bool
    detail: str
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Clients:
    """One client per service."""

    dynamodb: DynamoDBClient
    s3: S3Client
    kms: KMSClient
    sqs: SQSClient


def handler(event: Event, context: Context) -> ProxyAnswer:
    """Check everything and answer 200 or 503."""
    request_id = event.get("requestContext", {}).get("requestId") or context.aws_request_id
    checks = _run(_probes(_clients()))
    healthy = all(check.healthy for check in checks.values())
    status = HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE
    body = {
        "status": "healthy" if healthy else "unhealthy",
        "checks": {name: asdict(check) for name, check in checks.items()},
        "request_id": request_id,
    }
    line = {"level": "INFO" if healthy else "ERROR", "event": "health.checked", **body}
    sys.stdout.write(json.dumps(line) + "\n")
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return {"statusCode": status.value, "headers": headers, "body": json.dumps(body)}


Probe = Callable[[], tuple[bool, str]]
"""Looks at one thing: is it well, and in which state?"""


def _probes(clients: Clients) -> Mapping[str, Probe]:
    return {
        "table": lambda: _table(clients.dynamodb, os.environ["TABLE_NAME"]),
        "bucket": lambda: _bucket(clients.s3, os.environ["BUCKET_NAME"]),
        "key": lambda: _key(clients.kms, os.environ["KMS_KEY_ARN"]),
        "queue": lambda: _queue(clients.sqs, os.environ["QUEUE_URL"]),
    }


def _run(probes: Mapping[str, Probe]) -> Mapping[str, Check]:
    """Run all probes side by side."""
    with ThreadPoolExecutor(max_workers=len(probes)) as pool:
        return dict(zip(probes, pool.map(_check, probes.values()), strict=True))


def _check(probe: Probe) -> Check:
    """Run one probe; an AWS error is a result, by its code."""
    started = time.monotonic()
    try:
        healthy, detail = probe()
    except ClientError as error:
        healthy, detail = False, error.response["Error"]["Code"]
    except BotoCoreError as error:
        healthy, detail = False, type(error).__name__
    return Check(healthy, detail, round((time.monotonic() - started) * 1000, 1))


def _table(dynamodb: DynamoDBClient, name: str) -> tuple[bool, str]:
    """A table being updated serves all the same."""
    state = dynamodb.describe_table(TableName=name)["Table"].get("TableStatus", "")
    return state in {"ACTIVE", "UPDATING"}, state


def _bucket(s3: S3Client, name: str) -> tuple[bool, str]:
    s3.head_bucket(Bucket=name)
    return True, "REACHABLE"


def _key(kms: KMSClient, arn: str) -> tuple[bool, str]:
    state = kms.describe_key(KeyId=arn)["KeyMetadata"].get("KeyState", "")
    return state == "Enabled", state


def _queue(sqs: SQSClient, url: str) -> tuple[bool, str]:
    sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return True, "REACHABLE"


@cache
def _clients() -> Clients:
    """Open the clients once per execution environment; one short try each."""
    config = Config(
        connect_timeout=2,
        read_timeout=3,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
    return Clients(
        dynamodb=boto3.client("dynamodb", config=config),
        s3=boto3.client("s3", config=config),
        kms=boto3.client("kms", config=config),
        sqs=boto3.client("sqs", config=config),
    )
