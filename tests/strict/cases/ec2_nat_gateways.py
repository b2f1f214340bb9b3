"""NAT gateways."""

from __future__ import annotations

import pytest

from provisioner import RunFailedError, Stack, apply
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._network import gateway, network, wanted, with_gateway


def use_at_once(client: Client) -> None:
    """Take a gateway for available as soon as it was made."""
    ec2 = client("ec2")
    made = gateway(client, network(client).subnet)
    found = ec2.describe_nat_gateways(NatGatewayIds=[made["NatGatewayId"]])["NatGateways"]
    assert found[0]["State"] == "available"


def without_a_way_out(client: Client) -> None:
    """Make a gateway before the internet gateway is attached, and wait for it."""
    made = gateway(client, network(client, attached=False).subnet)
    waiter = client("ec2").get_waiter("nat_gateway_available")
    waiter.wait(NatGatewayIds=[made["NatGatewayId"]])


def told_why(ground: Ground) -> None:
    """A gateway that fails ends the wait at once, with AWS's reason; later it is replaced."""
    base = wanted()
    address = base.stack.add("address", "ec2.elastic_ip")
    _gateway(base.stack, base.subnet.id, address.id)
    base.stack.resources.pop("internet")
    with pytest.raises(RunFailedError, match=r"Gateway\.NotAttached"):
        apply(ground.session, base.stack, ground.options).check()
    assert ground.clock.seconds < 120
    ground.through(with_gateway())


def _gateway(stack: Stack, subnet: str, address: str) -> None:
    stack.add("nat", "ec2.nat_gateway", subnet_id=subnet, allocation_id=address)


CASES = [
    Case(
        "ec2.nat-gateway-states",
        use_at_once,
        "",
        lambda ground: ground.through(with_gateway()),
    ),
    Case("ec2.nat-gateway-fails", without_a_way_out, "", told_why),
]
