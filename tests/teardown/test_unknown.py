"""A teardown of a stack of which nothing is recorded claims nothing that it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from provisioner.api.rescues import recover
from provisioner.errors import InventoryError
from provisioner.stack import Stack
from tests.teardown.world import World

Meanwhile = Callable[[str, Callable[..., Any]], None]


def clinic() -> Stack:
    stack = Stack("clinic")
    stack.add("alerts", "sns.topic", name="alerts")
    stack.add("inbox", "sqs.queue", queue_name="inbox")
    return stack


def lose_the_inventory(world: World) -> None:
    dynamodb = world.client("dynamodb")
    dynamodb.update_table(TableName="provisioner-inventory", DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName="provisioner-inventory")


def test_a_lost_inventory_is_not_an_empty_stack(world: World) -> None:
    """What carries the stack's tags is named; after a recovery the same teardown leaves nothing."""
    world.up(clinic())
    lose_the_inventory(world)
    with pytest.raises(InventoryError, match=r"2 objects with its tags are there: .*inbox") as told:
        world.down("clinic")
    assert "recover clinic" in told.value.hint
    assert set(world.alive()) == {"topic", "queue"}
    with pytest.raises(InventoryError, match="2 objects"):
        world.planned("clinic")
    recover(world.session, "clinic", None, world.options)
    world.down("clinic").check()
    assert world.alive() == {}


def test_what_can_not_be_looked_at_is_no_proof(world: World, meanwhile: Meanwhile) -> None:
    """The kinds are named."""

    def refuse(**_: Any) -> None:
        error = {"Error": {"Code": "AccessDeniedException", "Message": "not you"}}
        raise ClientError(error, "ListTopics")  # type: ignore[arg-type]

    meanwhile("before-call.sns.ListTopics", refuse)
    with pytest.raises(InventoryError, match=r"could not be looked at: sns.topic \(AccessDenied"):
        world.down("clinic")


def test_an_empty_account_is_proof_enough(world: World) -> None:
    """Nothing carries the tags, so nothing is left."""
    assert world.down("clinic").result == "succeeded"


def test_a_teardown_that_came_to_its_end_is_proof_enough(
    world: World, meanwhile: Meanwhile
) -> None:
    """Nobody has to look at the whole account again."""
    world.up(clinic())
    world.clock.sleep(1)  # runs are told apart by their milliseconds
    world.down("clinic").check()
    looked: list[str] = []
    meanwhile("before-call.sns.ListTopics", lambda **_: looked.append("topics"))
    assert world.down("clinic").result == "succeeded"
    assert looked == []
