"""auto_remediation: each remedy mends what is wrong, twice is once, and somebody is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.client import BaseClient

from tests.conftest import REGION
from tests.lambdas.conftest import ACCOUNT, ALL_BLOCKED, Function, Lines, Stack, load

FUNCTION = "data-processor-test"
REMEDIES = {
    "pitr-off": "restore_pitr",
    "bucket-open": "restore_public_access_block",
    "errors": "cap_concurrency",
    "letters": "redrive_dead_letters",
}
TAG = "remediation:reserved-concurrency-before"


@pytest.fixture
def queue_arn(stack: Stack) -> str:
    sqs = stack.client("sqs")
    url = sqs.create_queue(QueueName="dead-letters-test")["QueueUrl"]
    arn: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    return arn


@pytest.fixture
def function(stack: Stack, queue_arn: str, monkeypatch: pytest.MonkeyPatch) -> Function:
    _make_function(stack)
    _make_inboxes(stack, monkeypatch)
    monkeypatch.setenv("BUCKET_NAMES", stack.bucket)
    monkeypatch.setenv("FUNCTION_NAMES", FUNCTION)
    monkeypatch.setenv("QUEUE_ARN", queue_arn)
    monkeypatch.setenv("REMEDIES", json.dumps(REMEDIES))
    return load("auto_remediation", monkeypatch)


def _make_function(stack: Stack) -> None:
    iam = stack.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    stack.client("lambda").create_function(
        FunctionName=FUNCTION,
        Runtime="python3.12",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": b"zip"},
    )


def _make_inboxes(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two encrypted topics, each read through a queue."""
    sns, sqs = stack.client("sns"), stack.client("sqs")
    for name in ("compliance", "alerts"):
        attributes = {"KmsMasterKeyId": stack.key_arn}
        topic = sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
        sqs.create_queue(QueueName=name)
        inbox = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=inbox,
            Attributes={"RawMessageDelivery": "true"},
        )
        monkeypatch.setenv(f"{name.upper()}_TOPIC_ARN", topic)


def _inbox(stack: Stack, name: str) -> list[Any]:
    sqs = stack.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


def _event(alarm: str, state: str = "ALARM", function: str = "") -> dict[str, Any]:
    metric: dict[str, Any] = {"namespace": "AWS/Lambda", "name": "Errors"}
    if function:
        metric["dimensions"] = {"FunctionName": function}
    queries = [{"id": "m1", "metricStat": {"metric": metric}}, {"id": "e1", "expression": "m1"}]
    return {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "detail": {
            "alarmName": alarm,
            "state": {"value": state},
            "configuration": {"metrics": queries},
        },
    }


def _results(report: Any) -> list[str]:
    return [outcome["result"] for outcome in report["outcomes"]]


