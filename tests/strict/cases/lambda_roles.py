"""What Lambda asks of a function's role and key."""

from __future__ import annotations

import json

from provisioner import Stack
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._functions import NAME, RUNTIME, SOURCES, allowing, function, stack
from tests.strict.cases._identity import role, settle, trust
from tests.strict.cases._keys import key

QUEUE = "arn:aws:sqs:eu-central-1:123456789012:failed"


def make_both(client: Client) -> None:
    """Make a role and a function with it."""
    function(client, role(client, "runner"))


def changed_roles(ground: Ground) -> None:
    """A function is made with its role, and moves to another that is made with the change."""
    moved = Stack("strict")
    for name in ("runner", "other"):
        runner = moved.add(name, "iam.role", role_name=name, assume_role_policy=trust())
    moved.add(
        "function",
        "lambda.function",
        function_name=NAME,
        role=runner.arn,
        runtime=RUNTIME,
        code=SOURCES,
    )
    ground.through(stack(), moved)


def permit_at_once(client: Client) -> None:
    """Let a role send to a queue, and have a function send there what it could not process."""
    arn = role(client, "runner")
    settle()
    client("iam").put_role_policy(
        RoleName="runner", PolicyName="run", PolicyDocument=json.dumps(allowing("sqs:SendMessage"))
    )
    function(client, arn, DeadLetterConfig={"TargetArn": QUEUE})


def with_dead_letters() -> Stack:
    """A traced function that sends to a queue what it could not process."""
    made = Stack("strict")
    runner = made.add(
        "runner",
        "iam.role",
        role_name="runner",
        assume_role_policy=trust(),
        inline_policies={"run": allowing("sqs:SendMessage", "xray:PutTraceSegments")},
    )
    queue = made.add("failed", "sqs.queue", queue_name="failed")
    made.add(
        "function",
        "lambda.function",
        function_name=NAME,
        role=runner.arn,
        runtime=RUNTIME,
        code=SOURCES,
        dead_letter_target_arn=queue.arn,
        tracing_mode="Active",
    )
    return made


def encrypt_at_once(client: Client) -> None:
    """Make a key and a function whose environment it encrypts."""
    arn = role(client, "runner")
    settle()
    id_ = key(client)
    function(client, arn, KMSKeyArn=f"arn:aws:kms:eu-central-1:123456789012:key/{id_}")


def encrypted() -> Stack:
    """A function with a key of its own."""
    made = Stack("strict")
    runner = made.add("runner", "iam.role", role_name="runner", assume_role_policy=trust())
    made.add(
        "function",
        "lambda.function",
        function_name=NAME,
        role=runner.arn,
        runtime=RUNTIME,
        code=SOURCES,
        environment={"STAGE": "dev"},
        kms_key=made.add("key", "kms.key", alias="alias/strict").arn,
    )
    return made


CASES = [
    Case("lambda.role-assumed", make_both, "InvalidParameterValueException", changed_roles),
    Case(
        "lambda.role-permissions",
        permit_at_once,
        "InvalidParameterValueException",
        lambda ground: ground.through(stack(), with_dead_letters()),
    ),
    Case(
        "lambda.environment-key",
        encrypt_at_once,
        "InvalidParameterValueException",
        lambda ground: ground.through(encrypted()),
    ),
]
