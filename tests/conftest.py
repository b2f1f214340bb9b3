"""What every test may use: an AWS in memory, and guarded clients on a clock that never sleeps."""

from __future__ import annotations

import os
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from provisioner.aws.clients import Aws, connect
from provisioner.local import gaps
from provisioner.strict.clock import VirtualClock
from tests.sessions import Session

os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
REGION = "eu-central-1"


@pytest.fixture(autouse=True)
def _no_real_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test can reach a real account."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that never sleeps."""
    return VirtualClock()


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    """A session on an empty in-memory AWS, moto's gaps filled."""
    gaps.fill()
    with mock_aws():
        yield Session(REGION)


@pytest.fixture
def aws(session: boto3.Session, clock: VirtualClock) -> Aws:
    """Guarded clients on that AWS; time is virtual."""
    return connect(session, clock=clock)


__all__ = ["REGION", "VirtualClock"]
