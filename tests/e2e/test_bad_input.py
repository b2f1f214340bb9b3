"""Bad input of every sort ends with a sentence and a code, never with a traceback or a write."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.alive import alive
from tests.e2e.conftest import World

KEY = "stack: s\nresources: {k: {kind: kms.key, alias: alias/a}}\n"


def test_a_bad_manifest(world: World, tmp_path: Path) -> None:
    """A process ends like the function: with a sentence and a code."""
    (tmp_path / "main.yaml").write_text("stack: s\nresources: {k: {kind: kms.kee}}\n")
    ran = world.run("apply", str(tmp_path), "--local", "--yes")
    assert (ran.code, "'kms.key'" in ran.err, "Traceback" in ran.err) == (1, True, False)
    assert world.session.client("dynamodb").list_tables()["TableNames"] == []


def test_validate_needs_no_network_and_no_credentials(world: World) -> None:
    """It reads files and nothing else."""
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1"}
    ran = world.run("validate", "manifests/healthcare", env=nowhere)
    assert (ran.code, "110 resources" in ran.out) == (0, True)


def test_no_credentials(world: World, tmp_path: Path) -> None:
    """Told with what to set."""
    (tmp_path / "main.yaml").write_text(KEY)
    env = {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }
    ran = world.run("plan", str(tmp_path), env=env)
    assert (ran.code, "AWS_PROFILE" in ran.err) == (1, True)
    unknown = world.run("plan", str(tmp_path), "--profile", "nobody", env=env)
    assert (unknown.code, "nobody" in unknown.err) == (1, True)


def test_usage_has_a_code_of_its_own(world: World) -> None:
    """2 means changes, so a typo is 64."""
    assert world.run("plan").code == 64
    assert world.run("plan", "x", "--nope").code == 64
    assert world.run("plna").code == 64
    assert world.run("apply", "x", "--var", "novalue").code == 64
    assert world.run("plan", "nowhere", "--local").code == 1


def test_nobody_to_ask_means_no(world: World, tmp_path: Path) -> None:
    """Without a terminal and without --yes nothing is changed."""
    (tmp_path / "main.yaml").write_text(KEY)
    ran = world.run("apply", str(tmp_path), "--local")
    assert (ran.code, "--yes" in ran.err) == (1, True)
    assert alive(world.session) == {}


def test_changes_have_a_code_of_their_own(world: World, tmp_path: Path) -> None:
    """`plan --detailed-exitcode` tells scripts whether there is something to do."""
    (tmp_path / "main.yaml").write_text(KEY)
    assert world.run("plan", str(tmp_path), "--local").code == 0
    assert world.run("plan", str(tmp_path), "--local", "--detailed-exitcode").code == 2
    wrong = world.run("plan", str(tmp_path), "--local", "--account", "000000000000")
    assert (wrong.code, "000000000000" in wrong.err) == (1, True)
