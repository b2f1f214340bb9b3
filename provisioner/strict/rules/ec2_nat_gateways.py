"""NAT gateways: they take minutes to come and to go, and some never come."""

from __future__ import annotations

from functools import partial
from math import inf

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._ec2 import (
    CREATED,
    INTERNET_GATEWAY,
    NAT_GATEWAY,
    Item,
    listed,
    matching,
    note_let_go,
    one,
)
from provisioner.strict.world import World

PENDING_SECONDS = 90.0
DELETING_SECONDS = 60.0
FAILING_SECONDS = 15.0
LISTED_SECONDS = 3600.0
"""So long a gateway that is deleted or failed stays listed."""
DELETING = "ec2.nat-gateway-deleting"
GONE = "ec2.nat-gateway-gone"
CLEARED = "ec2.nat-gateway-cleared"
"""When a failed gateway was deleted."""
FAILURES = "ec2.nat-gateway-failures"
"""Gateway → code and message of its failure."""


def _list(world: World, call: Call) -> Answer:
    """Answer the gateways in the states they are in by now."""
    return listed(world, call, NAT_GATEWAY, "state", partial(_aged, world))


def _show_made(world: World, call: Call, answer: Answer) -> None:
    """A new gateway is pending; one whose client token was used before is what that became."""
    _aged(world, answer["NatGateway"])


def _aged(world: World, gateway: Item) -> bool:
    """Give a gateway the state of its age; tells whether it is listed still."""
    id_ = str(gateway["NatGatewayId"])
    if world.age(GONE, id_) < inf:
        gateway["State"] = "deleted"
        return world.age(GONE, id_) < LISTED_SECONDS
    if world.age(DELETING, id_) < inf:
        gateway["State"] = "deleting"
    elif gateway["State"] == "available" and world.age(CREATED, id_) < PENDING_SECONDS:
        gateway["State"] = "pending"
    return True


def _delete(world: World, call: Call) -> Answer | None:
    """Answer that it is being deleted, and delete it when its time has come."""
    id_ = str(call.params["NatGatewayId"])
    gateway = one(world, NAT_GATEWAY, id_)
    if gateway is None or gateway["State"] == "deleted":
        NAT_GATEWAY.missing(world, id_)
    if world.age(DELETING, id_) == inf:
        world.note(DELETING, id_)
        world.later(DELETING_SECONDS, partial(_end, world, id_))
    return {"NatGatewayId": id_}


def _end(world: World, id_: str) -> None:
    """Take the gateway away; what it held is free."""
    gateway = one(world, NAT_GATEWAY, id_)
    if gateway and gateway["State"] != "deleted":
        world.client("ec2").delete_nat_gateway(NatGatewayId=id_)
        note_let_go(world, gateway)
        world.note(GONE, id_)


def _doom(world: World, call: Call, answer: Answer) -> None:
    """A public gateway whose VPC has no way out fails later, and lets its address go."""
    gateway = answer["NatGateway"]
    id_, vpc = str(gateway["NatGatewayId"]), str(gateway["VpcId"])
    if call.params.get("ConnectivityType") == "private" or id_ in world.notes(FAILURES):
        return
    if not matching(world, INTERNET_GATEWAY, {"attachment.vpc-id": vpc}):
        gateway["State"] = "pending"
        message = f"Network {vpc} has no Internet gateway attached"
        world.notes(FAILURES)[id_] = ("Gateway.NotAttached", message)
        world.later(FAILING_SECONDS, partial(_end, world, id_))


def _delete_failed(world: World, call: Call) -> Answer | None:
    """A gateway that failed holds nothing: it is deleted at once."""
    id_ = str(call.params["NatGatewayId"])
    if id_ in world.notes(FAILURES) and world.age(GONE, id_) < inf:
        world.note(CLEARED, id_)
        return {"NatGatewayId": id_}
    return None


def _show_failure(world: World, call: Call, answer: Answer) -> None:
    """Tell of each failed gateway why."""
    for gateway in answer["NatGateways"]:
        id_ = str(gateway["NatGatewayId"])
        failure = world.notes(FAILURES).get(id_)
        if world.age(CLEARED, id_) < inf:
            gateway["State"] = "deleted"
        elif failure and world.age(GONE, id_) < inf:
            gateway["State"] = "failed"
            gateway["FailureCode"], gateway["FailureMessage"] = failure
        elif failure and gateway["State"] == "available":
            gateway["State"] = "pending"


RULES = (
    Rule(
        name="ec2.nat-gateway-fails",
        source="NAT gateway: failure codes; Amazon VPC User Guide, Troubleshoot NAT gateways",
        says="A public NAT gateway in a VPC without an attached internet gateway is made, and "
        "fails some seconds later with Gateway.NotAttached.",
        before={"ec2.DeleteNatGateway": _delete_failed},
        after={"ec2.CreateNatGateway": _doom, "ec2.DescribeNatGateways": _show_failure},
    ),
    Rule(
        name="ec2.nat-gateway-states",
        source="NAT gateway: states; Amazon VPC User Guide, NAT gateways",
        says="A NAT gateway is pending for minutes before it is available and deleting for minutes "
        "before it is deleted, holds its subnet and address as long, and is listed for an hour "
        "more.",
        before={"ec2.DescribeNatGateways": _list, "ec2.DeleteNatGateway": _delete},
        after={"ec2.CreateNatGateway": _show_made},
    ),
)
UNPLAYED = (
    Unplayed(
        "A gateway fails with InsufficientFreeAddressesInSubnet, Resource.AlreadyAssociated, "
        "InvalidAllocationID.NotFound or InternalError.",
        "One failure shows that a failed gateway ends the wait; the others differ in the code.",
    ),
    Unplayed(
        "Secondary addresses are associated and disassociated.",
        "The kind has one address; it is immutable.",
    ),
)
