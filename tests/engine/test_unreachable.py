"""An AWS that can't be reached."""

from __future__ import annotations

import boto3
import pytest

from provisioner.api.runs import apply
from provisioner.errors import UnreachableError
from provisioner.operations.desk import Options
from provisioner.stack import Stack
from provisioner.strict.clock import VirtualClock


def test_it_is_told_after_a_few_tries(monkeypatch: pytest.MonkeyPatch, clock: VirtualClock) -> None:
    """As what it is, with the endpoint, and nothing is waited for much longer than it needs."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    stack = Stack("s")
    stack.add("inbox", "sqs.queue", queue_name="inbox")
    with pytest.raises(UnreachableError, match="can't be reached"):
        apply(boto3.Session(), stack, Options(clock=clock))
    assert 5 < clock.seconds < 60
