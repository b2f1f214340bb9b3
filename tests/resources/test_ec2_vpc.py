"""ec2.vpc: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3

from provisioner.lifecycle import Json
from provisioner.resources.ec2_vpc import Ec2VpcSpec, ensure_ec2_vpc
from tests.contract.case import Case


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {"cidr_block": "10.1.0.0/16", "tags": {"Name": "contract"}}


def _alive(session: boto3.Session, id_: str) -> bool:
    found = session.client("ec2").describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [id_]}])
    return bool(found["Vpcs"])


CASE = Case(
    kind="ec2.vpc",
    settings=_settings,
    alive=_alive,
    changes={
        "cidr_block": {"cidr_block": "10.2.0.0/16"},
        "instance_tenancy": {"instance_tenancy": "dedicated"},
        "enable_dns_support": {"enable_dns_support": False, "enable_dns_hostnames": False},
        "enable_dns_hostnames": {"enable_dns_hostnames": False},
    },
    exempt={"empty_default_security_group": "false leaves the group alone, so nothing differs"},
)


def test_its_default_group_has_no_rules(session: boto3.Session) -> None:
    """Whatever is launched without a group can talk to nobody."""
    made = ensure_ec2_vpc(session, Ec2VpcSpec(cidr_block="10.1.0.0/16", tags={"Name": "a"}))
    groups = session.client("ec2").describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [made.id]}]
    )["SecurityGroups"]
    rules = [(g["GroupName"], g["IpPermissions"], g["IpPermissionsEgress"]) for g in groups]
    assert rules == [("default", [], [])]


def test_the_default_group_can_be_left_alone(session: boto3.Session) -> None:
    """Who says so keeps AWS's rules, and sees no difference afterwards."""
    spec = Ec2VpcSpec(
        cidr_block="10.1.0.0/16", empty_default_security_group=False, tags={"Name": "a"}
    )
    made = ensure_ec2_vpc(session, spec)
    assert str(ensure_ec2_vpc(session, spec).action) == "noop"
    [group] = session.client("ec2").describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [made.id]}]
    )["SecurityGroups"]
    assert group["IpPermissionsEgress"]
