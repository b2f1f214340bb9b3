"""Permissions on functions of Lambda."""

from __future__ import annotations

import json
from functools import partial

from provisioner import Stack
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._functions import NAME, function, stack
from tests.strict.cases._identity import settle
from tests.strict.cases._parallel import side_by_side


def permit_side_by_side(client: Client) -> None:
    """Let two services call a function, at the same time."""
    functions = client("lambda")
    function(client)
    settle()
    permit = partial(functions.add_permission, FunctionName=NAME, Action="lambda:InvokeFunction")
    services = ("events", "sns")
    side_by_side(
        functions,
        [partial(permit, StatementId=s, Principal=f"{s}.amazonaws.com") for s in services],
    )


def permitted(*services: str) -> Stack:
    """A function that services may call."""
    made = stack()
    for service in services:
        made.add(
            f"permission_{service}",
            "lambda.permission",
            function_name=NAME,
            statement_id=service,
            principal=f"{service}.amazonaws.com",
            source_account="123456789012",
            depends_on=["function"],
        )
    return made


def all_there(ground: Ground) -> None:
    """Four permissions of one function are made side by side, and all are there."""
    services = ("events", "sns", "s3", "apigateway")
    ground.up(permitted(*services))
    policy = json.loads(ground.plain("lambda").get_policy(FunctionName=NAME)["Policy"])
    assert {one["Sid"] for one in policy["Statement"]} == {*services}
    ground.through(permitted("events", "sns"))


CASES = [
    Case(
        "lambda.parallel-permissions",
        permit_side_by_side,
        "ResourceConflictException",
        all_there,
    ),
]
