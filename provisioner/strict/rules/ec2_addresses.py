"""Elastic IP addresses: who holds one, and for how long."""

from __future__ import annotations

from typing import Any

from provisioner.strict.rule import Answer, Call, Rule
from provisioner.strict.rules._ec2 import GATEWAY_NOTES
from provisioner.strict.world import World

LETS_GO_SECONDS = 10.0
"""So long after a NAT gateway reads `deleted` its address can't be released yet."""


def _refuse_held(world: World, call: Call) -> Answer | None:
    """Refuse to release what a NAT gateway or an interface has."""
    address = _address(world, call)
    if address is None:
        return None
    known = {"allocation": str(address["AllocationId"]), "ip": str(address["PublicIp"])}
    if world.age(GATEWAY_NOTES, known["allocation"]) < LETS_GO_SECONDS or _gateways(world, known):
        world.refuse("AuthFailure", "You do not have permission to access the specified resource.")
    if address.get("AssociationId"):
        world.refuse("InvalidIPAddress.InUse", f"Address {known['ip']} is in use.")
    return None


def _address(world: World, call: Call) -> dict[str, Any] | None:
    ids = call.params.get("AllocationId")
    filters = [{"Name": "allocation-id", "Values": [ids]}]
    found = world.client("ec2").describe_addresses(Filters=filters)["Addresses"] if ids else []
    return found[0] if found else None


def _gateways(world: World, known: dict[str, str]) -> list[Any]:
    """The gateways that hold an address."""
    gateways = world.client("ec2").describe_nat_gateways()["NatGateways"]
    return [
        gateway
        for gateway in gateways
        if gateway["State"] in {"pending", "available", "deleting"}
        and any(
            one.get("AllocationId") == known["allocation"]
            for one in gateway.get("NatGatewayAddresses", ())
        )
    ]


def _note_let_go(world: World, call: Call, answer: Answer) -> None:
    """Remember when an emulator took a gateway away at once."""
    del answer
    gateways = world.client("ec2").describe_nat_gateways(
        NatGatewayIds=[call.params["NatGatewayId"]]
    )["NatGateways"]
    for gateway in gateways:
        if gateway["State"] == "deleted":
            for address in gateway.get("NatGatewayAddresses", ()):
                world.note(GATEWAY_NOTES, str(address.get("AllocationId")))


RULES = (
    Rule(
        name="ec2.address-held",
        source="Elastic IP address: release; EC2 API Reference, ReleaseAddress",
        says="An address that a NAT gateway holds can't be released until some seconds after the "
        "gateway reads deleted (AuthFailure), nor one that an interface has "
        "(InvalidIPAddress.InUse).",
        before={"ec2.ReleaseAddress": _refuse_held},
        after={"ec2.DeleteNatGateway": _note_let_go},
    ),
)
