"""What others have in our network, or hold of our roles and policies: seen beforehand."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from provisioner.stack import Setting, Stack
from tests.teardown.world import World

TRUST: Setting = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
LOGS: Setting = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}],
}


def network() -> Stack:
    """A network with all that belongs to one."""
    stack = Stack("net")
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    subnet = stack.add(
        "subnet",
        "ec2.subnet",
        vpc_id=vpc.id,
        cidr_block="10.0.1.0/24",
        availability_zone="${region}a",
    )
    gateway = stack.add("internet", "ec2.internet_gateway", vpc_id=vpc.id)
    address = stack.add("address", "ec2.elastic_ip")
    stack.add(
        "nat",
        "ec2.nat_gateway",
        subnet_id=subnet.id,
        allocation_id=address.id,
        depends_on=["internet"],
    )
    stack.add(
        "routes",
        "ec2.route_table",
        vpc_id=vpc.id,
        routes=[{"destination_cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}],
        subnet_ids=[subnet.id],
    )
    group = stack.add(
        "group", "ec2.security_group", group_name="ours", description="ours", vpc_id=vpc.id
    )
    stack.add("acl", "ec2.network_acl", vpc_id=vpc.id, subnet_ids=[subnet.id])
    stack.add(
        "endpoint",
        "ec2.vpc_endpoint",
        vpc_id=vpc.id,
        service_name="com.amazonaws.${region}.kms",
        vpc_endpoint_type="Interface",
        subnet_ids=[subnet.id],
        security_group_ids=[group.id],
    )
    return stack


@pytest.fixture
def net(world: World) -> World:
    """The network stands."""
    world.up(network())
    return world


def _one(world: World, kind: str) -> str:
    [id_] = world.alive()[kind]
    return id_


def test_our_own_things_are_in_nobodys_way(net: World) -> None:
    """Whatever AWS puts into the network for them goes with them."""
    assert {a: told for a, told in net.planned("net").obstacles.items() if told} == {}
    net.down("net").check()
    assert net.alive() == {}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda ec2, vpc, _: ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/24"),
            "1 subnet of others in vpc-",
        ),
        (
            lambda ec2, vpc, _: ec2.create_security_group(
                VpcId=vpc,
                GroupName="GuardDutyManagedSecurityGroup-vpc-1",
                Description="runtime monitoring",
            ),
            "(GuardDutyManagedSecurityGroup-vpc-1)",
        ),
        (
            lambda ec2, vpc, _: ec2.create_route_table(VpcId=vpc),
            "1 route table of others in vpc-",
        ),
        (
            lambda ec2, vpc, _: ec2.create_network_acl(VpcId=vpc),
            "1 network ACL of others in vpc-",
        ),
        (
            lambda ec2, vpc, _: ec2.create_vpc_endpoint(
                VpcId=vpc, ServiceName="com.amazonaws.eu-central-1.s3", VpcEndpointType="Gateway"
            ),
            "1 endpoint of others in vpc-",
        ),
        (
            lambda ec2, vpc, _: ec2.create_vpc_peering_connection(
                VpcId=vpc, PeerVpcId=ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
            ),
            "1 peering connection of others in vpc-",
        ),
        (
            lambda ec2, _, subnet: ec2.create_network_interface(
                SubnetId=subnet, Description="ELB app/theirs/1"
            ),
            "(ELB app/theirs/1",
        ),
    ],
    ids=["subnet", "guardduty", "routes", "acl", "endpoint", "peering", "interface"],
)
def test_what_others_have_in_the_network_stops_the_teardown(
    net: World, make: Any, says: str
) -> None:
    """AWS would refuse half way, and not say why."""
    make(net.client("ec2"), _one(net, "vpc"), _one(net, "subnet"))
    said = net.stays("net")
    assert says in said


def test_how_to_be_rid_of_guardduty_is_told(net: World) -> None:
    """It makes its group and endpoint anew as long as it watches."""
    net.client("ec2").create_security_group(
        VpcId=_one(net, "vpc"), GroupName="GuardDutyManagedSecurityGroup-1", Description="x"
    )
    assert "Switch GuardDuty's runtime monitoring off" in net.stays("net")


def test_an_instance_in_our_subnet_is_named(net: World, session: boto3.Session) -> None:
    """By its id, since people know that."""
    ec2: Any = session.resource("ec2")
    [instance] = ec2.create_instances(
        ImageId="ami-12c6146b",
        MinCount=1,
        MaxCount=1,
        InstanceType="t2.micro",
        SubnetId=_one(net, "subnet"),
    )
    assert f"of instance {instance.id}" in net.stays("net")


def test_rules_of_others_that_name_our_group_stop_it(net: World) -> None:
    """Even from a group in another network."""
    ec2 = net.client("ec2")
    other = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    theirs = ec2.create_security_group(VpcId=other, GroupName="theirs", Description="theirs")
    ours = next(
        one["GroupId"]
        for one in ec2.describe_security_groups()["SecurityGroups"]
        if one["GroupName"] == "ours"
    )
    ec2.authorize_security_group_ingress(
        GroupId=theirs["GroupId"],
        IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": ours}]}],
    )
    said = net.stays("net")
    assert f"rules of 1 group of others name {ours}: {theirs['GroupId']} (theirs)" in said


def people() -> Stack:
    """A role, a policy it has, nothing more."""
    stack = Stack("people")
    policy = stack.add("policy", "iam.policy", policy_name="writes-logs", policy=LOGS)
    stack.add(
        "role",
        "iam.role",
        role_name="worker",
        assume_role_policy=TRUST,
        managed_policy_arns=[policy.arn],
    )
    return stack


def test_an_instance_profile_with_our_role_stops_the_teardown(world: World) -> None:
    """Machines work with it."""
    world.up(people())
    iam = world.client("iam")
    iam.create_instance_profile(InstanceProfileName="theirs")
    iam.add_role_to_instance_profile(InstanceProfileName="theirs", RoleName="worker")
    assert "role: 1 instance profile of others with worker: theirs" in world.stays("people")


@pytest.mark.parametrize("how", ["has", "bound"])
def test_a_role_of_others_with_our_policy_stops_the_teardown(world: World, how: str) -> None:
    """Whether it has the policy or is bound by it."""
    world.up(people())
    iam = world.client("iam")
    arn = iam.list_policies(Scope="Local")["Policies"][0]["Arn"]
    iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=json.dumps(TRUST))
    if how == "has":
        iam.attach_role_policy(RoleName="theirs", PolicyArn=arn)
    else:
        iam.put_role_permissions_boundary(RoleName="theirs", PermissionsBoundary=arn)
    assert "policy: 1 principal of others with it: theirs" in world.stays("people")


def test_our_own_role_with_our_policy_is_in_nobodys_way(world: World) -> None:
    """Both go."""
    world.up(people())
    world.down("people").check()
    assert world.alive() == {}
