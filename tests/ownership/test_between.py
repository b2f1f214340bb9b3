"""An object that somebody makes between our plan and our create: the run stops there."""

from __future__ import annotations

import pytest

from provisioner.errors import AwsError, ForeignObjectError
from tests.conftest import REGION
from tests.ownership.hands import HANDS
from tests.ownership.world import (
    Rival,
    after_the_plan,
    any_other,
    at,
    refusal,
    stack_of,
    target,
    world,
)

PLACES = [(kind, REGION) for kind in HANDS] + [("s3.bucket", "us-east-1")]
EVERYWHERE = pytest.mark.parametrize(("kind", "region"), PLACES)
SAVED = pytest.mark.parametrize(
    ("kind", "region"), [one for one in PLACES if not HANDS[one[0]].overwritten]
)
DEAD = pytest.mark.parametrize("killed", [False, True], ids=["refused", "killed"])


@DEAD
@EVERYWHERE
def test_what_appears_after_the_plan_is_left_alone(kind: str, region: str, killed: bool) -> None:  # noqa: FBT001
    """Refused or killed there, neither this run nor the next nor a teardown touches it."""
    what = target(kind, region)
    with world(stack_of(kind), region) as stage:
        rival = Rival(stage.hands, what, after_the_plan, any_other if killed else None)
        report = stage.up(rival)
        if killed:
            assert report is None
        else:
            assert report is not None
            assert [key.address for key in report.outcome.failed] == [what.address]
        assert rival.told == rival.made
        refusal(stage)
        assert rival.told == rival.made
        down = stage.down()
        assert down is not None
        assert down.result == "succeeded"
        assert rival.told == rival.made


@DEAD
@SAVED
def test_what_appears_right_before_our_call_is_left_alone(
    kind: str,
    region: str,
    killed: bool,  # noqa: FBT001
) -> None:
    """AWS refuses our call, or its success is found to be somebody else's."""
    what = target(kind, region)
    call = what.hand.created_by
    with world(stack_of(kind), region) as stage:
        rival = Rival(stage.hands, what, at(call, "before"), at(call, "after") if killed else None)
        report = stage.up(rival)
        if killed:
            assert report is None
        else:
            assert report is not None
            [(key, error)] = report.outcome.failed.items()
            assert key.address == what.address
            assert isinstance(error, ForeignObjectError | AwsError)
        assert rival.told == rival.made
        refusal(stage)
        assert rival.told == rival.made
        down = stage.down()
        assert down is not None
        assert down.result == "succeeded"
        assert rival.told == rival.made
