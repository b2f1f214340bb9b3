"""Gaps of moto's Lambda are filled here, and still open in plain moto.

Those of what a function keeps are in `gap_cases`.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.local.gap_cases import works

ROOT = Path(__file__).resolve().parents[2]


def _function(client: Any) -> Any:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): ...\n")
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client("lambda").create_function(
        FunctionName="f",
        Role=role,
        Runtime="python3.13",
        Handler="handler.handler",
        Code={"ZipFile": data.getvalue()},
    )
    return client("lambda")


def _permit(functions: Any, principal: str) -> None:
    functions.add_permission(
        FunctionName="f",
        StatementId="one",
        Action="lambda:InvokeFunction",
        Principal=principal,
        SourceAccount="123456789012",
    )


def a_statement_id_is_taken_once(client: Any) -> None:
    functions = _function(client)
    _permit(functions, "sns.amazonaws.com")
    try:
        _permit(functions, "events.amazonaws.com")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ResourceConflictException"  # noqa: PT017
    else:
        raise AssertionError
    [statement] = json.loads(functions.get_policy(FunctionName="f")["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    functions.remove_permission(FunctionName="f", StatementId="one")
    _permit(functions, "events.amazonaws.com")


def an_account_is_its_root(client: Any) -> None:
    functions = _function(client)
    functions.add_permission(
        FunctionName="f",
        StatementId="one",
        Action="lambda:InvokeFunction",
        Principal="210987654321",
    )
    [statement] = json.loads(functions.get_policy(FunctionName="f")["Policy"])["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::210987654321:root"}


def an_architecture_comes_with_code(client: Any) -> None:
    functions = _function(client)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): return 1\n")
    functions.update_function_code(
        FunctionName="f", ZipFile=data.getvalue(), Architectures=["arm64"]
    )
    assert functions.get_function_configuration(FunctionName="f")["Architectures"] == ["arm64"]


CASES: dict[str, Callable[[Any], None]] = {
    case.__name__: case
    for case in (
        a_statement_id_is_taken_once,
        an_account_is_its_root,
        an_architecture_comes_with_code,
    )
}


@pytest.mark.parametrize("name", CASES)
def test_the_gap_is_filled(name: str, session: boto3.Session) -> None:
    """What Lambda does, the embedded AWS does."""
    CASES[name](session.client)


def test_the_gaps_are_still_open_in_plain_moto() -> None:
    """Once moto has mended one, this names it, and the filling can go."""
    plain = subprocess.run(
        [sys.executable, "-m", "tests.local.test_gaps_lambda"],
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
