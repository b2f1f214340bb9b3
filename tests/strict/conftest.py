"""The layer over the tests' AWS in memory, on their clock."""

from __future__ import annotations

import time

import boto3
import pytest

from provisioner.strict import VirtualClock


@pytest.fixture
def strict_clock(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> VirtualClock:
    """The clock that the library waits on, and plain programs by `time.sleep`."""
    monkeypatch.setattr(time, "sleep", clock.sleep)
    return clock


@pytest.fixture
def strict_base(session: boto3.Session) -> boto3.Session:
    """An empty AWS in memory."""
    return session
