"""The main job: the healthcare stack up, again without a change, changed, and down to nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.alive import alive
from tests.e2e.conftest import ROOT, World

MANIFEST = "manifests/healthcare"


def test_up_unchanged_and_down_to_nothing(world: World) -> None:
    """The second apply writes nothing; the teardown needs no manifest and leaves nothing.

    The calls are a budget: whoever makes the stack cost more of them has to say so here.
    """
    first = world.run("apply", MANIFEST, "--local", "--yes", "--json")
    assert first.code == 0, first.err
    assert first.counts() == {"created": 110}
    second = world.run("apply", MANIFEST, "--local", "--yes", "--json")
    assert second.counts() == {"unchanged": 110}
    up, same = first.summary["aws_calls"], second.summary["aws_calls"]
    assert (up["read"] <= 140, up["write"] <= 184, up["inventory"] <= 20) == (True, True, True), up
    assert (same["read"] <= 157, same["write"], same["inventory"] <= 3) == (True, 0, True), same
    assert world.run("plan", MANIFEST, "--local", "--detailed-exitcode").code == 0
    gone = world.run("teardown", "healthcare-dev", "--local", "--yes", "--json")
    assert (gone.code, gone.counts()) == (0, {"deleted": 110}), gone.err
    assert gone.summary["aws_calls"]["write"] <= 141
    assert alive(world.session) == {}
    again = world.run("teardown", "healthcare-dev", "--local", "--yes", "--json")
    assert (again.code, again.counts()) == (0, {})


def test_one_value_changes_exactly_that(world: World) -> None:
    """A variable that one resource uses changes one resource."""
    world.run("apply", MANIFEST, "--local", "--yes")
    before = alive(world.session)
    changed = world.run(
        "apply", MANIFEST, "--local", "--yes", "--json", "--var", "alert_email=a@example.org"
    )
    assert changed.counts() == {"created": 1, "unchanged": 110}
    after = alive(world.session)
    assert {kind for kind in after if after[kind] != before.get(kind)} == {"subscription"}
    back = world.run("apply", MANIFEST, "--local", "--yes", "--json")
    assert back.counts() == {"deleted": 1, "unchanged": 110}
    assert alive(world.session) == before


def test_what_is_taken_out_of_the_manifest_goes(world: World, tmp_path: Path) -> None:
    """One resource less in the file is one object less in AWS, and one field is one update."""
    shutil.copytree(ROOT / "manifests", tmp_path / "manifests")
    shutil.copytree(ROOT / "lambdas", tmp_path / "lambdas")
    folder = tmp_path / MANIFEST
    world.run("apply", str(folder), "--local", "--yes")
    before = alive(world.session)

    compute = folder / "compute.yaml"
    compute.write_text(compute.read_text().replace("memory_size: 256", "memory_size: 512"))
    updated = world.run("apply", str(folder), "--local", "--yes", "--json")
    assert updated.counts() == {"updated": 1, "unchanged": 109}
    processor = world.session.client("lambda").get_function_configuration(
        FunctionName="healthcare-processor-dev"
    )
    assert processor["MemorySize"] == 512

    audit = folder / "audit.yaml"
    text = audit.read_text()
    start = text.index("  groups_changed:\n")
    audit.write_text(text[:start])
    removed = world.run("apply", str(folder), "--local", "--yes", "--json")
    assert removed.counts() == {"deleted": 1, "unchanged": 109}, removed.err
    after = alive(world.session)
    assert set(before["alarm"]) - set(after["alarm"]) == {"healthcare-dev-groups-changed"}
    assert {k: v for k, v in after.items() if k != "alarm"} == {
        k: v for k, v in before.items() if k != "alarm"
    }


def test_two_suffixes_are_two_stacks(world: World) -> None:
    """The environment names the second; each is torn down without touching the other."""
    world.run("apply", MANIFEST, "--local", "--yes")
    one = alive(world.session)
    second = world.run(
        "apply",
        MANIFEST,
        "--local",
        "--yes",
        "--json",
        "--var",
        "api_account=false",
        env={"ENVIRONMENT_SUFFIX": "two", "COMMIT_AUTHOR": "ada", "REPOSITORY": "clinic"},
    )
    assert second.counts() == {"created": 108}, second.err
    tags = world.session.client("sns").list_tags_for_resource(
        ResourceArn="arn:aws:sns:eu-central-1:123456789012:healthcare-alerts-two"
    )["Tags"]
    named = {tag["Key"]: tag["Value"] for tag in tags}
    assert named["Environment"] == "two"
    assert (named["Author"], named["Repository"]) == ("ada", "clinic")
    assert world.run("teardown", "healthcare-two", "--local", "--yes").code == 0
    assert alive(world.session) == one
    assert world.run("teardown", "healthcare-dev", "--local", "--yes").code == 0
    assert alive(world.session) == {}


def test_a_second_stack_can_not_take_the_account_role(world: World) -> None:
    """What is one per account is refused, before anything is written."""
    world.run("apply", MANIFEST, "--local", "--yes")
    one = alive(world.session)
    refused = world.run("apply", MANIFEST, "--local", "--yes", "--var", "environment=two")
    assert refused.code == 1
    assert "api_account" in refused.err
    assert alive(world.session) == one


def test_us_east_1_will_do(world: World) -> None:
    """It has its own rules for buckets; every name follows the region."""
    env = {"AWS_REGION": "us-east-1"}
    up = world.run("apply", MANIFEST, "--local", "--yes", "--json", env=env)
    assert up.counts() == {"created": 110}, up.err
    same = world.run("apply", MANIFEST, "--local", "--yes", "--json", env=env)
    assert same.counts() == {"unchanged": 110}
    down = world.run("teardown", "healthcare-dev", "--local", "--yes", "--json", env=env)
    assert down.counts() == {"deleted": 110}


def test_outputs_and_inventory_tell_what_stands(world: World) -> None:
    """Names and ARNs for scripts, and every record for people."""
    world.run("apply", MANIFEST, "--local", "--yes")
    bucket = world.run("outputs", "healthcare-dev", "data_bucket", "--local")
    assert bucket.out.strip() == "healthcare-data-123456789012-eu-central-1-dev"
    listed = world.run("inventory", "list", "healthcare-dev", "--local", "--json")
    assert len(listed.documents) == 110
    shown = world.run("inventory", "show", "healthcare-dev", "patients", "--local", "--json")
    assert shown.documents[0]["kind"] == "dynamodb.table"
    unknown = world.run("inventory", "show", "healthcare-dev", "patient", "--local")
    assert (unknown.code, "'patients'" in unknown.err) == (1, True)


def test_no_secret_reaches_inventory_or_output(world: World, tmp_path: Path) -> None:
    """A value in a function's environment is found nowhere but in the function."""
    shutil.copytree(ROOT / "manifests", tmp_path / "manifests")
    shutil.copytree(ROOT / "lambdas", tmp_path / "lambdas")
    compute = tmp_path / MANIFEST / "compute.yaml"
    planted = "s3cr3t-4711"
    compute.write_text(
        compute.read_text().replace(
            "    environment:\n", f"    environment:\n      TOKEN: {planted}\n", 1
        )
    )
    folder = str(tmp_path / MANIFEST)
    first = world.run("apply", folder, "--local", "--yes", "--json", "-vv")
    compute.write_text(compute.read_text().replace(planted, planted + "-2"))
    second = world.run("apply", folder, "--local", "--yes", "-vv")
    assert second.code == 0
    rows = world.session.client("dynamodb").scan(TableName="provisioner-inventory")
    for text in (first.out, first.err, second.out, second.err, str(rows)):
        assert planted not in text
    environment = world.session.client("lambda").get_function_configuration(
        FunctionName="healthcare-processor-dev"
    )["Environment"]["Variables"]
    assert environment["TOKEN"] == planted + "-2"
