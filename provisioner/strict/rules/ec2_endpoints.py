"""VPC endpoints: interface ones take minutes to come and to go, and are made one at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from math import inf

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._ec2 import (
    CREATED,
    ENDPOINT,
    GROUP,
    ROUTE_TABLE,
    SUBNET,
    Item,
    listed,
    matching,
    one,
)
from provisioner.strict.world import World

PENDING_SECONDS = 75.0
CHANGING_SECONDS = 15.0
DELETING_SECONDS = 45.0
DRAINING_SECONDS = 90.0
"""So long the interfaces of an endpoint outlive it."""
ALONE_SECONDS = 1.0
DELETING = "ec2.endpoint-deleting"
CHANGED = "ec2.endpoint-changed"
STARTED = "ec2.endpoint-started"
"""When an endpoint was last begun in a VPC."""


def _is_interface(endpoint: Item) -> bool:
    return str(endpoint.get("VpcEndpointType", "Gateway")).lower() == "interface"


def _list(world: World, call: Call) -> Answer:
    return listed(world, call, ENDPOINT, "vpc-endpoint-state", partial(_aged, world))


def _show_made(world: World, call: Call, answer: Answer) -> None:
    _aged(world, answer["VpcEndpoint"])


def _aged(world: World, endpoint: Item) -> bool:
    """Give an endpoint the state of its age; tells whether it is listed still."""
    id_ = str(endpoint["VpcEndpointId"])
    if endpoint["State"].lower() == "deleted":
        return False
    leaving = world.age(DELETING, id_)
    if leaving < inf:
        endpoint["State"] = "deleting"
        return leaving < DELETING_SECONDS
    if _is_interface(endpoint) and _changing(world, id_):
        endpoint["State"] = "pending"
    return True


def _changing(world: World, id_: str) -> bool:
    new = world.age(CREATED, id_) < PENDING_SECONDS
    return new or world.age(CHANGED, id_) < CHANGING_SECONDS


def _delete(world: World, call: Call) -> Answer | None:
    """Answer that they are going, with those that aren't there in a list of their own."""
    unsuccessful = []
    for id_ in call.params["VpcEndpointIds"]:
        endpoint = one(world, ENDPOINT, id_)
        if endpoint is None or not _aged(world, endpoint):
            unsuccessful.append(_absent(id_))
        elif world.age(DELETING, id_) == inf:
            world.note(DELETING, id_)
            slow = DELETING_SECONDS + DRAINING_SECONDS if _is_interface(endpoint) else 0
            world.later(slow, partial(_end, world, id_))
    return {"Unsuccessful": unsuccessful}


def _absent(id_: str) -> Item:
    message = f"The Vpc Endpoint Id '{id_}' does not exist"
    return {
        "ResourceId": id_,
        "Error": {"Code": "InvalidVpcEndpoint.NotFound", "Message": message},
    }


def _end(world: World, id_: str) -> None:
    world.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[id_])


def _refuse_busy(world: World, call: Call) -> Answer | None:
    """Refuse a change while another one is under way."""
    id_ = str(call.params["VpcEndpointId"])
    endpoint = one(world, ENDPOINT, id_)
    if endpoint and _is_interface(endpoint) and _changing(world, id_):
        message = (
            "Cannot initiate another change for this endpoint at this time. "
            "Please try again in a few minutes."
        )
        world.refuse("ConcurrentMutationLimitExceeded", message)
    return None


def _note_change(world: World, call: Call, answer: Answer) -> None:
    world.note(CHANGED, str(call.params["VpcEndpointId"]))


def _refuse_side_by_side(world: World, call: Call) -> Answer | None:
    """Make one at a time in a VPC."""
    vpc = str(call.params["VpcId"])
    others = world.others(call, "ec2.CreateVpcEndpoint")
    begun = world.age(STARTED, vpc) < ALONE_SECONDS
    if begun or any(other.params.get("VpcId") == vpc for other in others):
        message = "Endpoint cannot be created while another endpoint is being created"
        world.refuse("OperationNotPermitted", message)
    return None


