"""The main stack, its inventory deleted: recovered, unchanged, and torn down to nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from provisioner.local import gaps
from tests.conftest import REGION
from tests.faults.stacks import healthcare
from tests.recovery.ruin import Ruin, lasting
from tests.sessions import Session


@pytest.fixture(scope="module")
def ruin() -> Iterator[Ruin]:
    """The healthcare stack, up."""
    gaps.fill()
    with (
        pytest.MonkeyPatch.context() as patched,
        mock_aws(config={"iam": {"load_aws_managed_policies": True}}),
    ):
        patched.setenv("AWS_ACCESS_KEY_ID", "test")
        patched.setenv("AWS_SECRET_ACCESS_KEY", "test")
        made = Ruin(Session(REGION), healthcare())
        assert made.alive() == {}
        report = made.up()
        assert report is not None
        report.check()
        yield made


def test_with_the_manifest_nothing_is_to_be_changed(ruin: Ruin) -> None:
    """110 records as they were; the plan is idle, and a second apply writes nothing to AWS."""
    before = lasting(ruin.rows())
    ruin.lose_the_table()
    mended = ruin.mended(ruin.stack)
    assert (mended.result, mended.summary["recovered"]) == ("succeeded", 110)
    assert mended.recovery.told == ()
    assert lasting(ruin.rows()) == before
    assert all(change.idle for change in ruin.planned().changes)


def test_without_it_everything_has_a_record(ruin: Ruin) -> None:
    """The same objects; those that carry no address have one made from their ids."""
    before = {(row["kind"], row["id"]) for row in ruin.rows().values()}
    ruin.lose_the_table()
    mended = ruin.mended()
    assert (mended.result, mended.summary["recovered"]) == ("succeeded", 110)
    assert {(row["kind"], row["id"]) for row in ruin.rows().values()} == before
    assert ruin.mended(ruin.stack).result == "succeeded"
    assert ruin.planned().empty


def test_a_teardown_leaves_nothing(ruin: Ruin) -> None:
    """After both recoveries."""
    report = ruin.down()
    assert report is not None
    assert (report.result, ruin.alive()) == ("succeeded", {}), report.outcome.failed
