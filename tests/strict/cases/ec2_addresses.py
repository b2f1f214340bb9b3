"""Elastic IP addresses."""

from __future__ import annotations

from tests.strict.case import Case, Client
from tests.strict.cases._network import gateway, network, with_gateway


def release_after_the_gateway_was_deleted(client: Client) -> None:
    """Delete a NAT gateway and release its address next."""
    ec2 = client("ec2")
    made = gateway(client, network(client).subnet)
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    ec2.release_address(AllocationId=made["AllocationId"])


CASES = [
    Case(
        "ec2.address-held",
        release_after_the_gateway_was_deleted,
        "AuthFailure",
        lambda ground: ground.through(with_gateway()),
    ),
]
