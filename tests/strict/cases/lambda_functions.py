"""Functions of Lambda."""

from __future__ import annotations

import pytest

from provisioner import Stack, apply
from provisioner.engine.report import RunFailedError
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._functions import NAME, RUNTIME, SOURCES, function, stack
from tests.strict.cases._identity import settle, trust


def update_at_once(client: Client) -> None:
    """Make a function and change it next."""
    function(client)
    client("lambda").update_function_configuration(FunctionName=NAME, MemorySize=256)


def make_again(client: Client) -> None:
    """Delete a function and make it anew."""
    function(client)
    settle()
    client("lambda").delete_function(FunctionName=NAME)
    function(client, "arn:aws:iam::123456789012:role/runner")


def made_again(ground: Ground) -> None:
    """A function is replaced by one of its name; the stack goes and comes again at once."""
    ground.through(stack(), stack(function_name=f"{NAME}-2"))
    ground.through(stack())


def see_them_active(client: Client) -> None:
    """Find in the list that all functions are active."""
    function(client)
    settle()
    functions = client("lambda").list_functions()["Functions"]
    assert [one.get("State") for one in functions] == ["Active"]


def permit_at_once(client: Client) -> None:
    """Make a function and let EventBridge call it."""
    function(client)
    client("lambda").add_permission(
        FunctionName=NAME,
        StatementId="events",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
    )


def permitted() -> Stack:
    """A function with tags that EventBridge may call."""
    made = stack(tags={"Team": "care"}, memory_size=256)
    made.add(
        "permission",
        "lambda.permission",
        function_name=NAME,
        statement_id="events",
        principal="events.amazonaws.com",
        source_account="123456789012",
        depends_on=["function"],
    )
    return made


def read_many(client: Client) -> None:
    """Read a function's configuration twenty times in a row."""
    function(client)
    for _ in range(20):
        client("lambda").get_function_configuration(FunctionName=NAME)


def many(ground: Ground) -> None:
    """Six functions at once, made, changed and read again."""
    for memory in (128, 256):
        made = Stack("strict")
        runner = made.add("runner", "iam.role", role_name="runner", assume_role_policy=trust())
        for number in range(6):
            made.add(
                f"function_{number}",
                "lambda.function",
                function_name=f"{NAME}-{number}",
                role=runner.arn,
                runtime=RUNTIME,
                code=SOURCES,
                memory_size=memory,
            )
        ground.up(made)
    ground.down(made)


def reserve(client: Client) -> None:
    """Set five executions aside for a function."""
    function(client)
    client("lambda").put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=5)


def told_of_the_account(ground: Ground) -> None:
    """The run says why at once; without the reservation the stack stands."""
    started = ground.clock.monotonic()
    with pytest.raises(RunFailedError, match="below its minimum value"):
        apply(ground.session, stack(reserved_concurrent_executions=5), ground.options).check()
    assert ground.clock.monotonic() - started < 60
    ground.through(stack())


CASES = [
    Case(
        "lambda.function-states",
        update_at_once,
        "ResourceConflictException",
        lambda ground: ground.through(
            stack(tags={"Team": "care"}),
            stack(memory_size=256, timeout=10, architectures=["arm64"], environment={"A": "1"}),
        ),
    ),
    Case("lambda.deleting", make_again, "ResourceConflictException", made_again),
    Case(
        "lambda.listed-without-state",
        see_them_active,
        "",
        lambda ground: ground.through(stack(), stack(memory_size=256)),
    ),
    Case(
        "lambda.new-functions",
        permit_at_once,
        "ResourceNotFoundException",
        lambda ground: ground.through(permitted()),
    ),
    Case("lambda.rate", read_many, "TooManyRequestsException", many),
    Case("lambda.new-account", reserve, "InvalidParameterValueException", told_of_the_account),
]
