"""The layer as a pytest plugin: the fixtures `strict_aws` and `strict_clock`.

    def test_mine(strict_aws):
        ec2 = strict_aws.session.client("ec2")

The plugin is found by itself once the package is installed. A project brings its own emulator by a
fixture of its own called `strict_base`.

- `@pytest.mark.strict_aws(off=["ec2.quotas"])` switches rules off for a test; `only=[…]` all but
  these.
- `--strict-aws-off PATTERN` switches rules off for the whole run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from boto3.session import Session

    from provisioner.strict.clock import VirtualClock
    from provisioner.strict.layer import Strict


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the option."""
    parser.getgroup("strict AWS").addoption(
        "--strict-aws-off",
        action="append",
        default=[],
        metavar="PATTERN",
        help="switch rules of AWS off, by name or pattern; may be given again",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    marker = "strict_aws(off=(), only=()): which rules of AWS hold in this test, by name or pattern"
    config.addinivalue_line("markers", marker)


@pytest.fixture
def strict_clock(monkeypatch: pytest.MonkeyPatch) -> VirtualClock:
    """Time that passes by sleeping, and at once: by `time.sleep` itself, so by any waiter."""
    from provisioner.strict.clock import VirtualClock

    clock = VirtualClock()
    monkeypatch.setattr(time, "sleep", clock.sleep)
    return clock


@pytest.fixture
def strict_base() -> Iterator[Session]:
    """The session the layer hangs on: of an empty account in memory. Override it for another."""
    moto = pytest.importorskip("moto", reason="strict_base: bring a session, or install moto")
    from boto3.session import Session

    with moto.mock_aws():
        yield Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106  the emulator takes any
            region_name="us-east-1",
        )


@pytest.fixture
def strict_aws(
    request: pytest.FixtureRequest, strict_base: Session, strict_clock: VirtualClock
) -> Iterator[Strict]:
    """AWS's rules over `strict_base`: make clients from `strict_aws.session`."""
    from provisioner.strict.layer import attach

    layer = attach(strict_base, clock=strict_clock)
    layer.off(*request.config.getoption("--strict-aws-off"))
    for marker in request.node.iter_markers("strict_aws"):
        if only := marker.kwargs.get("only"):
            layer.only(*only)
        layer.off(*marker.kwargs.get("off", ()))
    yield layer
    layer.detach()
