"""Route tables and internet gateways: where routes may lead, and what keeps a gateway."""

from __future__ import annotations

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._ec2 import (
    ADDRESS,
    INTERFACE,
    INTERNET_GATEWAY,
    LET_GO,
    LIVE_GATEWAY,
    NAT_GATEWAY,
    ROUTE_TABLE,
    Item,
    matching,
    note_gone_at_once,
    one,
)
from provisioner.strict.world import World

UNMAPPED_SECONDS = 30.0
"""So long after its last public address left, a VPC counts as having one."""


def _refuse_target(world: World, call: Call) -> Answer | None:
    """Refuse a route to what is not there, or belongs to another VPC."""
    table = one(world, ROUTE_TABLE, str(call.params["RouteTableId"]))
    gateway, nat = call.params.get("GatewayId", ""), call.params.get("NatGatewayId")
    if table and gateway.startswith("igw-"):
        _check_gateway(world, table, gateway)
    if nat and not matching(world, NAT_GATEWAY, {"nat-gateway-id": nat}):
        message = f"The natGateway ID '{nat}' does not exist"
        world.refuse("InvalidNatGatewayID.NotFound", message)
    return None


def _check_gateway(world: World, table: Item, id_: str) -> None:
    gateway = one(world, INTERNET_GATEWAY, id_)
    if gateway is None:
        world.refuse("InvalidGatewayID.NotFound", f"The gateway ID '{id_}' does not exist")
    if table["VpcId"] not in _vpcs(gateway):
        message = (
            f"route table {table['RouteTableId']} and network gateway {id_} "
            "belong to different networks"
        )
        world.refuse("InvalidParameterValue", message)


def _vpcs(gateway: Item) -> set[str]:
    return {str(attachment["VpcId"]) for attachment in gateway.get("Attachments", ())}


def _refuse_local(world: World, call: Call) -> Answer | None:
    """Keep the route to the VPC itself."""
    table = one(world, ROUTE_TABLE, str(call.params["RouteTableId"]))
    for route in table["Routes"] if table else ():
        to = route.get("DestinationCidrBlock")
        if route.get("GatewayId") == "local" and to == call.params.get("DestinationCidrBlock"):
            message = f"cannot remove local route {to} in route table {table['RouteTableId']}"  # type: ignore[index]
            world.refuse("InvalidParameterValue", message)
    return None


def _refuse_main(world: World, call: Call) -> Answer | None:
    """Keep the main table of a VPC."""
    id_ = str(call.params["RouteTableId"])
    table = one(world, ROUTE_TABLE, id_)
    if table and any(association.get("Main") for association in table.get("Associations", ())):
        message = f"The routeTable '{id_}' has dependencies and cannot be deleted."
        world.refuse("DependencyViolation", message)
    return None


def _show_blackholes(world: World, call: Call, answer: Answer) -> None:
    """A route whose target is gone stays, and leads nowhere."""
    for table in answer["RouteTables"]:
        for route in table.get("Routes", ()):
            if _leads_nowhere(world, str(table["VpcId"]), route):
                route["State"] = "blackhole"


def _leads_nowhere(world: World, vpc: str, route: Item) -> bool:
    if nat := route.get("NatGatewayId"):
        gateways = matching(world, NAT_GATEWAY, {"nat-gateway-id": nat})
        return not any(gateway["State"] in LIVE_GATEWAY for gateway in gateways)
    id_ = str(route.get("GatewayId", ""))
    if id_.startswith("igw-"):
        gateway = one(world, INTERNET_GATEWAY, id_)
        return gateway is None or vpc not in _vpcs(gateway)
    return False


def _refuse_second(world: World, call: Call) -> Answer | None:
    """A VPC has one internet gateway."""
    id_, vpc = call.params["InternetGatewayId"], call.params["VpcId"]
    there = matching(world, INTERNET_GATEWAY, {"attachment.vpc-id": vpc})
    coming = world.others(call, "ec2.AttachInternetGateway")
    attached = [gateway["InternetGatewayId"] for gateway in there]
    attached += [
        other.params["InternetGatewayId"] for other in coming if other.params["VpcId"] == vpc
    ]
    for other in attached:
        if other != id_:
            message = f"resource {other} is already attached to network {vpc}"
            world.refuse("Resource.AlreadyAssociated", message)
    return None


def _refuse_mapped(world: World, call: Call) -> Answer | None:
    """Keep a gateway attached through which public addresses are reached."""
    vpc = str(call.params["VpcId"])
    if world.age(LET_GO, vpc) < UNMAPPED_SECONDS or _mapped(world, vpc):
        message = (
            f"Network {vpc} has some mapped public address(es). Please unmap those public "
            "address(es) before detaching the gateway."
        )
        world.refuse("DependencyViolation", message)
    return None


def _mapped(world: World, vpc: str) -> bool:
    inside = {"vpc-id": vpc}
    interfaces = {each["NetworkInterfaceId"] for each in matching(world, INTERFACE, inside)}
    return any(
        address.get("NetworkInterfaceId") in interfaces for address in matching(world, ADDRESS)
    )


RULES = (
    Rule(
        name="ec2.route-targets",
        source="Route: targets; EC2 API Reference, CreateRoute",
        says="A route leads only to a gateway that is there, and to an internet gateway only when "
        "that is attached to the table's VPC.",
        before={"ec2.CreateRoute": _refuse_target, "ec2.ReplaceRoute": _refuse_target},
    ),
    Rule(
        name="ec2.local-route",
        source="Route: the local one; EC2 API Reference, DeleteRoute",
        says="The route to the VPC itself can't be deleted (InvalidParameterValue).",
        before={"ec2.DeleteRoute": _refuse_local},
    ),
    Rule(
        name="ec2.main-route-table",
        source="Route table: delete; EC2 API Reference, DeleteRouteTable",
        says="The main table of a VPC can't be deleted (DependencyViolation).",
        before={"ec2.DeleteRouteTable": _refuse_main},
    ),
    Rule(
        name="ec2.blackholes",
        source="Route: state; EC2 API Reference, Route",
        says="A route whose gateway is deleted or detached stays as a blackhole.",
        after={"ec2.DescribeRouteTables": _show_blackholes},
    ),
    Rule(
        name="ec2.one-internet-gateway",
        source="Internet gateway: attach; EC2 API Reference, AttachInternetGateway",
        says="A VPC has one internet gateway at most (Resource.AlreadyAssociated).",
        before={"ec2.AttachInternetGateway": _refuse_second},
    ),
    Rule(
        name="ec2.mapped-addresses",
        source="Internet gateway: detach; EC2 API Reference, DetachInternetGateway",
        says="An internet gateway can't be detached while its VPC has mapped public addresses, "
        "nor for some time after they are gone (DependencyViolation).",
        before={"ec2.DetachInternetGateway": _refuse_mapped},
        after={"ec2.DeleteNatGateway": note_gone_at_once},
    ),
)
UNPLAYED = (
    Unplayed(
        "A subnet that has a table is not given another by AssociateRouteTable, a table with "
        "subnets is not deleted, and a replaced association has a new id.",
        "The emulator does so by itself (provisioner/local/gaps/ec2.py fills the first).",
    ),
    Unplayed(
        "An association is associating for some seconds.",
        "Nothing waits on it: what uses a subnet does not use its association.",
    ),
    Unplayed(
        "Routes of virtual private gateways and peerings come back under other members.",
        "There is no kind for their targets.",
    ),
)
