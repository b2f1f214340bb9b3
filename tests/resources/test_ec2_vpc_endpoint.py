"""ec2.vpc_endpoint: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

from typing import Any

import boto3

from provisioner.lifecycle import Json
from provisioner.resources.ec2_vpc_endpoint import Ec2VpcEndpointSpec, ensure_ec2_vpc_endpoint
from tests.contract.case import Case
from tests.resources import _ec2


def _place(session: boto3.Session) -> dict[str, Json]:
    """A VPC with DNS, a subnet and a group in it."""
    vpc = _ec2.vpc(session)
    session.client("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    return {
        "vpc_id": vpc,
        "subnet_ids": [_ec2.subnet(session, vpc, "10.9.1.0/24")],
        "security_group_ids": [_ec2.group(session, vpc)],
    }


def _elsewhere(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    return _place(session)


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {
        **_place(session),
        "service_name": "com.amazonaws.eu-central-1.kms",
        "vpc_endpoint_type": "Interface",
        "tags": {"Name": "contract"},
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    ec2: Any = session.client("ec2")
    filters = [{"Name": "vpc-endpoint-id", "Values": [id_]}]
    found = ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
    return any(endpoint["State"] != "deleted" for endpoint in found)


POLICY: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}],
}


def _subnets(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    return {"subnet_ids": [_ec2.subnet(session, str(settings["vpc_id"]), "10.9.2.0/24", "b")]}


def _groups(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    return {"security_group_ids": [_ec2.group(session, str(settings["vpc_id"]), "third")]}


CASE = Case(
    kind="ec2.vpc_endpoint",
    settings=_settings,
    alive=_alive,
    changes={
        "service_name": {"service_name": "com.amazonaws.eu-central-1.sqs"},
        "policy": {"policy": POLICY},
        "subnet_ids": {},
        "security_group_ids": {},
        "private_dns_enabled": {"private_dns_enabled": False},
    },
    prepare={"vpc_id": _elsewhere, "subnet_ids": _subnets, "security_group_ids": _groups},
    exempt={
        "vpc_endpoint_type": "a Gateway endpoint has other fields altogether",
        "route_table_ids": "only a Gateway endpoint has them; see below",
    },
)


def test_a_gateway_follows_its_route_tables(session: boto3.Session) -> None:
    """Tables are added and removed in place."""
    ec2 = session.client("ec2")
    vpc = _ec2.vpc(session)
    tables = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]

    def ensured(table: str) -> list[str]:
        made = ensure_ec2_vpc_endpoint(
            session,
            Ec2VpcEndpointSpec(
                vpc_id=vpc,
                service_name="com.amazonaws.eu-central-1.s3",
                vpc_endpoint_type="Gateway",
                route_table_ids=[table],
                tags={"Name": "s3"},
            ),
        )
        [endpoint] = ec2.describe_vpc_endpoints(VpcEndpointIds=[made.id])["VpcEndpoints"]
        return endpoint["RouteTableIds"]

    assert ensured(tables[0]) == [tables[0]]
    assert ensured(tables[1]) == [tables[1]]
