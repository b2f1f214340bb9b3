"""Security groups."""

from __future__ import annotations

import pytest

from provisioner import ManifestError
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._network import group, network, tcp, with_groups


def delete_one_of_two(client: Client) -> None:
    """Delete a group that a rule of another one names."""
    vpc = network(client).vpc
    front, back = group(client, vpc, "front"), group(client, vpc, "back")
    client("ec2").authorize_security_group_ingress(
        GroupId=back, IpPermissions=tcp(UserIdGroupPairs=[{"GroupId": front}])
    )
    client("ec2").delete_security_group(GroupId=front)


def an_apostrophe(client: Client) -> None:
    """Describe a group in a person's words."""
    client("ec2").create_security_group(
        GroupName="ward", Description="The ward's nurses", VpcId=network(client).vpc
    )


def checked_offline(ground: Ground) -> None:
    """A bad description is refused before AWS hears of it; every allowed character is taken."""
    with pytest.raises(ManifestError, match="description"):
        with_groups(text="The ward's nurses")
    ground.through(with_groups(text="aZ0. _-:/()#,@[]+=&;{}!$*"))


CASES = [
    Case(
        "ec2.group-dependencies",
        delete_one_of_two,
        "DependencyViolation",
        lambda ground: ground.through(with_groups()),
    ),
    Case("ec2.group-texts", an_apostrophe, "InvalidParameterValue", checked_offline),
]