def test_pitr_is_restored_once(function: Function, stack: Stack) -> None:
    """Point-in-time recovery found off is on again; the second run changes nothing."""
    dynamodb = stack.client("dynamodb")
    dynamodb.update_continuous_backups(
        TableName=stack.table,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    )
    assert _results(function(_event("pitr-off"))) == ["changed"]
    assert _results(function(_event("pitr-off"))) == ["unchanged"]
    found = dynamodb.describe_continuous_backups(TableName=stack.table)
    recovery = found["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    assert len(_inbox(stack, "compliance")) == 2


@pytest.mark.parametrize("removed", [True, False])
def test_the_public_access_block_is_restored_once(
    function: Function, stack: Stack, *, removed: bool
) -> None:
    """A block that was removed, or is off in part, is whole again; the second run does nothing."""
    s3 = stack.client("s3")
    if removed:
        s3.delete_public_access_block(Bucket=stack.bucket)
    else:
        partly = dict.fromkeys(ALL_BLOCKED, True) | {"BlockPublicPolicy": False}
        s3.put_public_access_block(Bucket=stack.bucket, PublicAccessBlockConfiguration=partly)
    assert _results(function(_event("bucket-open"))) == ["changed"]
    assert _results(function(_event("bucket-open"))) == ["unchanged"]
    found = s3.get_public_access_block(Bucket=stack.bucket)["PublicAccessBlockConfiguration"]
    assert found == dict.fromkeys(ALL_BLOCKED, True)


def test_one_bucket_does_not_hold_up_the_others(
    function: Function, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket that fails is reported to alerts, the next is mended, Lambda is asked to repeat."""
    stack.client("s3").delete_public_access_block(Bucket=stack.bucket)
    monkeypatch.setenv("BUCKET_NAMES", f"gone-test, {stack.bucket}")
    with pytest.raises(function.handler.RemedyFailedError):
        function(_event("bucket-open"))
    assert _results(_inbox(stack, "alerts")[0]) == ["failed", "changed"]


def _reserved(stack: Stack) -> int | None:
    answer = stack.client("lambda").get_function_concurrency(FunctionName=FUNCTION)
    reserved: int | None = answer.get("ReservedConcurrentExecutions")
    return reserved


def _tags(stack: Stack) -> Any:
    return stack.client("lambda").get_function(FunctionName=FUNCTION).get("Tags", {})


@pytest.mark.parametrize("before", [None, 10])
def test_an_error_storm(function: Function, stack: Stack, before: int | None) -> None:
    """The cap comes once and goes once, and what was reserved before is reserved again."""
    if before is not None:
        stack.client("lambda").put_function_concurrency(
            FunctionName=FUNCTION, ReservedConcurrentExecutions=before
        )
    alarm, ok = _event("errors", function=FUNCTION), _event("errors", "OK", FUNCTION)
    assert _results(function(ok)) == ["unchanged"]
    assert _results(function(alarm)) == ["changed"]
    assert _results(function(alarm)) == ["unchanged"]
    assert (_reserved(stack), _tags(stack)) == (2, {TAG: str(before or "none")})
    assert _results(function(ok)) == ["changed"]
    assert _results(function(ok)) == ["unchanged"]
    assert (_reserved(stack), _tags(stack)) == (before, {})


def test_somebody_elses_limit_stays(function: Function, stack: Stack) -> None:
    """A limit below the cap is not raised, and OK does not lift what was not capped by us."""
    stack.client("lambda").put_function_concurrency(
        FunctionName=FUNCTION, ReservedConcurrentExecutions=0
    )
    function(_event("errors", function=FUNCTION))
    function(_event("errors", "OK", FUNCTION))
    assert (_reserved(stack), _tags(stack)) == (0, {})


@pytest.mark.parametrize("name", ["", "stranger"])
def test_only_named_functions_are_capped(function: Function, stack: Stack, name: str) -> None:
    """An alarm that names no function, or one that is not ours, goes to a person."""
    assert _results(function(_event("errors", function=name))) == ["failed"]
    assert len(_inbox(stack, "alerts")) == 1


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """Message move tasks, which moto does not have."""
    tasks: list[dict[str, str]] = []
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "StartMessageMoveTask":
            tasks.append({"Status": "RUNNING", **arguments})
            return {"TaskHandle": "task"}
        if operation == "ListMessageMoveTasks":
            return {"Results": tasks[-1:]}
        return real(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return tasks


def test_dead_letters_go_back_once(
    function: Function, stack: Stack, queue_arn: str, moves: list[dict[str, str]]
) -> None:
    """A move is started, and not a second one while it runs."""
    policy = json.dumps({"deadLetterTargetArn": queue_arn, "maxReceiveCount": 3})
    stack.client("sqs").create_queue(QueueName="work", Attributes={"RedrivePolicy": policy})
    assert _results(function(_event("letters"))) == ["changed"]
    assert _results(function(_event("letters"))) == ["unchanged"]
    assert moves == [{"Status": "RUNNING", "SourceArn": queue_arn}]


def test_letters_without_a_queue_to_return_to(
    function: Function, stack: Stack, moves: list[dict[str, str]]
) -> None:
    """What AWS would refuse to move is not tried: a person is told."""
    assert _results(function(_event("letters"))) == ["failed"]
    assert moves == []
    assert "No SQS queue" in _inbox(stack, "alerts")[0]["outcomes"][0]["detail"]


def test_unknown_alarms_go_to_alerts(function: Function, stack: Stack, lines: Lines) -> None:
    """An alarm without a remedy is passed on when it fires, and only logged when it ends."""
    function(_event("strange"))
    function(_event("strange", "OK"))
    assert [message["alarm"] for message in _inbox(stack, "alerts")] == ["strange"]
    assert _inbox(stack, "compliance") == []
    assert [line["event"] for line in lines.read()] == ["alarm.unknown"] * 2


@pytest.mark.parametrize("alarm", ["pitr-off", "bucket-open", "letters"])
def test_ok_needs_no_remedy(function: Function, stack: Stack, alarm: str) -> None:
    """An alarm that ends sets nothing in motion and publishes nothing."""
    assert _results(function(_event(alarm, "OK"))) == []
    assert _inbox(stack, "compliance") == []


def test_an_unknown_remedy_is_a_sentence(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistyped remedy fails loudly and names those that exist."""
    monkeypatch.setenv("REMEDIES", '{"a": "restore_pittr"}')
    with pytest.raises(function.handler.ConfigurationError, match="there are restore_pitr, "):
        function(_event("a"))
