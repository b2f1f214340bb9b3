"""VPCs and subnets: their networks, states, attributes, and what keeps them."""

from __future__ import annotations

from functools import partial
from ipaddress import ip_network
from typing import Any

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._ec2 import (
    CREATED,
    ENDPOINT,
    GROUP,
    INTERFACE,
    INTERNET_GATEWAY,
    NETWORK_ACL,
    ROUTE_TABLE,
    SUBNET,
    VPC,
    Item,
    Noun,
    listed,
    matching,
)
from provisioner.strict.world import World

PENDING_SECONDS = 6.0
LAG_SECONDS = 5.0
"""So long a VPC lags behind the last thing that left it."""
LEFT = "ec2.left-a-vpc"
"""When something last left any VPC, by region."""
CIDRS = ("CidrBlock", "DestinationCidrBlock", "CidrIp", "CidrIpv6", "DestinationIpv6CidrBlock")


def _canonical(world: World, call: Call) -> Answer | None:
    """Have networks stored as AWS stores them: without host bits."""
    for name in ("IpPermissions", *CIDRS):
        if name in call.params:
            call.params[name] = _networked({name: call.params[name]})[name]
    return None


def _networked(value: Any) -> Any:
    if isinstance(value, list):
        return [_networked(item) for item in value]
    if isinstance(value, dict):
        return {
            name: _network(item) if name in CIDRS else _networked(item)
            for name, item in value.items()
        }
    return value


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return text  # for the emulator to refuse


def _list(noun: Noun, world: World, call: Call) -> Answer:
    return listed(world, call, noun, "state", partial(_aged, world, noun))


def _show_made(noun: Noun, world: World, call: Call, answer: Answer) -> None:
    _aged(world, noun, answer[noun.made])


def _aged(world: World, noun: Noun, item: Item) -> bool:
    if world.age(CREATED, str(item[noun.id])) < PENDING_SECONDS:
        item["State"] = "pending"
    return True


def _refuse_attributes(world: World, call: Call) -> Answer | None:
    """Take one attribute a call, and host names only with DNS support."""
    given = sorted(set(call.params) - {"VpcId", "SubnetId"})
    if len(given) > 1:
        names = ", ".join(name[0].lower() + name[1:] for name in given)
        message = f"Fields for multiple attribute types specified: {names}"
        world.refuse("InvalidParameterCombination", message)
    if call.params.get("EnableDnsHostnames", {}).get("Value"):
        vpc = call.params["VpcId"]
        answer = world.client("ec2").describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
        if not answer["EnableDnsSupport"]["Value"]:
            message = f"DNS hostnames of {vpc} need DNS support to be enabled"
            world.refuse("InvalidParameterValue", message)
    return None


def _refuse_inhabited(world: World, call: Call) -> Answer | None:
    """Keep a subnet in which an interface lives."""
    id_ = str(call.params["SubnetId"])
    if matching(world, INTERFACE, {"subnet-id": id_}):
        message = f"The subnet '{id_}' has dependencies and cannot be deleted."
        world.refuse("DependencyViolation", message)
    return None


def _refuse_used(world: World, call: Call) -> Answer | None:
    """Keep a VPC that holds anything of its own, and some seconds longer."""
    id_ = str(call.params["VpcId"])
    lags = world.age(LEFT, call.region) < LAG_SECONDS
    if matching(world, VPC, {"vpc-id": id_}) and (lags or _holds(world, id_)):
        message = f"The vpc '{id_}' has dependencies and cannot be deleted."
        world.refuse("DependencyViolation", message)
    return None


def _holds(world: World, id_: str) -> bool:
    inside = {"vpc-id": id_}
    nouns = (SUBNET, INTERFACE, ENDPOINT)
    return (
        any(matching(world, noun, inside) for noun in nouns)
        or bool(matching(world, INTERNET_GATEWAY, {"attachment.vpc-id": id_}))
        or any(each["GroupName"] != "default" for each in matching(world, GROUP, inside))
        or any(not each["IsDefault"] for each in matching(world, NETWORK_ACL, inside))
        or any(not _main(table) for table in matching(world, ROUTE_TABLE, inside))
    )


def _main(table: Item) -> bool:
    return any(association.get("Main") for association in table.get("Associations", ()))


def _note_left(world: World, call: Call, answer: Answer) -> None:
    world.note(LEFT, call.region)


LEAVES = (
    "ec2.DeleteSubnet",
    "ec2.DeleteSecurityGroup",
    "ec2.DeleteRouteTable",
    "ec2.DeleteNetworkAcl",
    "ec2.DetachInternetGateway",
)
RULES = (
    Rule(
        name="ec2.canonical-networks",
        source="VPC, subnet, route, security group rule, ACL entry: CIDR; EC2 API Reference, "
        "CreateVpc",
        says="A network with host bits, 10.1.2.3/16, is stored as the network it is in, "
        "10.1.0.0/16.",
        before={
            f"ec2.{operation}": _canonical
            for operation in (
                "CreateVpc",
                "CreateSubnet",
                "*Route",
                "*SecurityGroup*gress",
                "*NetworkAclEntry",
            )
        },
    ),
    Rule(
        name="ec2.pending",
        source="VPC and subnet: states; EC2 API Reference, Vpc and Subnet",
        says="A new VPC or subnet is pending for some seconds.",
        before={
            "ec2.DescribeVpcs": partial(_list, VPC),
            "ec2.DescribeSubnets": partial(_list, SUBNET),
        },
        after={
            "ec2.CreateVpc": partial(_show_made, VPC),
            "ec2.CreateSubnet": partial(_show_made, SUBNET),
        },
    ),
    Rule(
        name="ec2.one-attribute",
        source="VPC and subnet: attributes; EC2 API Reference, ModifyVpcAttribute",
        says="Attributes of a VPC or subnet are changed one a call (InvalidParameterCombination), "
        "and DNS host names need DNS support.",
        before={
            "ec2.ModifyVpcAttribute": _refuse_attributes,
            "ec2.ModifySubnetAttribute": _refuse_attributes,
        },
    ),
    Rule(
        name="ec2.subnet-dependencies",
        source="Subnet: delete; EC2 API Reference, DeleteSubnet",
        says="A subnet can't be deleted while any network interface is in it, be it of a NAT "
        "gateway, an endpoint or a function (DependencyViolation).",
        before={"ec2.DeleteSubnet": _refuse_inhabited},
    ),
    Rule(
        name="ec2.vpc-dependencies",
        source="VPC: delete; EC2 API Reference, DeleteVpc",
        says="A VPC can't be deleted while anything is in it that AWS did not make itself, nor for "
        "some seconds after the last of that is gone (DependencyViolation).",
        before={"ec2.DeleteVpc": _refuse_used},
        after=dict.fromkeys(LEAVES, _note_left),
    ),
)
UNPLAYED = (
    Unplayed(
        "Subnets that overlap or lie outside of their VPC are refused.",
        "The emulator does so by itself: InvalidSubnet.Conflict, InvalidSubnet.Range.",
    ),
    Unplayed(
        "A changed attribute of a VPC reads back old for some seconds.",
        "Kinds don't read back what they sent; a run that starts within those seconds would send "
        "the same value once more.",
    ),
    Unplayed(
        "IPv6 networks, IPAM pools, peerings, VPN and egress-only gateways hold a VPC.",
        "There is no kind for them.",
    ),
    Unplayed(
        "GuardDuty puts endpoints and groups of its own into a VPC.",
        "They are foreign objects like any other: the delete is refused while they are there.",
    ),
)
