"""Client tokens."""

from __future__ import annotations

from dataclasses import replace

from provisioner.lifecycle import Owner
from provisioner.lifecycle.ensure import validated
from provisioner.registry import kind_of
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._network import network, settle


def the_same_token(client: Client) -> None:
    """Use one token for everything a script makes."""
    ec2 = client("ec2")
    vpc = network(client).vpc
    first, second = (
        ec2.create_route_table(VpcId=vpc, ClientToken="script")["RouteTable"]["RouteTableId"]
        for _ in range(2)
    )
    assert first != second


def once(ground: Ground) -> None:
    """A create that is sent again with its intent's token makes nothing new."""
    kind = kind_of("ec2.route_table")
    vpc = network(ground.plain).vpc
    spec = validated(kind, {"vpc_id": vpc})
    owner = Owner("strict", "table", "token")
    made = {kind.create(ground.aws, spec, owner.tags)[0] for _ in range(2)}
    other = kind.create(ground.aws, spec, replace(owner, token="another").tags)[0]
    settle()
    assert len(made) == 1
    assert set(kind.search(ground.aws, "strict") if kind.search else ()) == {*made, other}


CASES = [Case("ec2.client-tokens", the_same_token, "", once)]
