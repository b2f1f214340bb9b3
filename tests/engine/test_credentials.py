"""Credentials that end: seen before the start, and a clean stop before the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError

from provisioner.api.plans import plan
from provisioner.api.runs import apply, teardown
from provisioner.aws.credentials import Lifetime
from provisioner.engine.events import Event, StepDone
from provisioner.engine.report import RunFailedError
from provisioner.errors import AwsError, CredentialsError
from provisioner.inventory.lease import LASTS
from provisioner.operations.desk import Options
from tests.conftest import VirtualClock
from tests.e2e.alive import alive
from tests.engine.test_runs import network, refusing
from tests.engine.test_story import counts


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock, workers=1)


class Purse:
    """Credentials in the session that end when the test says so."""

    def __init__(self, session: boto3.Session, method: str = "env") -> None:
        self.left = 3600.0
        self.renewed = 0
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        credentials = RefreshableCredentials(
            "test", "test", "test", self._end, self._again, method, time_fetcher=lambda: self.now
        )
        session._session._credentials = credentials  # type: ignore[attr-defined]

    @property
    def _end(self) -> datetime:
        return self.now + timedelta(seconds=self.left)

    def _again(self) -> dict[str, str]:
        self.renewed += 1
        return {
            "access_key": "test",
            "secret_key": "test",
            "token": "test",
            "expiry_time": self._end.isoformat(),
        }

    def let(self, left: float) -> None:
        """So many seconds are left from now on."""
        self.now += timedelta(seconds=self.left - left)
        self.left = left


def test_a_run_that_credentials_will_not_outlive_is_not_started(
    session: boto3.Session, options: Options
) -> None:
    """It says when they end and how long the run takes; nothing was changed."""
    Purse(session).let(30)
    with pytest.raises(CredentialsError, match="before this run is expected") as raised:
        apply(session, network(), options)
    assert "--expiring-credentials" in raised.value.hint
    assert alive(session) == {}


def test_it_stops_cleanly_before_they_end_and_is_gone_on_with(
    session: boto3.Session, options: Options
) -> None:
    """What is in flight ends and is recorded; the report says why; nothing is made twice."""
    purse = Purse(session)

    def listen(event: Event) -> None:
        if isinstance(event, StepDone):
            purse.let(30)

    report = apply(session, network(), options, listen=listen)
    assert (report.result, "credentials" in report.reason) == ("interrupted", True)
    assert counts(report).get("failed", 0) == 0
    purse.let(3600)
    apply(session, network(), options).check()
    assert len(alive(session)["vpc"]) == 1
    teardown(session, "net", options).check()
    assert alive(session) == {}


def test_it_starts_all_the_same_if_that_was_asked_for(
    session: boto3.Session, options: Options
) -> None:
    """By name: then it goes as far as they last."""
    Purse(session).let(65)
    report = apply(session, network(), replace(options, expiring_credentials=True))
    assert report.result == "succeeded"


@pytest.mark.parametrize(
    ("method", "left", "short"),
    [("env", 30, True), ("env", 300, False), ("assume-role", 30, False), ("sso", 300, False)],
)
def test_only_what_can_not_be_renewed_is_short(
    method: str, left: float, *, short: bool, session: boto3.Session
) -> None:
    """Roles and single sign-on renew themselves."""
    Purse(session, method).let(left)
    assert Lifetime(session).ends_within(60) is short


def test_what_was_renewed_outside_counts(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment is read again before anything is refused."""
    purse = Purse(session)
    purse.let(30)
    lifetime = Lifetime(session)
    later: Callable[[Purse], datetime] = lambda self: self.now + timedelta(hours=1)  # noqa: E731
    monkeypatch.setattr(Purse, "_end", property(later))
    assert not lifetime.ends_within(60)
    assert purse.renewed == 1


def test_of_static_credentials_nothing_is_known(session: boto3.Session) -> None:
    """They are taken to last."""
    assert not Lifetime(session).ends_within(10**9)
    assert Lifetime(session).end is None


def test_credentials_that_aws_refuses_midway_end_the_run_with_a_sentence(
    session: boto3.Session, options: Options
) -> None:
    """Not even the inventory can be written then: what was made is found by its tags next time."""
    made: list[object] = []

    def listen(event: Event) -> None:
        if isinstance(event, StepDone):
            made.append(event)

    def refuse(model: Any, **_: object) -> None:
        if made:
            error = {"Error": {"Code": "ExpiredTokenException", "Message": "The token is expired."}}
            raise ClientError(error, model.name)  # type: ignore[arg-type]

    session.events.register("before-call", refuse)
    report = apply(session, network(), options, listen=listen)
    session.events.unregister("before-call", refuse)
    assert report.result == "partial"
    assert "could not be written down" in report.reason
    with pytest.raises(RunFailedError, match="ExpiredTokenException"):
        report.check()
    options.clock.sleep(LASTS + 1)  # type: ignore[union-attr]
    apply(session, network(), options).check()
    assert len(alive(session)["vpc"]) == 1
    teardown(session, "net", options).check()
    assert alive(session) == {}


@pytest.mark.parametrize("work", [plan, apply])
def test_an_inventory_that_can_not_be_read_is_told(
    work: Callable[..., object], session: boto3.Session, options: Options
) -> None:
    """AWS's code, the table, and what to do; nothing was changed."""
    with (
        refusing(session, "dynamodb"),
        pytest.raises(AwsError, match=r"the inventory: .*Access"),
    ):
        work(session, network(), options)
    assert alive(session) == {}
