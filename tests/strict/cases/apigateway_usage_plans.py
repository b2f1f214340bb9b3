"""Usage plans."""

from __future__ import annotations

import pytest

from provisioner.engine.report import RunFailedError
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._apis import api, stack


def delete_an_api_in_a_plan(client: Client) -> None:
    """Delete an API that a usage plan is for."""
    made = api(client)
    made.stage()
    held = [{"apiId": made.id, "stage": "prod"}]
    made.client.create_usage_plan(name="strict", apiStages=held)
    made.client.delete_rest_api(restApiId=made.id)


def somebodys_plan(ground: Ground) -> None:
    """Somebody's plan that is for our stage is told; the teardown ends when it lets go."""
    ground.up(stack("prod"))
    gateway = ground.plain("apigateway")
    [found] = gateway.get_rest_apis()["items"]
    held = {"apiId": found["id"], "stage": "prod"}
    plan = gateway.create_usage_plan(name="theirs", apiStages=[held])["id"]
    with pytest.raises(RunFailedError, match=f"Usage Plan {plan}"):
        ground.take_down(stack("prod"))
    assert gateway.get_usage_plan(usagePlanId=plan)["apiStages"] == [held]
    gateway.delete_usage_plan(usagePlanId=plan)
    ground.down(stack("prod"))


CASES = [
    Case(
        "apigateway.usage-plans",
        delete_an_api_in_a_plan,
        "BadRequestException",
        somebodys_plan,
    ),
]
