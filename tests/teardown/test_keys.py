"""Keys go last, and only if nobody uses them; until their day they can be restored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from provisioner.stack import Stack
from tests.teardown.world import World

Meanwhile = Callable[[str, Callable[..., Any]], None]
ALIAS = "alias/clinic"


def clinic() -> Stack:
    """A key, a table under it, and a queue that has nothing to do with it."""
    stack = Stack("clinic")
    key = stack.add("key", "kms.key", alias=ALIAS)
    stack.add(
        "patients",
        "dynamodb.table",
        table_name="patients",
        key={"partition": "pk"},
        kms_key=key.arn,
    )
    stack.add("inbox", "sqs.queue", queue_name="inbox")
    return stack


def key_of(world: World) -> str:
    return str(world.client("kms").describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"])


def grant(world: World, key: str, context: dict[str, str], grantee: str = "") -> str:
    """A grant as a service makes it."""
    made = world.client("kms").create_grant(
        KeyId=key,
        GranteePrincipal=grantee or "arn:aws:iam::123456789012:role/service",
        Operations=["Decrypt"],
        **({"Constraints": {"EncryptionContextSubset": context}} if context else {}),
    )
    return str(made["GrantId"])


def state(world: World, key: str) -> str:
    return str(world.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"])


def refusing(meanwhile: Meanwhile, operation: str) -> None:
    def refuse(**_: Any) -> None:
        error = {"Error": {"Code": "AccessDenied", "Message": "not you"}}
        raise ClientError(error, operation.rpartition(".")[2])  # type: ignore[arg-type]

    meanwhile(f"before-call.{operation}", refuse)


def test_a_grant_for_something_of_others_stops_the_teardown(world: World) -> None:
    """What the grant is for is told, and nothing is deleted."""
    world.up(clinic())
    key = key_of(world)
    id_ = grant(world, key, {"aws:dynamodb:tableName": "theirs", "aws:dynamodb:subscriberId": "1"})
    said = world.stays("clinic")
    assert f"the key is in use by 1 grant: for theirs (grant {id_})" in said
    assert "revoke-grant" in said
    assert state(world, key) == "Enabled"


def test_a_grant_for_what_goes_with_it_is_none(world: World) -> None:
    """A table's own grant, and one whose principal was deleted, give nobody anything."""
    world.up(clinic())
    key = key_of(world)
    grant(world, key, {"aws:dynamodb:tableName": "patients"})
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:patients"
    grant(world, key, {"aws:lambda:FunctionArn": arn})
    grant(world, key, {}, "AROAEXAMPLEEXAMPLEEXA")
    world.down("clinic").check()
    assert state(world, key) == "PendingDeletion"
    assert world.alive() == {}


def test_a_name_that_others_gave_it_stops_the_teardown(world: World) -> None:
    """Somebody uses the key by it; the alias stays, too."""
    world.up(clinic())
    key = key_of(world)
    world.client("kms").create_alias(AliasName="alias/theirs", TargetKeyId=key)
    assert "others know the key as alias/theirs" in world.stays("clinic")
    assert key_of(world) == key


def test_keys_are_the_last_to_go(world: World) -> None:
    """Even after what has nothing to do with them."""
    world.up(clinic())
    world.down("clinic").check()
    done = [step for step in world.done() if step.startswith("delete")]
    assert done[-1] == "delete key"


def test_a_key_stays_if_anything_else_did(world: World, meanwhile: Meanwhile) -> None:
    """Also if that had nothing to do with it, as far as we know; it is told why."""
    world.up(clinic())
    key = key_of(world)
    refusing(meanwhile, "sqs.DeleteQueue")
    report = world.down("clinic")
    assert report.result == "partial"
    assert state(world, key) == "Enabled"
    assert key_of(world) == key
    assert set(world.alive()) == {"kms", "queue"}


def test_a_use_that_begins_after_the_plan_keeps_the_key(world: World, meanwhile: Meanwhile) -> None:
    """It is looked once more right before; a use that ends within two minutes does not count."""
    world.up(clinic())
    key = key_of(world)

    def use(**_: Any) -> None:
        grant(world, key, {"aws:ebs:id": "vol-theirs"})

    meanwhile("before-call.sqs.DeleteQueue", use)
    report = world.down("clinic")
    [error] = report.outcome.failed.values()
    assert "was not deleted: the key is in use by 1 grant: for vol-theirs" in str(error)
    assert state(world, key) == "Enabled"
    assert world.waits("delete key")[-1].limit == 120.0
    assert set(world.alive()) == {"kms"}
