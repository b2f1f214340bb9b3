"""Keys come back as long as their window runs, and are taken up again by their tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from provisioner.api.rescues import recover, restore_key
from provisioner.api.runs import apply
from provisioner.aws.clients import connect
from provisioner.errors import InventoryError
from provisioner.inventory import Inventory
from provisioner.inventory.dynamodb import DynamoStore
from provisioner.operations.restoring import Restored
from provisioner.stack import Stack
from tests.teardown.world import World

Meanwhile = Callable[[str, Callable[..., Any]], None]
ALIAS = "alias/clinic"


def clinic() -> Stack:
    """A key and a topic under it."""
    stack = Stack("clinic")
    key = stack.add("key", "kms.key", alias=ALIAS)
    stack.add("alerts", "sns.topic", name="alerts", kms_key=key.arn)
    return stack


def gone(world: World) -> str:
    """A stack that was torn down; the id of its key."""
    world.up(clinic())
    key = str(world.client("kms").describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"])
    world.down("clinic").check()
    assert state(world, key) == "PendingDeletion"
    return key


def state(world: World, key: str) -> str:
    return str(world.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"])


def aliases(world: World, key: str) -> list[str]:
    listed = world.client("kms").list_aliases(KeyId=key)["Aliases"]
    return [one["AliasName"] for one in listed]


def restored(world: World, key: str = "") -> Restored:
    return restore_key(world.session, "clinic", key, world.options)


@pytest.mark.parametrize("named", [True, False])
def test_a_key_comes_back_with_its_alias(world: World, named: bool) -> None:  # noqa: FBT001
    """Usable at once; until when it was possible is told, and written into the history."""
    key = gone(world)
    report = restored(world, key if named else "")
    assert (state(world, key), aliases(world, key)) == ("Enabled", [ALIAS])
    [told] = report.keys
    assert (told.id, told.address, told.alias) == (key, "key", ALIAS)
    assert told.until.endswith(" UTC")
    inventory = Inventory(DynamoStore(connect(world.session, clock=world.clock)), world.clock)
    run, events = inventory.run("clinic", report.run)
    assert (run.command, run.result) == ("restore-key", "succeeded")
    [event] = events
    assert (event.action, event.id, event.failed) == ("restore", key, False)
    assert [text.split()[0] for text in event.request_ids] == [
        "kms.CancelKeyDeletion",
        "kms.EnableKey",
        "kms.CreateAlias",
    ]


def test_the_next_apply_takes_it_up_again(world: World) -> None:
    """No second key is made; the topic is under the old one."""
    key = gone(world)
    restored(world)
    report = apply(world.session, clinic(), world.options).check()
    assert (report.summary["created"], report.summary["unchanged"]) == (1, 1)
    assert world.alive()["kms"] == [key]
    topic = world.client("sns").get_topic_attributes(TopicArn=world.alive()["topic"][0])
    assert topic["Attributes"]["KmsMasterKeyId"].endswith(key)
    world.down("clinic").check()
    assert world.alive() == {}


def test_a_recovery_takes_it_up_again(world: World) -> None:
    """And a teardown then schedules its deletion once more."""
    key = gone(world)
    restored(world)
    recover(world.session, "clinic", None, world.options)
    world.down("clinic").check()
    assert state(world, key) == "PendingDeletion"


def test_it_may_be_repeated(world: World) -> None:
    """The second time there is nothing to do."""
    key = gone(world)
    restored(world)
    again = restored(world)
    assert (again.keys, again.result) == ((), "succeeded")
    assert (state(world, key), aliases(world, key)) == ("Enabled", [ALIAS])


def test_one_that_died_in_between_is_gone_on_with(world: World, meanwhile: Meanwhile) -> None:
    """The deletion was cancelled, and the key is disabled still."""
    key = gone(world)
    once = iter([1])

    def refuse(**_: Any) -> None:
        for _once in once:
            error = {"Error": {"Code": "AccessDeniedException", "Message": "not you"}}
            raise ClientError(error, "EnableKey")  # type: ignore[arg-type]

    meanwhile("before-call.kms.EnableKey", refuse)
    failed = restored(world)
    assert failed.result == "failed"
    assert "not you" in str(failed.failed[key])
    assert state(world, key) == "Disabled"
    restored(world)
    assert (state(world, key), aliases(world, key)) == ("Enabled", [ALIAS])


def test_an_alias_that_another_key_has_by_now_stays_there(world: World) -> None:
    """The key is restored without one, and that is told."""
    key = gone(world)
    kms = world.client("kms")
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=other)
    [told] = restored(world).keys
    assert (told.alias, state(world, key), aliases(world, key)) == ("", "Enabled", [])
    assert aliases(world, other) == [ALIAS]


def test_a_key_of_others_is_not_touched(world: World) -> None:
    """It does not carry the stack's tags."""
    gone(world)
    kms = world.client("kms")
    theirs = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=theirs, PendingWindowInDays=7)
    with pytest.raises(InventoryError, match="does not carry the tags"):
        restored(world, theirs)
    restored(world)
    assert state(world, theirs) == "PendingDeletion"


def test_a_stack_without_a_key_is_told(world: World) -> None:
    """Perhaps its name was not written right."""
    with pytest.raises(InventoryError, match="No key in account 123456789012"):
        restored(world)
