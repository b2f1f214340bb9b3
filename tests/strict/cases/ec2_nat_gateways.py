"""NAT gateways."""

from __future__ import annotations

from tests.strict.case import Case, Client
from tests.strict.cases._network import gateway, network, stack


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


CASES = [
    Case(
        "ec2.nat-gateway-states",
        use_at_once,
        "",
        lambda ground: ground.through(stack(gateway=True)),
    ),
    Case(
        "ec2.nat-gateway-fails",
        without_a_way_out,
        "",
        lambda ground: ground.through(stack(gateway=True)),
    ),
]
