"""Any AWS that an endpoint leads to: nothing in the library depends on an emulator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.e2e.alive import alive
from tests.e2e.conftest import ROOT, Ran, World

MANIFEST = "manifests/healthcare"


def _without_moto(world: World, *words: str, **env: str) -> Ran:
    """A command in a process that can't import moto."""
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    done = subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-m", "tests.e2e.without_moto", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=world.environment(keys | env),
        stdin=subprocess.DEVNULL,
        timeout=120,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_a_whole_stack_lives_where_no_emulator_is_installed(world: World) -> None:
    """Made, unchanged and taken down through `AWS_ENDPOINT_URL`; moto is not there to import."""
    there = {"AWS_ENDPOINT_URL": world.endpoint}
    first = _without_moto(world, "apply", MANIFEST, "--yes", "--json", **there)
    assert first.code == 0, first.err
    assert first.counts() == {"created": 110}
    again = _without_moto(world, "apply", MANIFEST, "--yes", "--json", **there)
    assert again.counts() == {"unchanged": 110}
    gone = _without_moto(world, "teardown", "healthcare-dev", "--yes", "--json", **there)
    assert gone.counts() == {"deleted": 110}, gone.err
    assert alive(world.session) == {}


def test_a_stack_lives_in_a_users_own_moto(tmp_path: Path) -> None:
    """In a process of its own, prepared by nothing but what the README says."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.plain_moto"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PATH": "", "HOME": str(tmp_path)},
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_only_the_embedded_aws_needs_moto(world: World, small: str, tmp_path: Path) -> None:
    """`--local` says what is missing; what needs no AWS works."""
    elsewhere = {"PROVISIONER_LOCAL_DIR": str(tmp_path / "local")}
    refused = _without_moto(world, "apply", small, "--yes", "--local", **elsewhere)
    assert refused.code != 0
    assert "needs moto, which is not installed" in refused.err
    assert _without_moto(world, "validate", small).code == 0
