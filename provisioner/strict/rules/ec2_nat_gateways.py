"""NAT gateways: they take minutes to come and to go, and some never come."""

from __future__ import annotations

from functools import partial
from typing import Any

from provisioner.strict.rule import Answer, Call, Rule
from provisioner.strict.rules._ec2 import GATEWAY_NOTES, NAT_GATEWAY, listed
from provisioner.strict.world import World

PENDING_SECONDS = 90.0
DELETING_SECONDS = 60.0
FAILING_SECONDS = 15.0
LISTED_SECONDS = 3600.0
"""So long a gateway that is deleted or failed stays listed."""
DELETED = "ec2.nat-gateway-deleted"
DELETING = "ec2.nat-gateway-deleting"
FAILURES = "ec2.nat-gateway-failures"
"""Gateway → why it fails."""


def _list(world: World, call: Call) -> Answer:
    """Answer the gateways in the states they are in by now."""
    return listed(world, call, NAT_GATEWAY, "state", partial(_aged, world))


def _made(world: World, call: Call, answer: Answer) -> None:
    """A new gateway is pending; one whose client token was used before is what that became."""
    del call
    _aged(world, answer["NatGateway"])


def _aged(world: World, gateway: dict[str, Any]) -> bool:
    """Give a gateway the state of its age; whether it is listed at all."""
    id_ = str(gateway["NatGatewayId"])
    gone = world.age(DELETED, id_)
    if gone < float("inf"):
        failed = id_ in world.notes(FAILURES)
        gateway["State"] = "failed" if failed else "deleted"
        return gone < LISTED_SECONDS
    if world.age(DELETING, id_) < float("inf"):
        gateway["State"] = "deleting"
    elif gateway["State"] == "available" and world.age("ec2.created", id_) < PENDING_SECONDS:
        gateway["State"] = "pending"
    return True


def _delete(world: World, call: Call) -> Answer | None:
    """Answer that it is being deleted, and delete it when its time has come."""
    id_ = str(call.params["NatGatewayId"])
    gateways = world.client("ec2").describe_nat_gateways(NatGatewayIds=[id_])["NatGateways"]
    alive = [one for one in gateways if one["State"] != "deleted"]
    if not alive:
        NAT_GATEWAY.missing(world, id_)
    if world.age(DELETING, id_) == float("inf"):
        world.note(DELETING, id_)
        world.later(DELETING_SECONDS, partial(_end, world, id_))
    return {"NatGatewayId": id_}


def _end(world: World, id_: str) -> None:
    """Take the gateway away; its addresses are let go."""
    ec2 = world.client("ec2")
    for gateway in ec2.describe_nat_gateways(NatGatewayIds=[id_])["NatGateways"]:
        for address in gateway.get("NatGatewayAddresses", ()):
            world.note(GATEWAY_NOTES, str(address.get("AllocationId")))
    ec2.delete_nat_gateway(NatGatewayId=id_)
    world.note(DELETED, id_)


def _fail(world: World, call: Call, answer: Answer) -> None:
    """A public gateway whose VPC has no way out fails later, and lets its address go."""
    gateway = answer["NatGateway"]
    id_ = str(gateway["NatGatewayId"])
    if call.params.get("ConnectivityType") == "private" or id_ in world.notes(FAILURES):
        return
    ec2 = world.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=[call.params["SubnetId"]])["Subnets"][0]["VpcId"]
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    if ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]:
        return
    message = f"Network {vpc} has no Internet gateway attached"
    world.notes(FAILURES)[id_] = ("Gateway.NotAttached", message)
    world.later(FAILING_SECONDS, partial(_end, world, id_))


def _show_failure(world: World, call: Call, answer: Answer) -> None:
    """Tell of each failed gateway why."""
    del call
    for gateway in answer["NatGateways"]:
        id_ = str(gateway["NatGatewayId"])
        failure = world.notes(FAILURES).get(id_)
        if failure:
            failed = world.age(DELETED, id_) < float("inf")
            gateway["State"] = "failed" if failed else "pending"
            if failed:
                gateway["FailureCode"], gateway["FailureMessage"] = failure


RULES = (
    Rule(
        name="ec2.nat-gateway-states",
        source="NAT gateway: states; Amazon VPC User Guide, NAT gateways",
        says="A NAT gateway is pending for minutes before it is available and deleting for minutes "
        "before it is deleted, holds its subnet and address as long, and is listed for an hour "
        "more.",
        before={"ec2.DescribeNatGateways": _list, "ec2.DeleteNatGateway": _delete},
        after={"ec2.CreateNatGateway": _made},
    ),
    Rule(
        name="ec2.nat-gateway-fails",
        source="NAT gateway: failure codes; Amazon VPC User Guide, Troubleshoot NAT gateways",
        says="A public NAT gateway in a VPC without an attached internet gateway is made, and "
        "fails some seconds later with Gateway.NotAttached.",
        after={"ec2.CreateNatGateway": _fail, "ec2.DescribeNatGateways": _show_failure},
    ),
)
