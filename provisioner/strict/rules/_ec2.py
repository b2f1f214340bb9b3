"""What EC2's rules share: its nouns, and matching an object against filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from provisioner.strict.rule import Answer, Call
from provisioner.strict.world import World


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
        absent_message: with `{}` for the id.
    """

    create: str
    made: str
    describe: str
    ids: str
    member: str
    id: str
    absent: str
    absent_message: str

    def made_in(self, answer: Answer) -> list[str]:
        """The ids of what a create made."""
        made = answer.get(self.made)
        if isinstance(made, dict):
            return [str(made[self.id])]
        return [str(one) for one in made] if isinstance(made, list) else [str(made)]

    def missing(self, world: World, id_: str) -> None:
        """Refuse the call: there is no such object."""
        world.refuse(self.absent, self.absent_message.format(id_))


NOUNS = (
    Noun(
        "CreateVpc",
        "Vpc",
        "DescribeVpcs",
        "VpcIds",
        "Vpcs",
        "VpcId",
        "InvalidVpcID.NotFound",
        "The vpc ID '{}' does not exist",
    ),
    Noun(
        "CreateSubnet",
        "Subnet",
        "DescribeSubnets",
        "SubnetIds",
        "Subnets",
        "SubnetId",
        "InvalidSubnetID.NotFound",
        "The subnet ID '{}' does not exist",
    ),
    Noun(
        "CreateInternetGateway",
        "InternetGateway",
        "DescribeInternetGateways",
        "InternetGatewayIds",
        "InternetGateways",
        "InternetGatewayId",
        "InvalidInternetGatewayID.NotFound",
        "The internetGateway ID '{}' does not exist",
    ),
    Noun(
        "AllocateAddress",
        "AllocationId",
        "DescribeAddresses",
        "AllocationIds",
        "Addresses",
        "AllocationId",
        "InvalidAllocationID.NotFound",
        "The allocation ID '{}' does not exist",
    ),
    Noun(
        "CreateNatGateway",
        "NatGateway",
        "DescribeNatGateways",
        "NatGatewayIds",
        "NatGateways",
        "NatGatewayId",
        "NatGatewayNotFound",
        "The Nat Gateway {} was not found",
    ),
    Noun(
        "CreateRouteTable",
        "RouteTable",
        "DescribeRouteTables",
        "RouteTableIds",
        "RouteTables",
        "RouteTableId",
        "InvalidRouteTableID.NotFound",
        "The routeTable ID '{}' does not exist",
    ),
    Noun(
        "CreateNetworkAcl",
        "NetworkAcl",
        "DescribeNetworkAcls",
        "NetworkAclIds",
        "NetworkAcls",
        "NetworkAclId",
        "InvalidNetworkAclID.NotFound",
        "The networkAcl ID '{}' does not exist",
    ),
    Noun(
        "CreateSecurityGroup",
        "GroupId",
        "DescribeSecurityGroups",
        "GroupIds",
        "SecurityGroups",
        "GroupId",
        "InvalidGroup.NotFound",
        "The security group '{}' does not exist",
    ),
    Noun(
        "CreateVpcEndpoint",
        "VpcEndpoint",
        "DescribeVpcEndpoints",
        "VpcEndpointIds",
        "VpcEndpoints",
        "VpcEndpointId",
        "InvalidVpcEndpointId.NotFound",
        "The Vpc Endpoint Id '{}' does not exist",
    ),
    Noun(
        "CreateFlowLogs",
        "FlowLogIds",
        "DescribeFlowLogs",
        "FlowLogIds",
        "FlowLogs",
        "FlowLogId",
        "InvalidFlowLogId.NotFound",
        "The flow log id '{}' does not exist",
    ),
)
"""Source: the API reference of each operation, and its list of error codes."""

NAT_GATEWAY = NOUNS[4]
GATEWAY_NOTES = "ec2.address-let-go"
"""When a NAT gateway let an address go: noted for its allocation id."""
DESCRIBES = {f"ec2.{noun.describe}": noun for noun in NOUNS}
CREATES = {f"ec2.{noun.create}": noun for noun in NOUNS}


def filters_of(call: Call) -> dict[str, list[str]]:
    """Filter name → values; two operations spell the parameter `Filter`."""
    given: Sequence[Any] = call.params.get("Filters") or call.params.get("Filter") or ()
    return {str(one["Name"]): [str(value) for value in one["Values"]] for one in given}


def listed(
    world: World,
    call: Call,
    noun: Noun,
    state_filter: str,
    keep: Callable[[dict[str, Any]], bool],
) -> Answer:
    """List objects as AWS does whose states differ from the emulator's.

    Args:
        world: to look around in.
        call: the Describe call.
        noun: what is listed.
        state_filter: the filter that names states; it is applied to AWS's states.
        keep: gives an object its state, and tells whether AWS lists it.
    """
    name = "Filter" if "Filter" in call.params else "Filters"
    filters = [one for one in call.params.get(name, ()) if one["Name"] != state_filter]
    params = {**call.params, name: filters} if filters else _without(call.params, name)
    operation = re.sub(r"(?<!^)(?=[A-Z])", "_", noun.describe).lower()
    answer: Answer = getattr(world.client("ec2"), operation)(**params)
    states = filters_of(call).get(state_filter)
    kept = [item for item in answer[noun.member] if keep(item)]
    answer[noun.member] = [item for item in kept if not states or item["State"] in states]
    return answer


def _without(params: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in params.items() if key != name}


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


def interfaces(world: World, name: str, value: str) -> list[dict[str, Any]]:
    """The network interfaces that match a filter."""
    filters = [{"Name": name, "Values": [value]}]
    found = world.client("ec2").describe_network_interfaces(Filters=filters)
    return [*found["NetworkInterfaces"]]
