"""SSM parameters."""

from __future__ import annotations

from typing import Any

from provisioner import Stack
from provisioner.resources.ssm_parameter import SsmParameterSpec, ensure_ssm_parameter
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._parallel import side_by_side
from tests.strict.cases._somebody import somebody_at_work


def stack(number: int = 1, value: str = "one") -> Stack:
    """So many parameters."""
    made = Stack("strict")
    for one in range(number):
        made.add(f"p{one}", "ssm.parameter", name=f"/strict/{one}", value=value)
    return made


def _put(client: Any, name: str = "/strict/0", *, value: str = "one", over: bool = False) -> None:
    client.put_parameter(Name=name, Value=value, Type="String", Overwrite=over)


def many_at_once(client: Client) -> None:
    """Put ten parameters in a row."""
    ssm = client("ssm")
    for number in range(10):
        _put(ssm, f"/strict/{number}")


def make_anew(client: Client) -> None:
    """Delete a parameter and make it again."""
    ssm = client("ssm")
    _put(ssm)
    ssm.delete_parameters(Names=["/strict/0"])
    _put(ssm)


def put_side_by_side(client: Client) -> None:
    """Put a parameter twice at once."""
    ssm = client("ssm")
    _put(ssm)
    side_by_side(
        ssm, [lambda: _put(ssm, value="two", over=True), lambda: _put(ssm, value="2", over=True)]
    )


def down_and_up(ground: Ground) -> None:
    """A stack is taken down and put up again at once."""
    ground.up(stack())
    ground.take_down(stack())
    ground.through(stack())


def put_while_somebody_does(ground: Ground) -> None:
    """A value is put while somebody else puts another."""
    aws = ground.aws
    ensure_ssm_parameter(aws, SsmParameterSpec(name="/strict/0", value="one", type="String"))
    with somebody_at_work(ground, "ssm", lambda ssm: _put(ssm, value="theirs", over=True)):
        ensure_ssm_parameter(aws, SsmParameterSpec(name="/strict/0", value="two", type="String"))
    assert ground.plain("ssm").get_parameter(Name="/strict/0")["Parameter"]["Value"] == "two"


CASES = [
    Case(
        "ssm.rates",
        many_at_once,
        "ThrottlingException",
        lambda ground: ground.through(stack(15), stack(15, "two")),
    ),
    Case("ssm.name-rests", make_anew, "ParameterAlreadyExists", down_and_up),
    Case("ssm.one-change", put_side_by_side, "TooManyUpdates", put_while_somebody_does),
]
