"""What AWS does not show, though it was made some minutes ago, is looked for more than once."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from provisioner.api.runs import apply, teardown
from provisioner.operations.desk import Options
from provisioner.stack import Stack
from provisioner.strict.clock import VirtualClock


def network() -> Stack:
    stack = Stack("net")
    stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    return stack


class Fog:
    """Hides every VPC from so many reads."""

    def __init__(self, session: boto3.Session) -> None:
        self.reads = 0
        session.events.register("after-call.ec2.DescribeVpcs", self)

    def __call__(self, parsed: dict[str, Any], **_: Any) -> None:
        if self.reads:
            self.reads -= 1
            parsed["Vpcs"] = []


def vpcs(session: boto3.Session) -> int:
    found = session.client("ec2").describe_vpcs()["Vpcs"]
    return len([one for one in found if not one["IsDefault"]])


@pytest.mark.parametrize("reads", [1, 2, 3])
def test_it_is_not_made_again(session: boto3.Session, clock: VirtualClock, reads: int) -> None:
    """Three reads that do not show it are no proof."""
    fog = Fog(session)
    apply(session, network(), Options(clock=clock)).check()
    clock.sleep(120)
    fog.reads = reads
    again = apply(session, network(), Options(clock=clock)).check()
    assert again.summary["unchanged"] == 1
    assert vpcs(session) == 1


def test_it_is_not_left_behind(session: boto3.Session, clock: VirtualClock) -> None:
    """Nor by a teardown."""
    fog = Fog(session)
    apply(session, network(), Options(clock=clock)).check()
    clock.sleep(120)
    fog.reads = 3
    teardown(session, "net", Options(clock=clock)).check()
    assert vpcs(session) == 0


def test_what_was_deleted_by_hand_is_made_again(
    session: boto3.Session, clock: VirtualClock
) -> None:
    """Soon after a few looks; of what has stood for long, one look is enough."""
    made = apply(session, network(), Options(clock=clock)).check()
    for age in (120, 3600):
        clock.sleep(age)
        found = session.client("ec2").describe_vpcs(
            Filters=[{"Name": "tag:provisioner:address", "Values": ["vpc"]}]
        )["Vpcs"]
        session.client("ec2").delete_vpc(VpcId=found[0]["VpcId"])
        before = clock.monotonic()
        made = apply(session, network(), Options(clock=clock)).check()
        assert made.summary["created"] == 1
        assert (clock.monotonic() - before < 1) == (age == 3600)
        assert vpcs(session) == 1
