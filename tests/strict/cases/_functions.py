"""Functions that the cases stand on."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from provisioner import Stack
from tests.strict.case import Client
from tests.strict.cases._identity import role, settle, trust

NAME = "strict-processor"
SOURCES = str(Path(__file__).resolve().parents[3] / "lambdas" / "health_check")
RUNTIME = "python3.13"


def allowing(*actions: str) -> dict[str, Any]:
    """A role's policy."""
    allow = {"Effect": "Allow", "Action": [*actions], "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [allow]}


def code() -> bytes:
    """The package of a function that does nothing."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): ...")
    return packed.getvalue()


def function(client: Client, role_arn: str = "", **request: Any) -> None:
    """Make a function; without a role, one that is ready gets it."""
    if not role_arn:
        role_arn = role(client, "runner")
        settle()
    client("lambda").create_function(
        **{
            "FunctionName": NAME,
            "Role": role_arn,
            "Runtime": RUNTIME,
            "Handler": "handler.handler",
            "Code": {"ZipFile": code()},
            **request,
        }
    )


def stack(*actions: str, **settings: Any) -> Stack:
    """A function and its role, which may do these things."""
    made = Stack("strict")
    runner = made.add(
        "runner",
        "iam.role",
        role_name="runner",
        assume_role_policy=trust(),
        inline_policies={"run": allowing(*actions)} if actions else {},
    )
    made.add(
        "function",
        "lambda.function",
        **{
            "function_name": NAME,
            "role": runner.arn,
            "runtime": RUNTIME,
            "code": SOURCES,
            **settings,
        },
    )
    return made
