"""The functions on the resources that the manifest made, with the environment that it gave them."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.conftest import REGION
from tests.healthcare.conftest import ACCOUNT
from tests.lambdas.conftest import Context, Function, load

BUCKET = f"healthcare-data-{ACCOUNT}-{REGION}-dev"
RECORD = {
    "patient_id": "p-0001",
    "record_type": "encounter",
    "recorded_at": "2026-01-01T08:00:00Z",
    "patient": {"family_name": "Muster", "given_name": "Mia", "birth_date": "1980-02-03"},
}


def deployed(
    session: boto3.Session, name: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> Function:
    """The function as Lambda would run it: its sources, and its own environment."""
    found = session.client("lambda").get_function_configuration(
        FunctionName=f"healthcare-{name}-dev"
    )
    for key, value in found["Environment"]["Variables"].items():
        monkeypatch.setenv(key, value)
    return load(folder, monkeypatch)


def call(function: Function, method: str, **more: Any) -> dict[str, Any]:
    event = {"httpMethod": method, "requestContext": {"requestId": "r-1"}, **more}
    answer: dict[str, Any] = function(event)
    return {**answer, "body": json.loads(answer["body"])}


def test_a_record_goes_in_and_comes_out(
    healthcare: boto3.Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stored under the stack's key, indexed, given back by id; nothing of it is logged."""
    processor = deployed(healthcare, "processor", "data_processor", monkeypatch)
    stored = call(processor, "POST", body=json.dumps(RECORD))
    assert stored["statusCode"] == 201, stored
    [record_id] = [value for key, value in stored["body"].items() if key.endswith("id")][:1]
    fetched = call(processor, "GET", queryStringParameters={"id": record_id})
    assert fetched["statusCode"] == 200
    assert "Muster" in json.dumps(fetched["body"])
    [found] = healthcare.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="records/")["Contents"]
    head = healthcare.client("s3").head_object(Bucket=BUCKET, Key=found["Key"])
    assert head["ServerSideEncryption"] == "aws:kms"
    assert "Muster" not in capsys.readouterr().out


def test_a_bad_record_is_refused_with_a_reason(
    healthcare: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """400, and what is wrong."""
    processor = deployed(healthcare, "processor", "data_processor", monkeypatch)
    refused = call(processor, "POST", body=json.dumps({**RECORD, "record_type": "gossip"}))
    assert refused["statusCode"] == 400
    assert "record_type" in json.dumps(refused["body"])


def test_the_health_check_finds_everything(
    healthcare: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Table, bucket, key and queue answer."""
    health = deployed(healthcare, "health", "health_check", monkeypatch)
    answer = call(health, "GET")
    assert answer["statusCode"] == 200, answer


def test_recovery_that_was_switched_off_is_switched_on(
    healthcare: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alarm's name leads to the remedy that the manifest names for it."""
    client = healthcare.client("dynamodb")
    table = "healthcare-patients-dev"
    client.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    remediation = deployed(healthcare, "remediation", "auto_remediation", monkeypatch)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:healthcare-remediation-dev"
    event = {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "detail": {"alarmName": "healthcare-dev-recovery-changed", "state": {"value": "ALARM"}},
    }
    remediation(event, Context(invoked_function_arn=arn))
    backups = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_every_remedy_names_an_alarm_that_exists(healthcare: boto3.Session) -> None:
    """A remedy for an alarm that nobody made would never come."""
    found = healthcare.client("lambda").get_function_configuration(
        FunctionName="healthcare-remediation-dev"
    )
    remedies = json.loads(found["Environment"]["Variables"]["REMEDIES"])
    pages = healthcare.client("cloudwatch").get_paginator("describe_alarms").paginate()
    alarms = {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]}
    assert set(remedies) <= alarms
    assert len(remedies) == 5
