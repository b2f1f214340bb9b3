"""ec2.route_table: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

from typing import Any

import boto3

from provisioner.lifecycle import Json
from provisioner.resources.ec2_route_table import Ec2RouteTableSpec, ensure_ec2_route_table
from tests.contract.case import Case
from tests.resources import _ec2


def _settings(session: boto3.Session) -> dict[str, Json]:
    vpc = _ec2.vpc(session)
    return {
        "vpc_id": vpc,
        "routes": [
            {"destination_cidr_block": "0.0.0.0/0", "gateway_id": _ec2.gateway(session, vpc)}
        ],
        "subnet_ids": [_ec2.subnet(session, vpc, "10.9.1.0/24")],
        "tags": {"Name": "contract"},
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    ec2: Any = session.client("ec2")
    filters = [{"Name": "route-table-id", "Values": [id_]}]
    return bool(ec2.describe_route_tables(Filters=filters)["RouteTables"])


def _another_target(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    vpc = str(settings["vpc_id"])
    ec2 = session.client("ec2")
    subnet = _ec2.subnet(session, vpc, "10.9.7.0/24")
    nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
    return {
        "routes": [{"destination_cidr_block": "0.0.0.0/0", "nat_gateway_id": nat["NatGatewayId"]}]
    }


def _another_subnet(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    return {"subnet_ids": [_ec2.subnet(session, str(settings["vpc_id"]), "10.9.2.0/24")]}


def _another_vpc(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    del settings
    return {name: value for name, value in _settings(session).items() if name != "tags"}


CASE = Case(
    kind="ec2.route_table",
    settings=_settings,
    alive=_alive,
    changes={
        "routes": {},
        "no_routes": {"routes": []},
        "subnet_ids": {},
        "no_subnets": {"subnet_ids": []},
    },
    prepare={"vpc_id": _another_vpc, "routes": _another_target, "subnet_ids": _another_subnet},
)


def test_a_subnet_moves_from_another_table(session: boto3.Session) -> None:
    """A subnet that has a table already gets this one instead."""
    ec2 = session.client("ec2")
    vpc = _ec2.vpc(session)
    subnet = _ec2.subnet(session, vpc, "10.9.1.0/24")
    other = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=other, SubnetId=subnet)
    spec = Ec2RouteTableSpec(vpc_id=vpc, subnet_ids=[subnet], tags={"Name": "a"})
    made = ensure_ec2_route_table(session, spec)
    tables = ec2.describe_route_tables(
        Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
    )["RouteTables"]
    assert [table["RouteTableId"] for table in tables] == [made.id]
