"""The embedded AWS as a process: one at a time, on loopback, alive between commands."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.errors import LocalError
from provisioner.local import control
from provisioner.local.session import local_session
from provisioner.local.state import Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    control.stop(room)


def test_it_survives_commands_and_ends_when_told(room: Room) -> None:
    """A second start finds the first; what was made is still there; a stop ends it."""
    first = control.start(room)
    assert first.endpoint.startswith("http://127.0.0.1:")
    local_session(room=room).client("sns").create_topic(Name="kept")
    assert control.start(room) == first
    assert control.status(room) == first
    topics = local_session(room=room).client("sns").list_topics()["Topics"]
    assert [topic["TopicArn"].rpartition(":")[2] for topic in topics] == ["kept"]
    control.reset(room)
    assert local_session(room=room).client("sns").list_topics()["Topics"] == []
    assert control.stop(room) == first
    assert control.status(room) is None
    assert control.stop(room) is None


def test_a_killed_server_is_not_taken_for_a_running_one(room: Room) -> None:
    """After SIGKILL the state file lies; status and start are not deceived."""
    first = control.start(room)
    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert control.status(room) is None
    with pytest.raises(LocalError, match="does not run"):
        control.reset(room)
    assert control.start(room).pid != first.pid


def test_its_room_is_where_the_environment_says(tmp_path: Path) -> None:
    """The state folder can be chosen, and follows the XDG rule otherwise."""
    assert Room.of({"PROVISIONER_LOCAL_DIR": str(tmp_path)}).folder == tmp_path
    assert Room.of({"XDG_STATE_HOME": str(tmp_path)}).folder == tmp_path / "provisioner"
