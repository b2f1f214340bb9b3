"""ec2.internet_gateway: a VPC's door to the internet.

It exists by itself and is attached afterwards; what needs the door open (a NAT gateway) names it
in `depends_on`.
API: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateInternetGateway.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Tags, unresolved
from provisioner.resources._ec2 import Item, Listing, delete_by, retag, seen, tagged

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

GATEWAYS = Listing(
    "describe_internet_gateways", "InternetGateways", "InternetGatewayId", "internet-gateway-id"
)


class Ec2InternetGatewaySpec(Spec):
    """An internet gateway."""

    vpc_id: str | None = None
    """The VPC it is attached to: `${vpc.id}`. A VPC has one at most."""
    tags: Tags = {}


ATTRIBUTES = {"id": "the gateway id, igw-…", "arn": "the ARN"}


def identity(spec: Ec2InternetGatewaySpec, target: Target) -> str | None:  # noqa: ARG001
    """AWS makes the id."""
    return None


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call for all."""
    return GATEWAYS.read(aws, ids, partial(_observed, aws.target))


def create(
    aws: Aws,
    spec: Ec2InternetGatewaySpec,
    tags: Mapping[str, str],
) -> tuple[str, Observed]:
    """Make the gateway; it is attached next."""
    del spec
    gateway = aws.client("ec2").create_internet_gateway(
        TagSpecifications=tagged("internet-gateway", tags)
    )["InternetGateway"]
    return gateway["InternetGatewayId"], replace(_observed(aws.target, gateway), tags=tags)


def update(aws: Aws, id_: str, spec: Ec2InternetGatewaySpec, changes: Changes) -> Phase:
    """Detach from the one VPC, attach to the other."""
    ec2 = aws.client("ec2")
    change = changes.get("vpc_id")
    if change and change.before:
        ec2.detach_internet_gateway(InternetGatewayId=id_, VpcId=str(change.before))
    if change and spec.vpc_id:
        ec2.attach_internet_gateway(InternetGatewayId=id_, VpcId=spec.vpc_id)
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:
    """Detach and delete; AWS refuses as long as public addresses are mapped through it."""
    for vpc_id in _attached(aws, id_, settings):
        delete_by(
            partial(_detach, id_, vpc_id),
            aws,
            "Gateway.NotAttached",
            "InvalidInternetGatewayID.NotFound",
        )
    delete_by(
        lambda ec2: ec2.delete_internet_gateway(InternetGatewayId=id_),
        aws,
        "InvalidInternetGatewayID.NotFound",
    )


def _detach(id_: str, vpc_id: str, ec2: EC2Client) -> None:
    ec2.detach_internet_gateway(InternetGatewayId=id_, VpcId=vpc_id)


def _attached(aws: Aws, id_: str, settings: Settings) -> list[str]:
    """The VPC it was attached to; asked for if a run was cut short before that was written down."""
    vpc_id = settings.get("vpc_id")
    if isinstance(vpc_id, str) and not unresolved(vpc_id):
        return [vpc_id]
    gateways = GATEWAYS.matching(aws, {"internet-gateway-id": [id_]})
    return [str(one["VpcId"]) for item in gateways for one in item.get("Attachments", ())]


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every gateway; AWS's own one of the default VPC has no tags and can't be told apart."""
    return GATEWAYS.search(aws, stack, partial(_observed, aws.target))


def _observed(target: Target, item: Item) -> Observed:
    attached = [attachment["VpcId"] for attachment in item.get("Attachments", ())]
    settings: dict[str, Json] = {"vpc_id": str(attached[0]) if attached else None}
    return seen(target, "internet-gateway", str(item["InternetGatewayId"]), item, settings)


RESOURCE = ResourceType(
    kind="ec2.internet_gateway",
    service="ec2",
    spec=Ec2InternetGatewaySpec,
    attributes=ATTRIBUTES,
    identity=identity,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    deletes=("ec2:DeleteInternetGateway", "ec2:DetachInternetGateway"),
    seconds=2,
)


def ensure_ec2_internet_gateway(
    session: ClientFactory,
    spec: Ec2InternetGatewaySpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the gateway if it is missing, correct it where it differs, else do nothing.

    Without an owner it is found again by its `Name` tag. See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
