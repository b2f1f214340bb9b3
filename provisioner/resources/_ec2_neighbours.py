"""What stands in a VPC or subnet, or leans on a group, and is not deleted with it.

AWS refuses to delete a VPC, a subnet or a group as long as anything is in it, and does not say
what. Here it is found beforehand, with whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Obstacle
from provisioner.quantities import counted, enumerated
from provisioner.resources._ec2 import INTERFACES, Item, Listing
from provisioner.resources._lambda_interfaces import all_functions, is_lambdas, users_of

IDS = re.compile(r"\b[a-z]+-[0-9a-f]{8,17}\b")
LEAVING = frozenset({"deleted", "deleting", "rejected", "expired", "failed", "detached"})
GUARD_DUTY = "GuardDuty"
HINT = "Delete them first, or leave what they are in out of the stack."


@dataclass(frozen=True, slots=True)
class Tenant:
    """A sort of thing that stands in a VPC.

    Attributes:
        noun: for one of them.
        listing: finds them.
        within: the filter that takes a VPC's id.
        counts: whether one is in the way; AWS's own default ones are not.
    """

    noun: str
    listing: Listing
    within: str
    counts: Callable[[Item], bool] = lambda _: True


def _alive(item: Item) -> bool:
    return str(item.get("State", "")).lower() not in LEAVING


def _linked(item: Item) -> bool:
    return str(item.get("Status", {}).get("Code", "")) not in LEAVING


GATEWAYS = Listing("describe_nat_gateways", "NatGateways", "NatGatewayId", "", filters="Filter")
ENDPOINTS = Listing("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", "")
TENANTS = (
    Tenant("subnet", Listing("describe_subnets", "Subnets", "SubnetId", ""), "vpc-id"),
    Tenant(
        "security group",
        Listing("describe_security_groups", "SecurityGroups", "GroupId", ""),
        "vpc-id",
        lambda item: item["GroupName"] != "default",
    ),
    Tenant(
        "route table",
        Listing("describe_route_tables", "RouteTables", "RouteTableId", ""),
        "vpc-id",
        lambda item: not any(one.get("Main") for one in item.get("Associations", ())),
    ),
    Tenant(
        "network ACL",
        Listing("describe_network_acls", "NetworkAcls", "NetworkAclId", ""),
        "vpc-id",
        lambda item: not item.get("IsDefault"),
    ),
    Tenant(
        "internet gateway",
        Listing("describe_internet_gateways", "InternetGateways", "InternetGatewayId", ""),
        "attachment.vpc-id",
    ),
    Tenant("NAT gateway", GATEWAYS, "vpc-id", _alive),
    Tenant("endpoint", ENDPOINTS, "vpc-id", _alive),
    Tenant(
        "VPN gateway",
        Listing("describe_vpn_gateways", "VpnGateways", "VpnGatewayId", "", pages=False),
        "attachment.vpc-id",
        _alive,
    ),
    *(
        Tenant(
            "peering connection",
            Listing(
                "describe_vpc_peering_connections",
                "VpcPeeringConnections",
                "VpcPeeringConnectionId",
                "",
            ),
            f"{side}-vpc-info.vpc-id",
            _linked,
        )
        for side in ("requester", "accepter")
    ),
)
"""What AWS wants gone from a VPC before the VPC; interfaces apart."""


def in_vpc(aws: Aws, id_: str, ids: frozenset[str]) -> Iterator[Obstacle]:
    """What others have in a VPC: one call for each sort of thing, side by side."""
    found = aws.gather([partial(_tenants, aws, tenant, id_) for tenant in TENANTS])
    for tenant, items in zip(TENANTS, found, strict=True):
        foreign = [item for item in items if item[tenant.listing.id_member] not in ids]
        if foreign:
            named = [_named(item, tenant.listing.id_member) for item in foreign]
            told = f"{counted(len(named), tenant.noun)} of others in {id_}: {enumerated(named)}"
            yield Obstacle(told, _hint(foreign))
    yield from interfaces(aws, {"vpc-id": [id_]}, id_, ids)


def interfaces(
    aws: Aws, filters: Mapping[str, Sequence[str]], where: str, ids: frozenset[str]
) -> Iterator[Obstacle]:
    """Interfaces of others in a VPC, a subnet or a group, with whose they are."""
    found = INTERFACES.matching(aws, filters)
    functions = all_functions(aws) if any(is_lambdas(one) for one in found) else []
    foreign = {}
    for one in found:
        if is_lambdas(one):
            users = [name for name in users_of(one, functions) if name not in ids]
            whose = f"of function {', '.join(users)}" if users else ""
        else:
            whose = "" if _goes(one, ids) else _whose(one)
        if whose:
            foreign[str(one["NetworkInterfaceId"])] = whose
    if foreign:
        going = _interfaces_of(aws, ids, sorted({str(one["VpcId"]) for one in found}))
        foreign = {id_: whose for id_, whose in foreign.items() if id_ not in going}
    if foreign:
        named = [f"{id_} {whose}" for id_, whose in sorted(foreign.items())]
        yield Obstacle(
            f"{counted(len(named), 'interface')} of others in {where}: {enumerated(named)}", HINT
        )


def leaning_on(aws: Aws, id_: str, ids: frozenset[str]) -> Iterator[Obstacle]:
    """Groups of others whose rules name a group."""
    listing = Listing("describe_security_groups", "SecurityGroups", "GroupId", "")
    sides = ("ip-permission.group-id", "egress.ip-permission.group-id")
    found = aws.gather([partial(listing.matching, aws, {side: [id_]}) for side in sides])
    foreign = {str(one["GroupId"]): one for items in found for one in items}
    named = [_named(one, "GroupId") for group, one in sorted(foreign.items()) if group not in ids]
    if named:
        yield Obstacle(
            f"rules of {counted(len(named), 'group')} of others name {id_}: {enumerated(named)}",
            "Take these rules away first.",
        )


def _tenants(aws: Aws, tenant: Tenant, vpc: str) -> list[Item]:
    found = tenant.listing.matching(aws, {tenant.within: [vpc]})
    return [item for item in found if tenant.counts(item)]


def _named(item: Item, id_member: str) -> str:
    """An id with the name that people know it by."""
    tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags", ())}
    name = item.get("GroupName") or item.get("ServiceName") or tags.get("Name")
    return f"{item[id_member]} ({name})" if name else str(item[id_member])


def _goes(interface: Item, ids: frozenset[str]) -> bool:
    """Whether an interface belongs to something that is deleted: its description names that."""
    text = str(interface.get("Description", ""))
    attached = str(interface.get("Attachment", {}).get("InstanceId", ""))
    named = {str(interface["NetworkInterfaceId"]), attached, *IDS.findall(text)}
    return bool(named & ids)


def _interfaces_of(aws: Aws, ids: frozenset[str], vpcs: Sequence[str]) -> set[str]:
    """The interfaces of endpoints and NAT gateways that go, as those tell them."""
    endpoints, gateways = aws.gather(
        [
            partial(ENDPOINTS.matching, aws, {"vpc-id": vpcs}),
            partial(GATEWAYS.matching, aws, {"vpc-id": vpcs}),
        ]
    )
    mine = [item for item in endpoints if item["VpcEndpointId"] in ids]
    told = [str(one) for item in mine for one in item.get("NetworkInterfaceIds", ())]
    for item in gateways:
        if item["NatGatewayId"] in ids:
            addresses = item.get("NatGatewayAddresses", ())
            told += [str(one.get("NetworkInterfaceId")) for one in addresses]
    return {*told}


def _whose(interface: Item) -> str:
    """Whose an interface is, as far as it says."""
    attachment = interface.get("Attachment", {})
    if instance := attachment.get("InstanceId"):
        return f"of instance {instance}"
    text = interface.get("Description") or interface.get("InterfaceType") or "without a description"
    requester = interface.get("RequesterId") if interface.get("RequesterManaged") else ""
    return f"({text}, made by {requester})" if requester else f"({text})"


def _hint(items: Iterable[Item]) -> str:
    names = [str(item.get("GroupName") or item.get("ServiceName") or "") for item in items]
    if any(GUARD_DUTY.lower() in name.lower() for name in names):
        return "Switch GuardDuty's runtime monitoring off for this VPC; then delete what it left."
    return HINT
