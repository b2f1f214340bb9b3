"""ec2.security_group: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

from typing import Any

import boto3

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.resources.ec2_security_group import (
    RESOURCE,
    Ec2SecurityGroupSpec,
    ensure_ec2_security_group,
)
from tests.contract.case import Case
from tests.resources import _ec2


def _settings(session: boto3.Session) -> dict[str, Json]:
    vpc = _ec2.vpc(session)
    return {
        "group_name": "contract",
        "description": "contract",
        "vpc_id": vpc,
        "ingress": [{"from_port": 443, "to_port": 443, "cidr_ip": "10.9.0.0/16"}],
        "tags": {"Name": "contract"},
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    ec2: Any = session.client("ec2")
    filters = [{"Name": "group-id", "Values": [id_]}]
    return bool(ec2.describe_security_groups(Filters=filters)["SecurityGroups"])


def _named(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    other = _ec2.group(session, str(settings["vpc_id"]))
    return {"egress": [{"from_port": 443, "to_port": 443, "group_id": other}]}


CASE = Case(
    kind="ec2.security_group",
    settings=_settings,
    alive=_alive,
    changes={
        "group_name": {"group_name": "renamed"},
        "description": {"description": "other"},
        "ingress": {
            "ingress": [
                {"from_port": 443, "to_port": 443, "cidr_ip": "10.9.1.0/24", "description": "web"},
                {"ip_protocol": "-1", "cidr_ip": "10.9.2.0/24"},
            ]
        },
        "described": {
            "ingress": [
                {"from_port": 443, "to_port": 443, "cidr_ip": "10.9.0.0/16", "description": "web"}
            ]
        },
        "egress": {},
    },
    prepare={"vpc_id": _ec2.another_vpc, "egress": _named},
)


def test_nothing_may_go_out_unless_it_says_so(session: boto3.Session) -> None:
    """AWS's allow-all rule is taken away."""
    spec = Ec2SecurityGroupSpec(
        group_name="a", description="a", vpc_id=_ec2.vpc(session), tags={"Name": "a"}
    )
    made = ensure_ec2_security_group(session, spec)
    [group] = session.client("ec2").describe_security_groups(GroupIds=[made.id])["SecurityGroups"]
    assert group["IpPermissionsEgress"] == []


def test_two_groups_that_name_each_other_can_go(session: boto3.Session, aws: Aws) -> None:
    """Each lets go of the other first."""
    vpc = _ec2.vpc(session)
    one, two = _ec2.group(session, vpc, "one"), _ec2.group(session, vpc, "two")
    ec2 = session.client("ec2")
    for here, there in ((one, two), (two, one)):
        ec2.authorize_security_group_ingress(
            GroupId=here,
            IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": there}]}],
        )
    assert RESOURCE.unwire
    RESOURCE.unwire(aws, one)
    [group] = ec2.describe_security_groups(GroupIds=[one])["SecurityGroups"]
    assert group["IpPermissions"] == []
    assert group["IpPermissionsEgress"]
