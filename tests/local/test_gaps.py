"""Each gap of moto is filled here, and still open in plain moto."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.local.gap_cases import CASES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", CASES)
def test_the_gap_is_filled(name: str, session: boto3.Session) -> None:
    """What AWS does, the embedded AWS does."""
    CASES[name](session.client)


def test_the_gaps_are_still_open_in_plain_moto() -> None:
    """Once moto has mended one, this names it, and the filling can go."""
    plain = subprocess.run(
        [sys.executable, "-m", "tests.local.gap_cases"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert plain.returncode == 0, plain.stderr
    assert json.loads(plain.stdout) == []


def test_a_cancelled_transaction_leaves_no_trace(session: boto3.Session) -> None:
    """Ours is undone item by item, so plain moto does it as well, if slower."""
    dynamodb = session.client("dynamodb")
    dynamodb.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    dynamodb.put_item(TableName="t", Item={"pk": {"S": "a"}, "n": {"N": "1"}})
    key = {"pk": {"S": "a"}}
    update: Any = {
        "TableName": "t",
        "Key": key,
        "UpdateExpression": "SET n = :two",
        "ExpressionAttributeValues": {":two": {"N": "2"}},
    }
    check: Any = {
        "TableName": "t",
        "Key": {"pk": {"S": "b"}},
        "ConditionExpression": "attribute_exists(pk)",
    }
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[{"Update": update}, {"ConditionCheck": check}])
    assert dynamodb.get_item(TableName="t", Key=key)["Item"]["n"] == {"N": "1"}