def _note_start(world: World, call: Call, answer: Answer) -> None:
    world.note(STARTED, str(call.params["VpcId"]))


def _refuse_duplicate(world: World, call: Call) -> Answer | None:
    """Refuse a second endpoint that would answer to the same name or prefix list."""
    vpc, service = str(call.params["VpcId"]), str(call.params["ServiceName"])
    rivals = [
        endpoint
        for endpoint in matching(world, ENDPOINT, {"vpc-id": vpc})
        if endpoint["ServiceName"] == service and _aged(world, endpoint)
    ]
    for rival in rivals:
        if _is_interface(rival) and _private(call) and rival.get("PrivateDnsEnabled"):
            region, _, name = service.removeprefix("com.amazonaws.").partition(".")
            message = (
                "private-dns-enabled cannot be set because there is already a conflicting DNS "
                f"domain for {name}.{region}.amazonaws.com in the VPC {vpc}"
            )
            world.refuse("InvalidParameter", message)
        shared = {*rival.get("RouteTableIds", ())} & {*call.params.get("RouteTableIds", ())}
        for table in sorted(shared):
            message = f"route table {table} already has a route with destination-prefix-list-id"
            world.refuse("RouteAlreadyExists", f"{message} of {service}")
    return None


def _private(call: Call) -> bool:
    """Whether the endpoint takes over the service's name; that is AWS's default."""
    return _is_interface(call.params) and call.params.get("PrivateDnsEnabled") is not False


def _refuse_without_dns(world: World, call: Call) -> Answer | None:
    """Refuse to take over a name where the VPC's DNS does not work."""
    vpc = str(call.params["VpcId"])
    if _private(call) and not all(_dns(world, vpc)):
        message = (
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC "
            f"attributes set to true for {vpc}"
        )
        world.refuse("InvalidParameter", message)
    return None


def _dns(world: World, vpc: str) -> Sequence[bool]:
    ask = world.client("ec2").describe_vpc_attribute
    support = ask(VpcId=vpc, Attribute="enableDnsSupport")["EnableDnsSupport"]
    names = ask(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]
    return bool(support["Value"]), bool(names["Value"])


def _refuse_same_zone(world: World, call: Call) -> Answer | None:
    """An interface endpoint has one subnet a zone."""
    seen: set[str] = set()
    for id_ in call.params.get("SubnetIds", ()):
        for subnet in matching(world, SUBNET, {"subnet-id": id_}):
            if subnet["AvailabilityZone"] in seen:
                message = (
                    f"Found another VPC endpoint subnet in the availability zone of {id_}. VPC "
                    "endpoint subnets should be in different availability zones supported by the "
                    "VPC endpoint service."
                )
                world.refuse("DuplicateSubnetsInSameZone", message)
            seen.add(subnet["AvailabilityZone"])
    return None


def _fill_in(world: World, call: Call) -> Answer | None:
    """Say what AWS takes for granted: the type, and the default group of the VPC."""
    call.params.setdefault("VpcEndpointType", "Gateway")
    if _is_interface(call.params):
        call.params.setdefault("PrivateDnsEnabled", True)
    if _is_interface(call.params) and not call.params.get("SecurityGroupIds"):
        default = {"vpc-id": str(call.params["VpcId"]), "group-name": "default"}
        call.params["SecurityGroupIds"] = [
            group["GroupId"] for group in matching(world, GROUP, default)
        ]
    return None


def _reserialize(world: World, call: Call, answer: Answer) -> None:
    """A policy comes back in AWS's own writing."""
    for endpoint in answer["VpcEndpoints"]:
        if text := endpoint.get("PolicyDocument"):
            endpoint["PolicyDocument"] = json.dumps(json.loads(text), indent=1, sort_keys=True)


def _refuse_foreign_tables(world: World, call: Call) -> Answer | None:
    """The route tables of a gateway endpoint are of its VPC."""
    for id_ in call.params.get("RouteTableIds", ()):
        table = one(world, ROUTE_TABLE, id_)
        if table is None:
            ROUTE_TABLE.missing(world, id_)
        elif table["VpcId"] != call.params["VpcId"]:
            message = f"Route table {id_} does not belong to {call.params['VpcId']}"
            world.refuse("InvalidParameter", message)
    return None


