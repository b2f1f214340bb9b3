"""ec2.nat_gateway under contract."""

from __future__ import annotations

from typing import Any

import boto3

from provisioner.lifecycle import Json
from tests.contract.case import Case
from tests.resources import _ec2


def _another_subnet(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    vpc = _ec2.vpc(session)
    _ec2.gateway(session, vpc)
    return {"subnet_id": _ec2.subnet(session, vpc, "10.9.2.0/24")}


def _another_address(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    return {"allocation_id": session.client("ec2").allocate_address(Domain="vpc")["AllocationId"]}


def _settings(session: boto3.Session) -> dict[str, Json]:
    vpc = _ec2.vpc(session)
    _ec2.gateway(session, vpc)
    address = session.client("ec2").allocate_address(Domain="vpc")
    return {
        "subnet_id": _ec2.subnet(session, vpc, "10.9.1.0/24"),
        "allocation_id": address["AllocationId"],
        "tags": {"Name": "contract"},
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    ec2: Any = session.client("ec2")
    filters = [{"Name": "nat-gateway-id", "Values": [id_]}]
    found = ec2.describe_nat_gateways(Filter=filters)["NatGateways"]
    return any(gateway["State"] != "deleted" for gateway in found)


CASE = Case(
    kind="ec2.nat_gateway",
    settings=_settings,
    alive=_alive,
    changes={"connectivity_type": {"connectivity_type": "private", "allocation_id": None}},
    prepare={"subnet_id": _another_subnet, "allocation_id": _another_address},
)
