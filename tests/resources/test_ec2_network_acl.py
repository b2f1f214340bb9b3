"""ec2.network_acl: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

from typing import Any

import boto3

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.resources.ec2_network_acl import (
    RESOURCE,
    Ec2NetworkAclSpec,
    ensure_ec2_network_acl,
)
from tests.contract.case import Case
from tests.resources import _ec2


def _settings(session: boto3.Session) -> dict[str, Json]:
    vpc = _ec2.vpc(session)
    return {
        "vpc_id": vpc,
        "ingress": [
            {
                "rule_number": 100,
                "rule_action": "allow",
                "cidr_block": "10.9.0.0/16",
                "from_port": 443,
                "to_port": 443,
            }
        ],
        "egress": [
            {
                "rule_number": 100,
                "rule_action": "allow",
                "protocol": "-1",
                "cidr_block": "0.0.0.0/0",
            }
        ],
        "subnet_ids": [_ec2.subnet(session, vpc, "10.9.1.0/24")],
        "tags": {"Name": "contract"},
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    ec2: Any = session.client("ec2")
    filters = [{"Name": "network-acl-id", "Values": [id_]}]
    return bool(ec2.describe_network_acls(Filters=filters)["NetworkAcls"])


def _another_subnet(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    return {"subnet_ids": [_ec2.subnet(session, str(settings["vpc_id"]), "10.9.2.0/24")]}


def _another_vpc(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    vpc = _ec2.vpc(session)
    return {"vpc_id": vpc, "subnet_ids": [_ec2.subnet(session, vpc, "10.9.1.0/24")]}


def _entry(number: int, action: str, cidr: str) -> dict[str, Json]:
    entry: dict[str, Json] = {"rule_number": number, "rule_action": action, "cidr_block": cidr}
    return entry | {"from_port": 443, "to_port": 443}


CASE = Case(
    kind="ec2.network_acl",
    settings=_settings,
    alive=_alive,
    changes={
        "ingress": {
            "ingress": [_entry(100, "deny", "10.9.3.0/24"), _entry(110, "allow", "10.9.0.0/16")]
        },
        "egress": {"egress": []},
        "subnet_ids": {},
    },
    prepare={"vpc_id": _another_vpc, "subnet_ids": _another_subnet},
)


def test_its_subnets_go_back_to_the_default(session: boto3.Session, aws: Aws) -> None:
    """After a delete every subnet is guarded by the VPC's default ACL again."""
    ec2 = session.client("ec2")
    vpc = _ec2.vpc(session)
    subnet = _ec2.subnet(session, vpc, "10.9.1.0/24")
    spec = Ec2NetworkAclSpec(vpc_id=vpc, subnet_ids=[subnet], tags={"Name": "a"})
    made = ensure_ec2_network_acl(session, spec)
    RESOURCE.delete(aws, made.id, {})
    [acl] = ec2.describe_network_acls(
        Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
    )["NetworkAcls"]
    assert acl["IsDefault"] is True