RULES = (
    Rule(
        name="ec2.endpoint-defaults",
        source="VPC endpoint: defaults; EC2 API Reference, CreateVpcEndpoint",
        says="An endpoint without a type is a gateway one; an interface one without groups gets "
        "the VPC's default group; policies come back written anew.",
        before={"ec2.CreateVpcEndpoint": _fill_in},
        after={"ec2.DescribeVpcEndpoints": _reserialize},
    ),
    Rule(
        name="ec2.endpoint-states",
        source="VPC endpoint: states; Amazon VPC User Guide, Access an AWS service",
        says="An interface endpoint is pending for a minute or more after its create and shortly "
        "after a change, deleting for most of a minute, and its interfaces hold subnets and groups "
        "for minutes after it is gone.",
        before={"ec2.DescribeVpcEndpoints": _list, "ec2.DeleteVpcEndpoints": _delete},
        after={"ec2.CreateVpcEndpoint": _show_made, "ec2.ModifyVpcEndpoint": _note_change},
    ),
    Rule(
        name="ec2.endpoint-busy",
        source="VPC endpoint: update; EC2 API Reference, ModifyVpcEndpoint",
        says="An interface endpoint takes no change while it is pending "
        "(ConcurrentMutationLimitExceeded).",
        before={"ec2.ModifyVpcEndpoint": _refuse_busy},
        after={"ec2.ModifyVpcEndpoint": _note_change},
    ),
    Rule(
        name="ec2.endpoint-one-at-a-time",
        source="VPC endpoint: create; EC2 API Reference, CreateVpcEndpoint",
        says="An endpoint can't be created while another one in the VPC is being created "
        "(OperationNotPermitted).",
        before={"ec2.CreateVpcEndpoint": _refuse_side_by_side},
        after={"ec2.CreateVpcEndpoint": _note_start},
    ),
    Rule(
        name="ec2.endpoint-duplicates",
        source="VPC endpoint: duplicates; EC2 API Reference, CreateVpcEndpoint",
        says="A second endpoint for the same private name (InvalidParameter), or for the same "
        "service in the same route table (RouteAlreadyExists), is refused.",
        before={"ec2.CreateVpcEndpoint": _refuse_duplicate},
    ),
    Rule(
        name="ec2.endpoint-private-dns",
        source="VPC endpoint: private DNS; Amazon VPC User Guide, Private DNS",
        says="An endpoint takes over a service's name only where the VPC has DNS support and DNS "
        "host names (InvalidParameter).",
        before={"ec2.CreateVpcEndpoint": _refuse_without_dns},
    ),
    Rule(
        name="ec2.endpoint-zones",
        source="VPC endpoint: subnets; EC2 API Reference, CreateVpcEndpoint",
        says="An interface endpoint has one subnet per availability zone "
        "(DuplicateSubnetsInSameZone).",
        before={"ec2.CreateVpcEndpoint": _refuse_same_zone},
    ),
    Rule(
        name="ec2.endpoint-tables",
        source="VPC endpoint: route tables; EC2 API Reference, CreateVpcEndpoint",
        says="The route tables of a gateway endpoint have to be there, and of its VPC.",
        before={"ec2.CreateVpcEndpoint": _refuse_foreign_tables},
    ),
)
UNPLAYED = (
    Unplayed(
        "What can't be deleted stands in Unsuccessful[] of an answer with status 200.",
        "The embedded AWS does so by itself; ec2.endpoint-states does it on any other emulator.",
    ),
    Unplayed(
        "A service is not offered in every zone, and its subnets must be in those that are.",
        "Emulators offer all services everywhere; AWS's refusal (InvalidParameter) is told as is.",
    ),
    Unplayed(
        "An endpoint fails, is rejected, or waits for its owner to accept it.",
        "AWS's own services accept at once; a failed state ends the wait as a NAT gateway's does.",
    ),
)
