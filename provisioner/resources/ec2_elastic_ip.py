"""ec2.elastic_ip: a public IPv4 address of one's own. It costs as long as it is held.

API: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    COMPUTED,
    IMMUTABLE,
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
from provisioner.lifecycle.fields import Tags
from provisioner.resources._ec2 import Item, Listing, delete_by, retag, seen, tagged

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import AllocateAddressRequestTypeDef

ADDRESSES = Listing("describe_addresses", "Addresses", "AllocationId", "allocation-id", pages=False)


class Ec2ElasticIpSpec(Spec):
    """An Elastic IP address for use in a VPC."""

    public_ipv4_pool: Annotated[str | None, IMMUTABLE, COMPUTED] = None
    """Where it is taken from; unset: Amazon's pool."""
    tags: Tags = {}


ATTRIBUTES = {
    "id": "the allocation id, eipalloc-…",
    "arn": "the ARN",
    "public_ip": "the address",
}


def identity(spec: Ec2ElasticIpSpec, target: Target) -> str | None:  # noqa: ARG001
    """AWS makes the id."""
    return None


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call for all."""
    return ADDRESSES.read(aws, ids, partial(_observed, aws.target))


def create(aws: Aws, spec: Ec2ElasticIpSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Allocate the address."""
    request: AllocateAddressRequestTypeDef = {
        "Domain": "vpc",
        "TagSpecifications": tagged("elastic-ip", tags),
    }
    if spec.public_ipv4_pool:
        request["PublicIpv4Pool"] = spec.public_ipv4_pool
    address = aws.client("ec2").allocate_address(**request)
    return address["AllocationId"], replace(_observed(aws.target, address), tags=tags)


def update(aws: Aws, id_: str, spec: Ec2ElasticIpSpec, changes: Changes) -> Phase:
    """Nothing of an address can be changed."""
    del aws, id_, spec, changes
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Release it; AWS refuses until the gateway that held it has let go."""
    delete_by(
        lambda ec2: ec2.release_address(AllocationId=id_),
        aws,
        "InvalidAllocationID.NotFound",
        "InvalidAddress.NotFound",
    )


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every address."""
    return ADDRESSES.search(aws, stack, partial(_observed, aws.target))


def _observed(target: Target, item: Item) -> Observed:
    settings: dict[str, Json] = {"public_ipv4_pool": item.get("PublicIpv4Pool")}
    return seen(
        target,
        "elastic-ip",
        str(item["AllocationId"]),
        item,
        settings,
        attributes={"public_ip": str(item["PublicIp"])},
    )


RESOURCE = ResourceType(
    kind="ec2.elastic_ip",
    service="ec2",
    spec=Ec2ElasticIpSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    chosen=lambda _: {"public_ipv4_pool": "amazon"},
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    deletes=("ec2:ReleaseAddress",),
    seconds=1,
)


def ensure_ec2_elastic_ip(
    session: ClientFactory,
    spec: Ec2ElasticIpSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the address if it is missing, correct it where it differs, else do nothing.

    Without an owner it is found again by its `Name` tag. See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
