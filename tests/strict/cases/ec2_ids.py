"""Ids of EC2's objects."""

from __future__ import annotations

from provisioner.registry import kind_of
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._network import ZONE, gateway, network, settle, with_gateway


def use_a_new_vpc(client: Client) -> None:
    """Make a VPC and a subnet in it next."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")


def ask_for_one_that_is_gone(client: Client) -> None:
    """Describe two gateways of which one never was."""
    ec2 = client("ec2")
    made = gateway(client, network(client).subnet)["NatGatewayId"]
    settle()
    ids = [made, "nat-00000000000000000"]
    assert len(ec2.describe_nat_gateways(NatGatewayIds=ids)["NatGateways"]) == 1


def page_through_ids(client: Client) -> None:
    """Ask for one VPC, with a page size."""
    vpc = network(client).vpc
    client("ec2").describe_vpcs(VpcIds=[vpc], MaxResults=100)


def closed_however_new(ground: Ground) -> None:
    """What AWS makes open by itself is closed, though it is hidden at first: groups and ACL."""
    vpc = ground.ensure("ec2.vpc", cidr_block="10.0.0.0/16", enable_dns_hostnames=False)
    ground.ensure("ec2.security_group", group_name="g", description="g", vpc_id=vpc)
    place = {"cidr_block": "10.0.1.0/24", "availability_zone": ZONE}
    subnet = ground.ensure("ec2.subnet", vpc_id=vpc, **place)
    ground.ensure("ec2.network_acl", vpc_id=vpc, subnet_ids=[subnet])
    ec2 = ground.plain("ec2")
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    groups = ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
    assert {group["GroupName"] for group in groups} == {"default", "g"}
    assert [rule for group in groups for rule in group["IpPermissionsEgress"]] == []
    acls = ec2.describe_network_acls(Filters=inside)["NetworkAcls"]
    assert {acl["IsDefault"]: len(acl["Associations"]) for acl in acls} == {True: 0, False: 1}


def reads_any_number(ground: Ground) -> None:
    """A kind finds one object among a thousand ids, and misses none."""
    vpc = network(ground.plain).vpc
    ids = [vpc, *(f"vpc-{number:017x}" for number in range(1000))]
    assert set(kind_of("ec2.vpc").read(ground.aws, ids)) == {vpc}


CASES = [
    Case(
        "ec2.new-ids",
        use_a_new_vpc,
        "InvalidVpcID.NotFound",
        closed_however_new,
    ),
    Case(
        "ec2.describe-by-ids",
        ask_for_one_that_is_gone,
        "NatGatewayNotFound",
        lambda ground: ground.through(with_gateway()),
    ),
    Case(
        "ec2.describe-parameters",
        page_through_ids,
        "InvalidParameterCombination",
        reads_any_number,
    ),
]
