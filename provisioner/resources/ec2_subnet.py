"""ec2.subnet: part of a VPC's network in one availability zone.

API: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    IMMUTABLE,
    Changes,
    Json,
    Observed,
    Obstacle,
    Owner,
    Patience,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Cidr, Tags
from provisioner.resources._ec2 import Item, Listing, delete_by, retag, seen, tagged
from provisioner.resources._ec2_neighbours import interfaces

SUBNETS = Listing("describe_subnets", "Subnets", "SubnetId", "subnet-id")


class Ec2SubnetSpec(Spec):
    """A subnet. Nothing launched in it gets a public address unless that is asked for."""

    vpc_id: Annotated[str, IMMUTABLE, Wait.EXISTS]
    """The VPC: `${vpc.id}`."""
    cidr_block: Annotated[Cidr, IMMUTABLE]
    """Its part of the VPC's network; /28 is the smallest."""
    availability_zone: Annotated[str, IMMUTABLE]
    """E.g. `${region}a`."""
    map_public_ip_on_launch: bool = False
    """Whether what is launched in it gets a public address. True is for load balancers' subnets."""
    tags: Tags = {}


ATTRIBUTES = {
    "id": "the subnet id, subnet-…",
    "arn": "the ARN",
    "cidr_block": "its network",
    "availability_zone": "its zone",
}


def identity(spec: Ec2SubnetSpec, target: Target) -> str | None:  # noqa: ARG001
    """AWS makes the id."""
    return None


def predict(spec: Ec2SubnetSpec, target: Target) -> Mapping[str, str]:  # noqa: ARG001
    """Network and zone are as they were wanted."""
    return {"cidr_block": spec.cidr_block, "availability_zone": spec.availability_zone}


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call for all."""
    return SUBNETS.read(aws, ids, partial(_observed, aws.target))


def create(aws: Aws, spec: Ec2SubnetSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the subnet."""
    subnet = aws.client("ec2").create_subnet(
        VpcId=spec.vpc_id,
        CidrBlock=spec.cidr_block,
        AvailabilityZone=spec.availability_zone,
        TagSpecifications=tagged("subnet", tags),
    )["Subnet"]
    return subnet["SubnetId"], replace(_observed(aws.target, subnet), tags=tags)


def update(aws: Aws, id_: str, spec: Ec2SubnetSpec, changes: Changes) -> Phase:
    """One attribute per call; there is one."""
    if "map_public_ip_on_launch" in changes:
        aws.client("ec2").modify_subnet_attribute(
            SubnetId=id_, MapPublicIpOnLaunch={"Value": spec.map_public_ip_on_launch}
        )
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it; refused as long as an interface lives in it."""
    delete_by(lambda ec2: ec2.delete_subnet(SubnetId=id_), aws, "InvalidSubnetID.NotFound")


def obstacles(aws: Aws, id_: str, settings: Settings, ids: frozenset[str]) -> Sequence[Obstacle]:
    """Interfaces of others in it, unless its VPC goes, too, and tells of them."""
    inside = settings.get("vpc_id") in ids
    return () if inside else [*interfaces(aws, {"subnet-id": [id_]}, id_, ids)]


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every subnet but those of the default VPC."""

    def ours(item: Item) -> Observed | None:
        return None if item.get("DefaultForAz") else _observed(aws.target, item)

    return SUBNETS.search(aws, stack, ours)


def _observed(target: Target, item: Item) -> Observed:
    attributes = {
        "cidr_block": str(item["CidrBlock"]),
        "availability_zone": str(item["AvailabilityZone"]),
    }
    settings: dict[str, Json] = {
        "vpc_id": str(item["VpcId"]),
        "map_public_ip_on_launch": bool(item.get("MapPublicIpOnLaunch")),
        **attributes,
    }
    return seen(
        target,
        "subnet",
        str(item["SubnetId"]),
        item,
        settings,
        state=str(item.get("State", "available")),
        attributes=attributes,
    )


RESOURCE = ResourceType(
    kind="ec2.subnet",
    service="ec2",
    spec=Ec2SubnetSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    obstacles=obstacles,
    deletes=("ec2:DeleteSubnet",),
    predict=predict,
    ready=Patience(every=1, typical=3, limit=600),
    claims=("vpc_id", "cidr_block"),
)


def ensure_ec2_subnet(
    session: ClientFactory, spec: Ec2SubnetSpec, *, owner: Owner | None = None, adopt: bool = False
) -> Result:
    """Create the subnet if it is missing, correct it where it differs, else do nothing.

    Without an owner it is found again by its `Name` tag. See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
