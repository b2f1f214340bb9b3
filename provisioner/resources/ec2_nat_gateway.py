"""ec2.nat_gateway: the way out for private subnets, in one availability zone.

It takes minutes to come and to go; its address and subnet are held until it is gone. The internet
gateway must be attached before, so name it in `depends_on`.
API: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.target import Target
from provisioner.errors import AnswerLostError
from provisioner.lifecycle import (
    IMMUTABLE,
    Changes,
    Json,
    Observed,
    Owner,
    Patience,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Tags
from provisioner.resources._ec2 import (
    Item,
    Listing,
    delete_by,
    retag,
    seen,
    tagged,
    token_of,
)

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import CreateNatGatewayRequestTypeDef

GATEWAYS = Listing(
    "describe_nat_gateways", "NatGateways", "NatGatewayId", "nat-gateway-id", filters="Filter"
)


class Ec2NatGatewaySpec(Spec):
    """A NAT gateway."""

    subnet_id: Annotated[str, IMMUTABLE, Wait.EXISTS]
    """The public subnet it stands in: `${public_a.id}`."""
    allocation_id: Annotated[str | None, IMMUTABLE, Wait.EXISTS] = None
    """Its address: `${nat_address_a.id}`. A private gateway has none."""
    connectivity_type: Annotated[Literal["public", "private"], IMMUTABLE] = "public"
    tags: Tags = {}


ATTRIBUTES = {"id": "the gateway id, nat-…", "arn": "the ARN"}


def identity(spec: Ec2NatGatewaySpec, target: Target) -> str | None:  # noqa: ARG001
    """AWS makes the id."""
    return None


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call for all. Deleted gateways stay listed for an hour; they count as absent."""
    return GATEWAYS.read(aws, ids, partial(_observed, aws.target))


def create(aws: Aws, spec: Ec2NatGatewaySpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Ask for the gateway; it is there after a minute or three."""
    request: CreateNatGatewayRequestTypeDef = {
        "SubnetId": spec.subnet_id,
        "ConnectivityType": spec.connectivity_type,
        "TagSpecifications": tagged("natgateway", tags),
    }
    if spec.allocation_id:
        request["AllocationId"] = spec.allocation_id
    if token := token_of(tags):
        request["ClientToken"] = token
    item: dict[str, Any] = {**aws.client("ec2").create_nat_gateway(**request)["NatGateway"]}
    observed = _observed(aws.target, item)
    if observed is None:  # a token used again for a gateway that is gone
        raise AnswerLostError(f"NAT gateway {item['NatGatewayId']} is gone already.")
    settings = {**observed.settings, "allocation_id": spec.allocation_id}
    return item["NatGatewayId"], replace(observed, settings=settings, tags=tags)


def update(aws: Aws, id_: str, spec: Ec2NatGatewaySpec, changes: Changes) -> Phase:
    """Nothing of a gateway can be changed."""
    del aws, id_, spec, changes
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Ask for its end; routes to it stay behind as blackholes."""
    delete_by(
        lambda ec2: ec2.delete_nat_gateway(NatGatewayId=id_),
        aws,
        "NatGatewayNotFound",
        "InvalidNatGatewayID.NotFound",
    )


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every gateway that is not gone."""
    return GATEWAYS.search(aws, stack, partial(_observed, aws.target))


def _observed(target: Target, item: Item) -> Observed | None:
    state = str(item.get("State", "pending")).lower()
    if state == "deleted":
        return None
    addresses = item.get("NatGatewayAddresses") or [{}]
    settings: dict[str, Json] = {
        "subnet_id": str(item["SubnetId"]),
        "allocation_id": addresses[0].get("AllocationId"),
        "connectivity_type": str(item.get("ConnectivityType", "public")),
    }
    failure = f"{item.get('FailureCode')}: {item.get('FailureMessage')}"
    return seen(
        target,
        "natgateway",
        str(item["NatGatewayId"]),
        item,
        settings,
        state=state,
        reason=failure if state == "failed" else "",
    )


RESOURCE = ResourceType(
    kind="ec2.nat_gateway",
    service="ec2",
    spec=Ec2NatGatewaySpec,
    attributes=ATTRIBUTES,
    identity=identity,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    deletes=("ec2:DeleteNatGateway",),
    ready=Patience(every=5, typical=120, limit=900),
    gone=Patience(every=5, typical=90, limit=1800),
    seconds=120,
    claims=("allocation_id",),
)


def ensure_ec2_nat_gateway(
    session: ClientFactory,
    spec: Ec2NatGatewaySpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the gateway if it is missing, correct it where it differs, else do nothing.

    Without an owner it is found again by its `Name` tag. See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
