"""The orphan hunter through the command line, on the main stack."""

from __future__ import annotations

from tests.e2e.alive import alive
from tests.e2e.conftest import World

MANIFEST = "manifests/healthcare"
STACK = "healthcare-dev"


def forget(world: World, address: str) -> None:
    """Somebody deletes a record."""
    world.session.client("dynamodb").delete_item(
        TableName="provisioner-inventory",
        Key={"pk": {"S": f"STACK#{STACK}"}, "sk": {"S": f"RESOURCE#{address}"}},
    )


def test_hunted_adopted_and_deleted(world: World) -> None:
    """A whole stack has none; one that lost its record is adopted, another one deleted."""
    world.run("apply", MANIFEST, "--local", "--yes")
    clean = world.run("orphans", STACK, "--manifest", MANIFEST, "--local", "--json")
    assert (clean.code, clean.documents[-1]["orphans"]) == (0, []), clean.out
    everywhere = world.run("orphans", "--local")
    assert (everywhere.code, "No orphans." in everywhere.out) == (0, True), everywhere.out

    before = alive(world.session)
    for address in ("dashboard", "alarm_changed"):
        forget(world, address)
    world.session.client("logs").create_log_group(
        logGroupName="API-Gateway-Execution-Logs_others/prod"
    )
    listed = world.run("orphans", "--local", "--json").documents[-1]["orphans"]
    assert {(one["address"], one["sign"]) for one in listed} == {
        ("dashboard", "tags"),
        ("alarm_changed", "tags"),
    }
    assert [one["everywhere"] for one in listed if one["kind"] == "cloudwatch.dashboard"] == [True]

    nobody = world.run("orphans", "--delete", "healthcare-alarm-changed-dev", "--local")
    assert (nobody.code, "--yes" in nobody.err) == (1, True)
    assert set(alive(world.session)["rule"]) == set(before["rule"])
    gone = world.run(
        "orphans", "--delete", "healthcare-alarm-changed-dev", "--local", "--yes", "--json"
    )
    assert (gone.code, gone.counts()) == (0, {"deleted": 1}), gone.err
    adopted = world.run("orphans", STACK, "--adopt", "healthcare-dev", "--local", "--yes")
    assert (adopted.code, "as ours" in adopted.out) == (0, True), adopted.err
    after = alive(world.session)
    assert set(before["rule"]) - set(after["rule"]) == {"healthcare-alarm-changed-dev"}
    assert after["dashboard"] == before["dashboard"]
    again = world.run("apply", MANIFEST, "--local", "--yes", "--json")
    assert again.counts() == {"created": 1, "unchanged": 109}, again.out


def test_words_that_do_not_fit(world: World) -> None:
    """Neither both at once, nor what is not listed."""
    both = world.run("orphans", STACK, "--adopt", "a", "--delete", "b", "--local")
    assert both.code == 64
    assert world.run("orphans", STACK, "--empty", "a", "--local").code == 64
    unknown = world.run("orphans", STACK, "--delete", "nothing", "--local", "--yes", "--json")
    assert (unknown.code, unknown.documents[-1]["error"]) == (1, "PlanError")
    assert alive(world.session) == {}
