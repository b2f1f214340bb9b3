"""Ctrl-C and SIGTERM in the middle of a run, through the launcher's own process."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from provisioner.local import control
from tests.e2e.alive import alive
from tests.e2e.conftest import ROOT, World
from tests.e2e.slow import slowed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_midway_is_gone_on_with(number: int, world: World) -> None:
    """Exit 130; what was in flight is recorded; the lease is free; the next run makes the rest."""
    server = control.status(world.room)
    assert server is not None
    with slowed(server.endpoint, 0.1) as endpoint:
        env = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "PYTHONUNBUFFERED": "1",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "provisioner", "apply", "manifests/healthcare", "--yes"],
            cwd=ROOT,
            env=world.environment(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        for line in process.stderr:
            if "created" in line:
                break
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "Interrupted" in out
    made = len(alive(world.session).get("vpc", []))
    again = world.run("apply", "manifests/healthcare", "--local", "--yes", "--json")
    assert again.code == 0, again.err
    assert again.summary["created"] + again.summary["updated"] + again.summary["unchanged"] == 110
    assert len(alive(world.session)["vpc"]) == 1 >= made
    assert world.run("teardown", "healthcare-dev", "--local", "--yes").code == 0
    assert alive(world.session) == {}
