"""The functions as Lambda loads them, on resources shaped like the healthcare stack's."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.conftest import REGION
from tests.sessions import Session

LAMBDAS = Path(__file__).parents[2] / "lambdas"
ACCOUNT = "123456789012"
ALL_BLOCKED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@dataclass(frozen=True)
class Context:
    """What the functions use of Lambda's context."""

    aws_request_id: str = "lambda-request-1"
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:auto-remediation-test"


@dataclass(frozen=True)
class Function:
    """One function in one execution environment: its folder is what stands at /var/task."""

    modules: Mapping[str, ModuleType]

    @property
    def handler(self) -> Any:
        """The module that `handler.handler` names."""
        return self.modules["handler"]

    def __call__(self, event: Mapping[str, Any], context: Context | None = None) -> Any:
        """Invoke it."""
        return self.handler.handler(event, context or Context())


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> Function:
    """Import a function's modules afresh and leave no trace of them among the imported ones."""
    folder = LAMBDAS / name
    names = sorted(path.stem for path in folder.glob("*.py"))
    monkeypatch.syspath_prepend(str(folder))
    for module in names:
        monkeypatch.delitem(sys.modules, module, raising=False)
    modules = {module: importlib.import_module(module) for module in names}
    for module in names:
        del sys.modules[module]
    return Function(modules)


@dataclass(frozen=True)
class Stack:
    """The names of what the functions work with, and clients to look at it."""

    session: boto3.Session
    key_arn: str
    table: str = "patients-test"
    bucket: str = "healthcare-data-test"
    names: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client of the test's own."""
        return self.session.client(service)  # type: ignore[call-overload]

    def versions(self) -> list[dict[str, Any]]:
        """Every version and delete marker in the bucket."""
        answer = self.client("s3").list_object_versions(Bucket=self.bucket)
        return [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]

    def items(self) -> list[dict[str, Any]]:
        """Every item of the table."""
        items: list[dict[str, Any]] = self.client("dynamodb").scan(TableName=self.table)["Items"]
        return items


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """The functions' session on an empty in-memory AWS, without the managed policies."""
    with mock_aws():
        made = Session(REGION)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", made)
        yield made


@pytest.fixture
def stack(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A key, and a table and a bucket under it, as the manifest makes them."""
    key_arn = session.client("kms").create_key(Description="data")["KeyMetadata"]["Arn"]
    made = Stack(session, key_arn)
    _make_bucket(made)
    _make_table(made)
    for name, value in {
        "TABLE_NAME": made.table,
        "BUCKET_NAME": made.bucket,
        "KMS_KEY_ARN": key_arn,
    }.items():
        monkeypatch.setenv(name, value)
    return made


def _make_bucket(stack: Stack) -> None:
    s3 = stack.client("s3")
    s3.create_bucket(Bucket=stack.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=stack.bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_encryption(
        Bucket=stack.bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": stack.key_arn,
                    },
                    "BucketKeyEnabled": True,
                }
            ]
        },
    )
    s3.put_public_access_block(
        Bucket=stack.bucket, PublicAccessBlockConfiguration=dict.fromkeys(ALL_BLOCKED, True)
    )


def _make_table(stack: Stack) -> None:
    dynamodb = stack.client("dynamodb")
    attributes = ("pk", "sk", "gsi1pk", "gsi1sk")
    dynamodb.create_table(
        TableName=stack.table,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        KeySchema=_key("pk", "sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-record-date",
                "KeySchema": _key("gsi1pk", "gsi1sk"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": stack.key_arn},
    )
    dynamodb.update_continuous_backups(
        TableName=stack.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def _key(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


@dataclass(frozen=True)
class Lines:
    """The log lines a function wrote."""

    capsys: pytest.CaptureFixture[str]

    def read(self) -> list[dict[str, Any]]:
        """Return what was written since the last reading; each line must be JSON."""
        written = self.capsys.readouterr()
        assert written.err == ""
        return [json.loads(line) for line in written.out.splitlines()]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """The log of the function under test."""
    return Lines(capsys)
