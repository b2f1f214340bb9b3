"""Buckets that hold something: seen beforehand, emptied where that was allowed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from provisioner.resources import _s3_contents
from provisioner.stack import Setting, Stack
from tests.teardown.world import World

NAME = "records-of-a-clinic"
Meanwhile = Callable[[str, Callable[..., Any]], None]


def clinic(**settings: Any) -> Stack:
    stack = Stack("clinic")
    stack.add("records", "s3.bucket", bucket_name=NAME, **settings)
    stack.add("inbox", "sqs.queue", queue_name="inbox")
    return stack


def fill(world: World, objects: int = 2) -> None:
    """Two versions of each object, one of them deleted, and an upload that was never finished."""
    s3 = world.client("s3")
    for number in range(objects):
        for body in (b"first", b"second"):
            s3.put_object(Bucket=NAME, Key=f"patients/{number}", Body=body)
    s3.delete_object(Bucket=NAME, Key="patients/0")
    s3.create_multipart_upload(Bucket=NAME, Key="scan")


def test_a_full_bucket_stops_a_teardown_before_its_first_delete(world: World) -> None:
    """Versions, bytes, markers and uploads are told, and how to have them deleted, too."""
    world.up(clinic())
    fill(world)
    said = world.stays("clinic")
    assert f"{NAME} holds 4 versions of objects (22 bytes), 1 delete marker, 1 unfinished" in said
    assert "--empty records" in said


def test_it_is_emptied_where_that_was_allowed_by_name(world: World) -> None:
    """Every version, marker and upload goes, and the bucket with them."""
    world.up(clinic())
    fill(world)
    world.down("clinic", empty="records").check()
    assert world.alive() == {}


def test_emptying_tells_how_far_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slice by slice, with counts; many pages are deleted side by side."""
    monkeypatch.setattr(_s3_contents, "BATCH", 10)
    monkeypatch.setattr(_s3_contents, "PAGES", 1)
    world.up(clinic(empty_on_delete=True))
    fill(world, 700)
    assert "more than 999 versions" in world.told("clinic", "records")[0].what
    world.down("clinic").check()
    told = [wait.state.split(",")[0:2] for wait in world.waits("delete records")]
    assert [words[0] for words in told] == ["1", "1", "1"]
    assert world.alive() == {}


def test_what_the_manifest_allows_is_told_and_blocks_nothing(world: World) -> None:
    """A plan names what will be deleted with the bucket."""
    world.up(clinic(empty_on_delete=True))
    fill(world)
    [held] = world.told("clinic", "records")
    assert (held.blocks, "4 versions" in held.what) == (False, True)
    world.down("clinic").check()
    assert world.alive() == {}


def test_what_is_written_while_it_is_deleted_is_deleted_too(
    world: World, meanwhile: Meanwhile
) -> None:
    """A late log file does not keep the bucket."""
    world.up(clinic(empty_on_delete=True))
    late = iter(["late"])

    def write(**_: Any) -> None:
        for key in late:
            world.client("s3").put_object(Bucket=NAME, Key=key, Body=b"log")

    meanwhile("before-call.s3.DeleteBucket", write)
    world.down("clinic").check()
    assert world.alive() == {}


def test_who_never_stops_writing_is_named(world: World, meanwhile: Meanwhile) -> None:
    """Emptying again and again ends; everything else is gone, and the bucket can go later."""
    world.up(clinic(empty_on_delete=True))
    writing = [True]

    def write(**_: Any) -> None:
        if writing:
            world.client("s3").put_object(Bucket=NAME, Key="log", Body=b"log")

    meanwhile("before-call.s3.DeleteBucket", write)
    report = world.down("clinic")
    [error] = report.outcome.failed.values()
    assert "filled again as often as it is emptied" in str(error)
    assert world.alive() == {"bucket": [NAME]}
    writing.clear()
    world.down("clinic").check()
    assert world.alive() == {}


def _answering(code: str, times: int) -> Callable[..., None]:
    """Hide an error in the successful answer of a DeleteObjects call that did its work."""
    left = iter(range(times))

    def hide(*, parsed: Any, **_: Any) -> None:
        if next(left, None) is not None:
            parsed["Errors"] = [{"Key": "patients/0", "Code": code, "Message": "said AWS"}]

    return hide


def test_a_failure_hidden_in_a_success_is_gone_on_with(world: World, meanwhile: Meanwhile) -> None:
    """AWS answers 200 and says of one version that it could not: it is tried again."""
    world.up(clinic(empty_on_delete=True))
    fill(world)
    meanwhile("after-call.s3.DeleteObjects", _answering("InternalError", 1))
    world.down("clinic").check()
    assert world.alive() == {}


def test_a_refusal_hidden_in_a_success_is_told(world: World, meanwhile: Meanwhile) -> None:
    """A version that may not be deleted ends the emptying, with AWS's words; the rest goes."""
    world.up(clinic(empty_on_delete=True))
    fill(world)
    meanwhile("after-call.s3.DeleteObjects", _answering("AccessDenied", 1))
    report = world.down("clinic")
    [error] = report.outcome.failed.values()
    assert "patients/0" in str(error)
    assert "AccessDenied" in str(error)
    assert world.alive() == {"bucket": [NAME]}


def test_locked_versions_are_told_with_the_date(world: World) -> None:
    """Nobody can delete them before: the teardown does not begin, not even if it may empty."""
    lock: Setting = {"mode": "COMPLIANCE", "days": 30}
    world.up(clinic(object_lock_enabled=True, object_lock=lock, empty_on_delete=True))
    until = world.clock.now() + timedelta(days=400)
    world.client("s3").put_object(
        Bucket=NAME, Key="a", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until
    )
    said = world.stays("clinic")
    assert f"locked in COMPLIANCE mode, the newest until {until:%Y-%m-%d}" in said


def test_a_version_on_hold_is_told(world: World) -> None:
    """A legal hold has no end of its own."""
    world.up(clinic(object_lock_enabled=True, empty_on_delete=True))
    world.client("s3").put_object(Bucket=NAME, Key="a", ObjectLockLegalHoldStatus="ON")
    assert "1 version in records-of-a-clinic is on legal hold" in world.stays("clinic")


def test_a_lock_set_after_the_plan_is_named_by_the_failure(
    world: World, meanwhile: Meanwhile
) -> None:
    """The error says which object, what locks it, and until when."""
    world.up(clinic(object_lock_enabled=True, empty_on_delete=True))
    s3 = world.client("s3")
    s3.put_object(Bucket=NAME, Key="a", Body=b"x")
    until = datetime.now(UTC) + timedelta(days=900)
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": until}

    def lock(**_: Any) -> None:
        s3.put_object_retention(Bucket=NAME, Key="a", Retention=retention)

    meanwhile("before-call.s3.DeleteObjects", lock)
    report = world.down("clinic")
    [error] = report.outcome.failed.values()
    assert f"a is locked in GOVERNANCE mode until {until:%Y-%m-%d}" in str(error)
    assert world.alive() == {"bucket": [NAME]}


def test_a_policy_that_denies_deletes_is_lifted_first_if_it_is_ours(world: World) -> None:
    """As a step of its own; the statement that asks for TLS is no such policy."""
    denies: Setting = {
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:Delete*",
                "Resource": [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"],
            }
        ]
    }
    stack = clinic(policy=denies)
    stack.add("open", "s3.bucket", bucket_name="with-tls-only")
    world.up(stack)
    world.down("clinic").check()
    assert [step for step in world.done() if step.startswith("lift")] == ["lift records"]
    assert world.alive() == {}
