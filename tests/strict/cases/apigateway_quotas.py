"""API Gateway's rates, conflicts and quotas."""

from __future__ import annotations

import pytest

from provisioner import Stack
from provisioner.engine.report import RunFailedError
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._apis import MOCK, Api, api, stack
from tests.strict.cases._parallel import side_by_side
from tests.strict.cases._somebody import somebody_at_work

STAGES = tuple(f"s{number}" for number in range(10))


def two_at_once(client: Client) -> None:
    """Make two APIs in a row."""
    api(client)
    api(client)


def two_methods_at_once(client: Client) -> None:
    """Put two methods side by side."""
    made = api(client)
    where = {"restApiId": made.id, "resourceId": made.root, "authorizationType": "NONE"}
    side_by_side(
        made.client,
        [
            lambda: made.client.put_method(**where, httpMethod="PUT"),
            lambda: made.client.put_method(**where, httpMethod="POST"),
        ],
    )


def eleven_stages(client: Client) -> None:
    """Serve a deployment under eleven names."""
    made = api(client)
    deployment = made.deployment()
    for number in range(11):
        made.client.create_stage(restApiId=made.id, stageName=f"s{number}", deploymentId=deployment)


def several(ground: Ground) -> None:
    """Three APIs with everything are made, changed and taken away."""
    first, second = Stack("strict"), Stack("strict")
    for made, verb in ((first, "GET"), (second, "POST")):
        for number in range(3):
            definition = {"/": {verb: MOCK}, "/data": {"GET": MOCK}}
            gateway = made.add(
                f"api{number}", "apigateway.rest_api", name="strict", resources=definition
            )
            deployment = made.add(
                f"deployment{number}",
                "apigateway.deployment",
                rest_api_id=gateway.id,
                definition=gateway.definition,
            )
            made.add(
                f"stage{number}",
                "apigateway.stage",
                rest_api_id=gateway.id,
                stage_name="prod",
                deployment_id=deployment.id,
            )
    ground.through(first, second)


def change_while_somebody_does(ground: Ground) -> None:
    """An API is changed while somebody else adds a resource."""
    ground.up(stack("prod"))
    [found] = ground.plain("apigateway").get_rest_apis()["items"]
    with somebody_at_work(
        ground,
        "apigateway",
        lambda client: Api(client, found["id"], found["rootResourceId"]).resource("theirs"),
    ):
        ground.apply(stack("prod", description="Changed."))
    [found] = ground.plain("apigateway").get_rest_apis()["items"]
    assert found["description"] == "Changed."
    ground.through(stack(*STAGES[:4], description="Changed."))


def a_quota_is_told(ground: Ground) -> None:
    """An eleventh stage ends the run at once, with AWS's reason; ten are made."""
    ground.up(stack(*STAGES))
    started = ground.clock.seconds
    with pytest.raises(RunFailedError, match="Maximum number of stages"):
        ground.apply(stack(*STAGES, "s10"))
    assert ground.clock.seconds - started < 60
    ground.down(stack(*STAGES))


CASES = [
    Case("apigateway.rates", two_at_once, "TooManyRequestsException", several),
    Case(
        "apigateway.one-change",
        two_methods_at_once,
        "ConflictException",
        change_while_somebody_does,
    ),
    Case("apigateway.quotas", eleven_stages, "LimitExceededException", a_quota_is_told),
]
