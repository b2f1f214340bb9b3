"""Elastic IP addresses: who holds one, and for how long."""

from __future__ import annotations

from provisioner.strict.rule import Answer, Call, Rule
from provisioner.strict.rules._ec2 import (
    ADDRESS,
    LET_GO,
    LIVE_GATEWAY,
    NAT_GATEWAY,
    matching,
    note_gone_at_once,
)
from provisioner.strict.world import World

LETS_GO_SECONDS = 10.0
"""So long after a NAT gateway reads `deleted` its address can't be released yet."""


def _refuse_held(world: World, call: Call) -> Answer | None:
    """Refuse to release what a NAT gateway or an interface has."""
    id_ = call.params.get("AllocationId")
    found = matching(world, ADDRESS, {"allocation-id": id_}) if id_ else []
    if not found:
        return None
    if world.age(LET_GO, str(id_)) < LETS_GO_SECONDS or _held_by_a_gateway(world, str(id_)):
        message = "You do not have permission to access the specified resource."
        world.refuse("AuthFailure", message)
    if found[0].get("AssociationId"):
        world.refuse("InvalidIPAddress.InUse", f"Address {found[0]['PublicIp']} is in use.")
    return None


def _held_by_a_gateway(world: World, id_: str) -> bool:
    return any(
        address.get("AllocationId") == id_
        for gateway in matching(world, NAT_GATEWAY)
        if gateway["State"] in LIVE_GATEWAY
        for address in gateway.get("NatGatewayAddresses", ())
    )


RULES = (
    Rule(
        name="ec2.address-held",
        source="Elastic IP address: release; EC2 API Reference, ReleaseAddress",
        says="An address that a NAT gateway holds can't be released until some seconds after the "
        "gateway reads deleted (AuthFailure), nor one that an interface has "
        "(InvalidIPAddress.InUse).",
        before={"ec2.ReleaseAddress": _refuse_held},
        after={"ec2.DeleteNatGateway": note_gone_at_once},
    ),
)
