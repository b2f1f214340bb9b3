"""What services bring back after its delete: looked for at the end, and deleted again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from provisioner.api.runs import apply
from provisioner.aws.clients import connect
from provisioner.engine.events import StepDone
from provisioner.inventory import Inventory
from provisioner.inventory.dynamodb import DynamoStore
from provisioner.stack import Stack
from tests.teardown.world import World

Meanwhile = Callable[[str, Callable[..., Any]], None]


def clinic() -> Stack:
    """A log group, and a queue that is deleted after it here."""
    stack = Stack("clinic")
    stack.add("logs", "logs.log_group", log_group_name="/clinic")
    stack.add("inbox", "sqs.queue", queue_name="inbox", depends_on=["logs"])
    return stack


def late(world: World, meanwhile: Meanwhile) -> None:
    """A service writes its last lines when the group is gone, and so makes it anew."""

    def write(**_: Any) -> None:
        world.client("logs").create_log_group(logGroupName="/clinic")

    meanwhile("after-call.logs.DeleteLogGroup", _once(write))


def _once(do: Callable[..., None]) -> Callable[..., None]:
    left = iter([1])

    def maybe(**named: Any) -> None:
        if next(left, None):
            do(**named)

    return maybe


def test_a_group_that_came_back_is_deleted_again_and_told(
    world: World, meanwhile: Meanwhile
) -> None:
    """In the events and in the history."""
    world.up(clinic())
    late(world, meanwhile)
    report = world.down("clinic").check()
    assert world.alive() == {}
    [note] = [e.note for e in world.heard if isinstance(e, StepDone) and e.key.verb == "look"]
    assert note == "/clinic was there again and was deleted again"
    inventory = Inventory(DynamoStore(connect(world.session, clock=world.clock)), world.clock)
    _, events = inventory.run("clinic", report.run)
    assert note in [event.message for event in events]


def test_a_look_that_finds_nothing_is_not_written_down(world: World) -> None:
    """Nothing happened."""
    world.up(clinic())
    report = world.down("clinic").check()
    inventory = Inventory(DynamoStore(connect(world.session, clock=world.clock)), world.clock)
    _, events = inventory.run("clinic", report.run)
    assert [event.action for event in events] == ["delete", "delete"]


def test_what_can_not_be_deleted_again_is_named_and_tried_by_the_next_run(
    world: World, meanwhile: Meanwhile
) -> None:
    """Its record stays until it is gone."""
    world.up(clinic())
    late(world, meanwhile)
    refusing = iter([False, True])

    def refuse(**_: Any) -> None:
        if next(refusing, False):
            error = {"Error": {"Code": "AccessDenied", "Message": "not you"}}
            raise ClientError(error, "DeleteLogGroup")  # type: ignore[arg-type]

    meanwhile("before-call.logs.DeleteLogGroup", refuse)
    report = world.down("clinic")
    [(key, error)] = report.outcome.failed.items()
    assert (str(key), "not you" in str(error)) == ("look logs", True)
    assert world.alive() == {"log group": ["/clinic"]}
    world.down("clinic").check()
    assert world.alive() == {}


def test_a_group_that_a_stack_made_meanwhile_is_not_taken_for_it(
    world: World, meanwhile: Meanwhile
) -> None:
    """It carries that stack's tags."""
    world.up(clinic())
    other = Stack("other")
    other.add("logs", "logs.log_group", log_group_name="/clinic")

    def take(**_: Any) -> None:
        apply(world.session, other, world.options).check()

    meanwhile("after-call.logs.DeleteLogGroup", _once(take))
    world.down("clinic").check()
    assert world.alive() == {"log group": ["/clinic"]}
