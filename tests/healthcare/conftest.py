"""The whole healthcare stack, applied once in this process on an AWS in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from provisioner.api.runs import apply
from provisioner.local import gaps
from provisioner.manifest import load
from provisioner.operations.desk import Options
from provisioner.stack import Stack
from tests.conftest import REGION, VirtualClock
from tests.sessions import Session

MANIFEST = Path(__file__).resolve().parents[2] / "manifests" / "healthcare"
ACCOUNT = "123456789012"


@pytest.fixture(scope="package")
def healthcare() -> Iterator[boto3.Session]:
    """A session on the account that the stack stands in."""
    gaps.fill()
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        session = Session(REGION)
        stack = Stack.of(load(MANIFEST, variables={"alert_email": "a@example.org"}))
        apply(session, stack, Options(clock=VirtualClock())).check()
        yield session
