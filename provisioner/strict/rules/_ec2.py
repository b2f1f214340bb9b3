"""What EC2's rules share: its nouns, looking them up, and the states that differ from emulators'."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from provisioner.strict.rule import Answer, Call
from provisioner.strict.world import World

Item: TypeAlias = dict[str, Any]
"""An object as a Describe call answers it."""


@dataclass(frozen=True)
class Noun:
    """An object of EC2 as its calls spell it.

    Attributes:
        create: the operation that makes one.
        made: where in the answer of that the object, or its id, stands.
        describe: the operation that lists them.
        ids: the parameter of that which takes ids.
        member: of its answer.
        id: the member that is the id.
        absent: the code for an id that is not there.
        message: that goes with it, with `{}` for the id.
    """

    create: str
    made: str
    describe: str
    ids: str
    member: str
    id: str
    absent: str
    message: str

    def made_in(self, answer: Answer) -> list[str]:
        """The ids of what a create made."""
        made = answer.get(self.made)
        if isinstance(made, dict):
            return [str(made[self.id])]
        return [str(one) for one in made] if isinstance(made, list) else [str(made)]

    def missing(self, world: World, id_: str) -> None:
        """Refuse the call: there is no such object."""
        world.refuse(self.absent, self.message.format(id_))


VPC = Noun("CreateVpc", "Vpc", "DescribeVpcs", "VpcIds", "Vpcs", "VpcId", "InvalidVpcID.NotFound", "The vpc ID '{}' does not exist")  # fmt: skip
SUBNET = Noun("CreateSubnet", "Subnet", "DescribeSubnets", "SubnetIds", "Subnets", "SubnetId", "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist")  # fmt: skip
INTERNET_GATEWAY = Noun("CreateInternetGateway", "InternetGateway", "DescribeInternetGateways", "InternetGatewayIds", "InternetGateways", "InternetGatewayId", "InvalidInternetGatewayID.NotFound", "The internetGateway ID '{}' does not exist")  # fmt: skip
ADDRESS = Noun("AllocateAddress", "AllocationId", "DescribeAddresses", "AllocationIds", "Addresses", "AllocationId", "InvalidAllocationID.NotFound", "The allocation ID '{}' does not exist")  # fmt: skip
NAT_GATEWAY = Noun("CreateNatGateway", "NatGateway", "DescribeNatGateways", "NatGatewayIds", "NatGateways", "NatGatewayId", "NatGatewayNotFound", "The Nat Gateway {} was not found")  # fmt: skip
ROUTE_TABLE = Noun("CreateRouteTable", "RouteTable", "DescribeRouteTables", "RouteTableIds", "RouteTables", "RouteTableId", "InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist")  # fmt: skip
NETWORK_ACL = Noun("CreateNetworkAcl", "NetworkAcl", "DescribeNetworkAcls", "NetworkAclIds", "NetworkAcls", "NetworkAclId", "InvalidNetworkAclID.NotFound", "The networkAcl ID '{}' does not exist")  # fmt: skip
GROUP = Noun("CreateSecurityGroup", "GroupId", "DescribeSecurityGroups", "GroupIds", "SecurityGroups", "GroupId", "InvalidGroup.NotFound", "The security group '{}' does not exist")  # fmt: skip
ENDPOINT = Noun("CreateVpcEndpoint", "VpcEndpoint", "DescribeVpcEndpoints", "VpcEndpointIds", "VpcEndpoints", "VpcEndpointId", "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{}' does not exist")  # fmt: skip
FLOW_LOG = Noun("CreateFlowLogs", "FlowLogIds", "DescribeFlowLogs", "FlowLogIds", "FlowLogs", "FlowLogId", "InvalidFlowLogId.NotFound", "The flow log id '{}' does not exist")  # fmt: skip
INTERFACE = Noun("CreateNetworkInterface", "NetworkInterface", "DescribeNetworkInterfaces", "NetworkInterfaceIds", "NetworkInterfaces", "NetworkInterfaceId", "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '{}' does not exist")  # fmt: skip
NOUNS = (
    VPC,
    SUBNET,
    INTERNET_GATEWAY,
    ADDRESS,
    NAT_GATEWAY,
    ROUTE_TABLE,
    NETWORK_ACL,
    GROUP,
    ENDPOINT,
    FLOW_LOG,
    INTERFACE,
)
"""Source: the API reference of each operation, and its list of error codes."""
DESCRIBES = {f"ec2.{noun.describe}": noun for noun in NOUNS}
CREATES = {f"ec2.{noun.create}": noun for noun in NOUNS}

CREATED = "ec2.created"
"""When something was made: noted for its id."""
LET_GO = "ec2.let-go"
"""When a NAT gateway let something go: noted for its address's allocation id and for its VPC."""
LIVE_GATEWAY = frozenset({"pending", "available", "deleting"})
"""The states in which a NAT gateway holds its subnet and address."""


