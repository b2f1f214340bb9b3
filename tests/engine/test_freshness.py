"""Soon after a write a read that shows something else is looked at again."""

from __future__ import annotations

import boto3

from provisioner import Options, Stack, apply
from provisioner.resources.kms_key import LAGS
from tests.conftest import VirtualClock

ALIAS = "alias/fresh"


def stack(description: str = "patients") -> Stack:
    """One key."""
    made = Stack("fresh")
    made.add("key", "kms.key", alias=ALIAS, description=description, tags={"Team": "care"})
    return made


def described(session: boto3.Session) -> str:
    """What AWS says of the key."""
    kms = session.client("kms")
    return kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["Description"]


def change_by_hand(session: boto3.Session) -> None:
    """Somebody describes the key otherwise."""
    kms = session.client("kms")
    id_ = kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"]
    kms.update_key_description(KeyId=id_, Description="theirs")


def test_what_is_changed_right_after_an_apply_is_mended_when_reads_can_be_trusted(
    session: boto3.Session, clock: VirtualClock
) -> None:
    """The second apply waits until an old read is out of the question, then mends."""
    options = Options(clock=clock)
    apply(session, stack(), options).check()
    change_by_hand(session)
    report = apply(session, stack(), options).check()
    assert report.summary["updated"] == 1
    assert described(session) == "patients"
    assert LAGS.lags <= clock.monotonic() < 1.5 * LAGS.lags


def test_what_is_changed_later_is_mended_at_once(
    session: boto3.Session, clock: VirtualClock
) -> None:
    """An apply of yesterday makes nobody wait."""
    options = Options(clock=clock)
    apply(session, stack(), options).check()
    clock.sleep(86_400)
    change_by_hand(session)
    before = clock.monotonic()
    apply(session, stack(), options).check()
    assert described(session) == "patients"
    assert clock.monotonic() - before < 5


def test_what_never_lags_is_mended_at_once(session: boto3.Session, clock: VirtualClock) -> None:
    """Only what is known to show late is looked at again."""
    options = Options(clock=clock)
    apply(session, stack(), options).check()
    kms = session.client("kms")
    id_ = kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"]
    kms.untag_resource(KeyId=id_, TagKeys=["Team"])
    report = apply(session, stack(), options).check()
    assert report.summary["updated"] == 1
    assert clock.monotonic() < 5


def test_an_apply_right_behind_another_reads_once(
    session: boto3.Session, clock: VirtualClock
) -> None:
    """What reads as it was written needs no second look, whatever the stack wants now."""
    options = Options(clock=clock)
    apply(session, stack(), options).check()
    before = clock.monotonic()
    report = apply(session, stack("records"), options).check()
    assert report.summary["updated"] == 1
    assert clock.monotonic() - before < 5
