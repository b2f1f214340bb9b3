"""Replaces that are cut short, taken back, or can't have both objects at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from provisioner.api.plans import plan
from provisioner.api.runs import apply, teardown
from provisioner.operations.desk import Options
from provisioner.stack import Stack
from tests.conftest import VirtualClock
from tests.e2e.alive import alive
from tests.engine.test_runs import network
from tests.engine.test_story import counts


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock, workers=1)


@contextmanager
def refusing(session: boto3.Session, operation: str) -> Iterator[None]:
    """AWS says no to every call of this operation."""

    def refuse(**_: Any) -> None:
        error: Any = {"Error": {"Code": "AccessDenied", "Message": "not you"}}
        raise ClientError(error, operation.rpartition(".")[2])

    session.events.register(f"before-call.{operation}", refuse)
    try:
        yield
    finally:
        session.events.unregister(f"before-call.{operation}", refuse)


def outlet(subnet: str = "10.0.1.0/24", zone: str = "a") -> Stack:
    """A NAT gateway with its address in a subnet."""
    stack = Stack("outlet")
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    stack.add("internet", "ec2.internet_gateway", vpc_id=vpc.id)
    place = "${region}" + zone
    inside = stack.add(
        "subnet", "ec2.subnet", vpc_id=vpc.id, cidr_block=subnet, availability_zone=place
    )
    address = stack.add("address", "ec2.elastic_ip")
    nat = stack.add(
        "nat",
        "ec2.nat_gateway",
        subnet_id=inside.id,
        allocation_id=address.id,
        depends_on=["internet"],
    )
    stack.add(
        "routes",
        "ec2.route_table",
        vpc_id=vpc.id,
        routes=[{"destination_cidr_block": "0.0.0.0/0", "nat_gateway_id": nat.id}],
    )
    return stack


def test_a_gateway_gives_its_address_to_its_successor(
    session: boto3.Session, options: Options
) -> None:
    """Two gateways can't have one address, so the old one goes first; routes lead to the new."""
    apply(session, outlet(), options).check()
    before = alive(session)
    report = apply(session, outlet("10.0.2.0/24"), options).check()
    assert counts(report) == {"replaced": 2, "updated": 1, "unchanged": 3}
    after = alive(session)
    assert after["address"] == before["address"]
    assert after["nat gateway"] != before["nat gateway"]
    tables = session.client("ec2").describe_route_tables()["RouteTables"]
    gateways = [r["NatGatewayId"] for t in tables for r in t["Routes"] if "NatGatewayId" in r]
    assert gateways == after["nat gateway"]
    assert counts(apply(session, outlet("10.0.2.0/24"), options).check()) == {"unchanged": 6}
    teardown(session, "outlet", options).check()
    assert alive(session) == {}


def test_a_subnet_gives_its_network_to_its_successor(
    session: boto3.Session, options: Options
) -> None:
    """In another zone with the same network: networks of a VPC can't overlap."""
    apply(session, outlet(), options).check()
    planned = {c.address: c.delete_first for c in plan(session, outlet(zone="b"), options).changes}
    assert (planned["subnet"], planned["nat"]) == (True, True)
    apply(session, outlet(zone="b"), options).check()
    [subnet] = session.client("ec2").describe_subnets(SubnetIds=alive(session)["subnet"])["Subnets"]
    assert (subnet["CidrBlock"], subnet["AvailabilityZone"][-1]) == ("10.0.1.0/24", "b")


def test_a_replace_that_was_cut_short_is_taken_back(
    session: boto3.Session, options: Options
) -> None:
    """Who wants the old again gets that very object, and what was to succeed it goes."""
    apply(session, network(), options).check()
    before = alive(session)
    with refusing(session, "ec2.DeleteSecurityGroup"):
        report = apply(session, network("api"), options)
    assert report.result == "partial"
    assert len(alive(session)["group"]) == 2
    back = apply(session, network(), options).check()
    assert counts(back) == {"updated": 1, "unchanged": 3}
    assert alive(session) == before
    assert counts(apply(session, network(), options).check()) == {"unchanged": 4}
    teardown(session, "net", options).check()
    assert alive(session) == {}


def test_a_replace_that_was_cut_short_goes_on(session: boto3.Session, options: Options) -> None:
    """Nothing is made twice, and the old object goes in the end."""
    apply(session, network(), options).check()
    with refusing(session, "ec2.DeleteSecurityGroup"):
        apply(session, network("api"), options)
    both = set(alive(session)["group"])
    apply(session, network("api"), options).check()
    [left] = alive(session)["group"]
    assert left in both
    [group] = session.client("ec2").describe_security_groups(GroupIds=[left])["SecurityGroups"]
    assert group["GroupName"] == "api"
    assert counts(apply(session, network("api"), options).check()) == {"unchanged": 4}