def matching(world: World, noun: Noun, filters: Mapping[str, str] | None = None) -> list[Item]:
    """What the emulator has of a noun, by filters; gateways, endpoints and logs that live."""
    named = [{"Name": name, "Values": [value]} for name, value in (filters or {}).items()]
    found = described(world, noun, {_filters(noun): named} if named else {})[noun.member]
    return [item for item in found if str(item.get("State", "")).lower() != "deleted"]


def one(world: World, noun: Noun, id_: str) -> Item | None:
    """The object with an id; None if it is not there. Answers, too, what is gone but listed."""
    found = described(world, noun, {})[noun.member]
    return next((item for item in found if item.get(noun.id) == id_), None)


def described(world: World, noun: Noun, params: Mapping[str, Any]) -> Answer:
    """The emulator's answer to the Describe call of a noun."""
    operation = re.sub(r"(?<!^)(?=[A-Z])", "_", noun.describe).lower()
    answer: Answer = getattr(world.client("ec2"), operation)(**params)
    return answer


def _filters(noun: Noun) -> str:
    return "Filter" if noun in (NAT_GATEWAY, FLOW_LOG) else "Filters"


def filters_of(call: Call) -> dict[str, list[str]]:
    """Filter name → values; two operations spell the parameter `Filter`."""
    given: Sequence[Any] = call.params.get("Filters") or call.params.get("Filter") or ()
    return {str(one["Name"]): [str(value) for value in one["Values"]] for one in given}


def listed(
    world: World, call: Call, noun: Noun, state_filter: str, keep: Callable[[Item], bool]
) -> Answer:
    """List objects as AWS does whose states differ from the emulator's.

    Args:
        world: to look around in.
        call: the Describe call.
        noun: what is listed.
        state_filter: the filter that names states; it is applied to AWS's states.
        keep: gives an object its state, and tells whether AWS lists it.
    """
    name = _filters(noun)
    filters = [one for one in call.params.get(name, ()) if one["Name"] != state_filter]
    params = {key: value for key, value in call.params.items() if key != name}
    answer = described(world, noun, {**params, name: filters} if filters else params)
    states = filters_of(call).get(state_filter)
    kept = [item for item in answer[noun.member] if keep(item)]
    answer[noun.member] = [item for item in kept if not states or item["State"] in states]
    return answer


def note_let_go(world: World, gateway: Item) -> None:
    """Remember that a NAT gateway is gone now."""
    world.note(LET_GO, str(gateway["VpcId"]))
    for address in gateway.get("NatGatewayAddresses", ()):
        world.note(LET_GO, str(address.get("AllocationId")))


def note_gone_at_once(world: World, call: Call, answer: Answer) -> None:
    """For emulators that take a NAT gateway away at once: remember it after the delete call."""
    del answer
    gateway = one(world, NAT_GATEWAY, str(call.params["NatGatewayId"]))
    if gateway and gateway["State"] == "deleted":
        note_let_go(world, gateway)


def texts(value: Any) -> Iterator[str]:
    """Every text in a parameter, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)
