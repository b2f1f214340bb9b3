"""What every test of a teardown uses: an AWS in memory, read through plain boto3 clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from provisioner.operations.desk import Options
from tests.conftest import VirtualClock
from tests.teardown.world import World


@pytest.fixture
def world(session: boto3.Session, clock: VirtualClock) -> World:
    """An empty account, a clock that never sleeps, and what is heard of runs."""
    return World(session, Options(clock=clock, workers=4), clock)


@pytest.fixture
def meanwhile(session: boto3.Session) -> Iterator[Callable[[str, Callable[..., Any]], None]]:
    """Have something happen right before, or after, a call: `meanwhile("before-call.s3.X", do)`."""
    hung: list[tuple[str, Callable[..., Any]]] = []

    def hang(event: str, do: Callable[..., Any]) -> None:
        session.events.register(event, do)
        hung.append((event, do))

    yield hang
    for event, do in hung:
        session.events.unregister(event, do)
