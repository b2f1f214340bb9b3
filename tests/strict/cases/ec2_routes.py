"""Route tables and internet gateways."""

from __future__ import annotations

import pytest

from provisioner import RunFailedError, Stack, apply
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._network import (
    ANYWHERE,
    gateway,
    network,
    settle,
    wanted,
    with_gateway,
    with_routes,
)


def _table(client: Client, vpc: str) -> str:
    made = client("ec2").create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    settle()
    return str(made)


def route_before_the_gateway_is_attached(client: Client) -> None:
    """Make a route to an internet gateway that no VPC has."""
    made = network(client, attached=False)
    table = _table(client, made.vpc)
    client("ec2").create_route(
        RouteTableId=table, DestinationCidrBlock=ANYWHERE, GatewayId=made.internet
    )


def take_the_local_route_for_missing(client: Client) -> None:
    """Delete every route that is not wanted, and take only "not found" for an answer."""
    ec2 = client("ec2")
    table = _table(client, network(client).vpc)
    try:
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="10.0.0.0/16")
    except ec2.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "InvalidRoute.NotFound":
            raise


def delete_every_table(client: Client) -> None:
    """Delete all route tables of a VPC."""
    ec2 = client("ec2")
    inside = [{"Name": "vpc-id", "Values": [network(client).vpc]}]
    for table in ec2.describe_route_tables(Filters=inside)["RouteTables"]:
        ec2.delete_route_table(RouteTableId=table["RouteTableId"])


def believe_in_a_route(client: Client) -> None:
    """Take a route to a deleted gateway for one that works."""
    ec2 = client("ec2")
    made = network(client)
    table = _table(client, made.vpc)
    nat = gateway(client, made.subnet)["NatGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, NatGatewayId=nat)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    settle(300)
    [found] = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    assert {route["State"] for route in found["Routes"]} == {"active"}


def second_gateway(client: Client) -> None:
    """Attach another internet gateway to the same VPC."""
    ec2 = client("ec2")
    vpc = network(client).vpc
    other = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=other, VpcId=vpc)


def detach_under_a_nat_gateway(client: Client) -> None:
    """Detach the internet gateway while a NAT gateway has a public address."""
    made = network(client)
    gateway(client, made.subnet)
    client("ec2").detach_internet_gateway(InternetGatewayId=made.internet, VpcId=made.vpc)


def told_of_the_second(ground: Ground) -> None:
    """A stack with two gateways for one VPC fails with AWS's word, and heals without the other."""
    stack = wanted().stack
    stack.add("other", "ec2.internet_gateway", vpc_id="${vpc.id}")
    with pytest.raises(RunFailedError, match="AlreadyAssociated"):
        apply(ground.session, stack, ground.options).check()
    ground.through(wanted().stack)


def repaired(ground: Ground) -> None:
    """A gateway deleted behind our back is made again, and the route leads to the new one."""
    stack: Stack = with_gateway()
    ground.up(stack)
    ec2 = ground.plain("ec2")
    [old] = ec2.describe_nat_gateways()["NatGateways"]
    ec2.delete_nat_gateway(NatGatewayId=old["NatGatewayId"])
    ground.up(stack)
    tables = ec2.describe_route_tables()["RouteTables"]
    to = {route.get("NatGatewayId") for table in tables for route in table["Routes"]} - {None}
    assert old["NatGatewayId"] not in to
    assert len(to) == 1
    ground.down(stack)


CASES = [
    Case(
        "ec2.route-targets",
        route_before_the_gateway_is_attached,
        "InvalidParameterValue",
        lambda ground: ground.through(with_routes()),
    ),
    Case(
        "ec2.local-route",
        take_the_local_route_for_missing,
        "InvalidParameterValue",
        lambda ground: ground.through(with_routes("9.0.0.0/8"), with_routes()),
    ),
    Case(
        "ec2.main-route-table",
        delete_every_table,
        "DependencyViolation",
        lambda ground: ground.through(with_routes()),
    ),
    Case("ec2.blackholes", believe_in_a_route, "", repaired),
    Case(
        "ec2.one-internet-gateway",
        second_gateway,
        "Resource.AlreadyAssociated",
        told_of_the_second,
    ),
    Case(
        "ec2.mapped-addresses",
        detach_under_a_nat_gateway,
        "DependencyViolation",
        lambda ground: ground.through(with_gateway()),
    ),
]
