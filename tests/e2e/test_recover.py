"""The inventory's table is deleted: the command line makes it again, and leaves nothing."""

from __future__ import annotations

import re

import boto3

from tests.e2e.alive import alive
from tests.e2e.conftest import World

MANIFEST = "manifests/healthcare"
TABLE = "provisioner-inventory"


def lose_the_table(session: boto3.Session) -> None:
    """Somebody lifts its protection and deletes it."""
    dynamodb = session.client("dynamodb")
    dynamodb.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=TABLE)


def test_with_the_manifest_the_plan_says_no_change(world: World) -> None:
    """Then the teardown, which empties the log buckets, leaves nothing."""
    world.run("apply", MANIFEST, "--local", "--yes")
    lose_the_table(world.session)
    mended = world.run("recover", "healthcare-dev", "--manifest", MANIFEST, "--local", "--json")
    assert (mended.code, mended.counts()) == (0, {"recovered": 110}), mended.err
    assert mended.documents[0]["event"] == "recovered"
    assert mended.documents[0]["unknown"] == []
    assert mended.summary["aws_calls"]["write"] == 0
    planned = world.run("plan", MANIFEST, "--local", "--detailed-exitcode")
    assert (planned.code, "No changes" in planned.out) == (0, True), planned.out
    down = world.run("teardown", "healthcare-dev", "--local", "--yes")
    assert (down.code, alive(world.session)) == (0, {}), down.err


def test_without_the_manifest_nothing_is_left_either(world: World) -> None:
    """Logs that only a manifest lets go stay until a person lets them go by name."""
    world.run("apply", MANIFEST, "--local", "--yes")
    lose_the_table(world.session)
    mended = world.run("recover", "healthcare-dev", "--local")
    assert mended.code == 0, mended.err
    assert "empty_on_delete is not known, false is taken" in mended.out
    before = alive(world.session)
    words = ("teardown", "healthcare-dev", "--local", "--yes")
    stopped = world.run(*words)
    assert (stopped.code, "of objects" in stopped.err) == (1, True), stopped.err
    assert alive(world.session) == before
    named = re.findall(r"--empty (\w+)", stopped.err)
    down = world.run(*words, *(f"--empty={one}" for one in named))
    assert (down.code, alive(world.session)) == (0, {}), down.err


def test_a_stack_of_which_nothing_is_known(world: World) -> None:
    """No table is made for it, and what was asked for is named."""
    lost = world.run("recover", "healthcare-dve", "--local", "--json")
    assert (lost.code, lost.documents[-1]["error"]) == (1, "InventoryError")
    assert "healthcare-dve" in lost.documents[-1]["message"]
    assert world.session.client("dynamodb").list_tables()["TableNames"] == []
    usage = world.run("recover", "healthcare-dev", "--var", "a=b", "--local")
    assert usage.code == 64
