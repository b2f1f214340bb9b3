"""How many there may be of each, in an account that never asked for more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._ec2 import (
    ADDRESS,
    ENDPOINT,
    GROUP,
    INTERNET_GATEWAY,
    LIVE_GATEWAY,
    NAT_GATEWAY,
    ROUTE_TABLE,
    SUBNET,
    VPC,
    Item,
    Noun,
    matching,
    one,
)
from provisioner.strict.world import World


@dataclass(frozen=True)
class Quota:
    """At most so many of a noun.

    Attributes:
        noun: what is counted.
        limit: how many there may be.
        code: that refuses one more.
        what: as the message names them.
        within: the parameter that names what they are counted in, if not the region.
        counts: whether one of them counts.
    """

    noun: Noun
    limit: int
    code: str
    what: str
    within: str = ""
    counts: Callable[[Item], bool] = bool


QUOTAS = (
    Quota(VPC, 5, "VpcLimitExceeded", "VPCs"),
    Quota(INTERNET_GATEWAY, 5, "InternetGatewayLimitExceeded", "internet gateways"),
    Quota(ADDRESS, 5, "AddressLimitExceeded", "addresses"),
    Quota(SUBNET, 200, "SubnetLimitExceeded", "subnets", "VpcId"),
    Quota(ROUTE_TABLE, 200, "RouteTableLimitExceeded", "route tables", "VpcId"),
    Quota(
        ENDPOINT,
        50,
        "VpcEndpointLimitExceeded",
        "VPC endpoints",
        "VpcId",
        lambda item: str(item.get("VpcEndpointType")).lower() == "interface",
    ),
)
GATEWAYS_PER_ZONE = 5
RULES_PER_GROUP = 60


def _refuse_more(quota: Quota, world: World, call: Call) -> Answer | None:
    inside = {"vpc-id": str(call.params[quota.within])} if quota.within else {}
    coming = [
        other
        for other in world.others(call, str(call))
        if other.params.get(quota.within) == call.params.get(quota.within)
    ]
    have = sum(map(quota.counts, matching(world, quota.noun, inside)))
    if have + len(coming) >= quota.limit:
        world.refuse(quota.code, f"The maximum number of {quota.what} has been reached.")
    return None


def _refuse_gateway(world: World, call: Call) -> Answer | None:
    """NAT gateways are counted by zone."""
    subnet = one(world, SUBNET, str(call.params["SubnetId"]))
    zone = subnet["AvailabilityZone"] if subnet else ""
    subnets = {
        each["SubnetId"] for each in matching(world, SUBNET) if each["AvailabilityZone"] == zone
    }
    gateways = [each for each in matching(world, NAT_GATEWAY) if each["SubnetId"] in subnets]
    if sum(each["State"] in LIVE_GATEWAY for each in gateways) >= GATEWAYS_PER_ZONE:
        message = f"The maximum number of NAT gateways in {zone} has been reached."
        world.refuse("NatGatewayLimitExceeded", message)
    return None


def _refuse_rules(direction: str, world: World, call: Call) -> Answer | None:
    """Rules are counted by group and direction, one per source."""
    group = one(world, GROUP, str(call.params.get("GroupId")))
    have = _sources(group[direction]) if group else 0
    if have + _sources(call.params.get("IpPermissions", [])) > RULES_PER_GROUP:
        message = "The maximum number of rules per security group has been reached."
        world.refuse("RulesPerSecurityGroupLimitExceeded", message)
    return None


def _sources(permissions: list[Item]) -> int:
    members = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
    return sum(len(each.get(member, ())) for each in permissions for member in members)


RULES = (
    Rule(
        name="ec2.quotas",
        source="EC2: quotas; Amazon VPC User Guide, Quotas",
        says="An account has 5 VPCs, internet gateways and addresses a region, 5 NAT gateways a "
        "zone, 200 subnets and route tables and 50 interface endpoints a VPC, and 60 rules a "
        "group: one more is refused with …LimitExceeded.",
        before={
            **{f"ec2.{quota.noun.create}": partial(_refuse_more, quota) for quota in QUOTAS},
            "ec2.CreateNatGateway": _refuse_gateway,
            "ec2.AuthorizeSecurityGroupIngress": partial(_refuse_rules, "IpPermissions"),
            "ec2.AuthorizeSecurityGroupEgress": partial(_refuse_rules, "IpPermissionsEgress"),
        },
    ),
)
UNPLAYED = (
    Unplayed(
        "Gateway endpoints, groups and interfaces have quotas in the hundreds and thousands.",
        "No test gets there; the codes end in LimitExceeded like the others.",
    ),
)
