"""ec2.vpc_endpoint: a private way from a VPC to an AWS service.

A gateway endpoint (S3, DynamoDB) is an entry in route tables and free; an interface endpoint is an
address in each of its subnets and costs by the hour.
API: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    COMPUTED,
    CREATE,
    IMMUTABLE,
    Changes,
    Difference,
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
from provisioner.lifecycle.canonical import UNORDERED
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import PolicyDocument, Tags, policy_text
from provisioner.quantities import counted, enumerated
from provisioner.resources._ec2 import (
    INTERFACES,
    Item,
    Listing,
    refuse_unsuccessful,
    retag,
    seen,
    tagged,
    token_of,
)

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import CreateVpcEndpointRequestTypeDef

ENDPOINTS = Listing("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", "vpc-endpoint-id")
ABSENT = ("InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound")


class Ec2VpcEndpointSpec(Spec):
    """A VPC endpoint."""

    vpc_id: Annotated[str, IMMUTABLE]
    """The VPC: `${vpc.id}`. Private names need its DNS settings, so it must be ready."""
    service_name: Annotated[str, IMMUTABLE]
    """E.g. `com.amazonaws.${region}.s3`."""
    vpc_endpoint_type: Annotated[Literal["Gateway", "Interface"], IMMUTABLE]
    policy: Annotated[PolicyDocument | None, CREATE, COMPUTED, Wait.NAME] = None
    """What may be done through it. Unset: AWS's default, which allows everything."""
    route_table_ids: Annotated[list[str], CREATE, UNORDERED, Wait.EXISTS] = []
    """Gateway only: the tables that lead to it."""
    subnet_ids: Annotated[list[str], CREATE, UNORDERED, Wait.EXISTS] = []
    """Interface only: one subnet per availability zone."""
    security_group_ids: Annotated[list[str], CREATE, UNORDERED, Wait.EXISTS] = []
    """Interface only: they must let port 443 in from those who use it."""
    private_dns_enabled: Annotated[bool | None, CREATE, COMPUTED] = None
    """Interface only: the service's ordinary name leads here. AWS's default is true."""
    tags: Tags = {}

    @model_validator(mode="after")
    def _fits_its_type(self) -> Ec2VpcEndpointSpec:
        interface = bool(self.subnet_ids or self.security_group_ids or self.private_dns_enabled)
        if self.vpc_endpoint_type == "Gateway" and interface:
            message = "a Gateway endpoint has route_table_ids, not subnets, groups or private DNS"
            raise ValueError(message)
        if self.vpc_endpoint_type == "Interface" and self.route_table_ids:
            message = "an Interface endpoint has subnet_ids, not route tables"
            raise ValueError(message)
        return self


ATTRIBUTES = {"id": "the endpoint id, vpce-…", "arn": "the ARN"}


def identity(spec: Ec2VpcEndpointSpec, target: Target) -> str | None:  # noqa: ARG001
    """AWS makes the id."""
    return None


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call for all. Deleted endpoints stay listed for a while; they count as absent."""
    return ENDPOINTS.read(aws, ids, partial(_observed, aws.target))


def create(aws: Aws, spec: Ec2VpcEndpointSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Ask for the endpoint, with everything that is known; an interface takes minutes."""
    request: CreateVpcEndpointRequestTypeDef = {
        "VpcId": spec.vpc_id,
        "ServiceName": spec.service_name,
        "VpcEndpointType": spec.vpc_endpoint_type,
        "TagSpecifications": tagged("vpc-endpoint", tags),
    }
    if token := token_of(tags):
        request["ClientToken"] = token
    if spec.policy:
        request["PolicyDocument"] = policy_text(spec.policy)
    if spec.route_table_ids:
        request["RouteTableIds"] = spec.route_table_ids
    if spec.subnet_ids:
        request["SubnetIds"] = spec.subnet_ids
    if spec.security_group_ids:
        request["SecurityGroupIds"] = spec.security_group_ids
    if spec.vpc_endpoint_type == "Interface":
        request["PrivateDnsEnabled"] = spec.private_dns_enabled is not False
    item: dict[str, Any] = {**aws.client("ec2").create_vpc_endpoint(**request)["VpcEndpoint"]}
    settings: dict[str, Json] = {
        "vpc_id": spec.vpc_id,
        "service_name": spec.service_name,
        "vpc_endpoint_type": spec.vpc_endpoint_type,
        "policy": spec.policy,
        "route_table_ids": [*spec.route_table_ids],
        "subnet_ids": [*spec.subnet_ids],
        "security_group_ids": [*spec.security_group_ids],
        "private_dns_enabled": request.get("PrivateDnsEnabled", False),
    }
    id_, state = str(item["VpcEndpointId"]), str(item.get("State", "pending"))
    observed = seen(aws.target, "vpc-endpoint", id_, item, settings, state=state)
    return id_, replace(observed, tags=tags)


def update(aws: Aws, id_: str, spec: Ec2VpcEndpointSpec, changes: Changes) -> Phase:
    """One call carries every change; it takes effect later."""
    request: dict[str, Any] = {"VpcEndpointId": id_}
    for field, member in (
        ("route_table_ids", "RouteTableIds"),
        ("subnet_ids", "SubnetIds"),
        ("security_group_ids", "SecurityGroupIds"),
    ):
        if field in changes:
            added, removed = _moves(changes[field])
            request |= {f"Add{member}": added} if added else {}
            request |= {f"Remove{member}": removed} if removed else {}
    if "policy" in changes and spec.policy:
        request["PolicyDocument"] = policy_text(spec.policy)
    if "private_dns_enabled" in changes:
        request["PrivateDnsEnabled"] = bool(spec.private_dns_enabled)
    aws.client("ec2").modify_vpc_endpoint(**request)
    return Phase.PENDING if spec.vpc_endpoint_type == "Interface" else Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Ask for its end; its interfaces hold subnets and groups for some minutes more."""
    answer = aws.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[id_])
    unsuccessful: Sequence[Any] = answer.get("Unsuccessful", ())
    refuse_unsuccessful("ec2.DeleteVpcEndpoints", unsuccessful, *ABSENT)


def aftermath(aws: Aws, id_: str, settings: Settings) -> str:
    """Interfaces of it that are still in its subnets."""
    if settings.get("vpc_endpoint_type") != "Interface":
        return ""
    found = INTERFACES.matching(aws, {"description": [f"VPC Endpoint Interface {id_}"]})
    names = enumerated(sorted(str(one["NetworkInterfaceId"]) for one in found))
    return f"{counted(len(found), 'interface')} of it ({names})" if found else ""


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every endpoint that is not gone and that no other service manages."""

    def ours(item: Item) -> Observed | None:
        return None if item.get("RequesterManaged") else _observed(aws.target, item)

    return ENDPOINTS.search(aws, stack, ours)


def _observed(target: Target, item: Item) -> Observed | None:
    state = str(item.get("State", "pending"))
    if state.lower() == "deleted":
        return None
    policy = item.get("PolicyDocument")
    settings: dict[str, Json] = {
        "vpc_id": str(item["VpcId"]),
        "service_name": str(item["ServiceName"]),
        "vpc_endpoint_type": str(item["VpcEndpointType"]),
        "policy": json.loads(policy) if policy else None,
        "route_table_ids": [*item.get("RouteTableIds", ())],
        "subnet_ids": [*item.get("SubnetIds", ())],
        "security_group_ids": [group["GroupId"] for group in item.get("Groups", ())],
        "private_dns_enabled": bool(item.get("PrivateDnsEnabled")),
    }
    failure = item.get("LastError", {}).get("Message", "")
    return seen(
        target,
        "vpc-endpoint",
        str(item["VpcEndpointId"]),
        item,
        settings,
        state=state,
        reason=str(failure),
    )


def _moves(change: Difference) -> tuple[list[str], list[str]]:
    before = {str(item) for item in change.before} if isinstance(change.before, list) else set()
    after = {str(item) for item in change.after} if isinstance(change.after, list) else set()
    return sorted(after - before), sorted(before - after)


RESOURCE = ResourceType(
    kind="ec2.vpc_endpoint",
    service="ec2",
    spec=Ec2VpcEndpointSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    aftermath=aftermath,
    deletes=("ec2:DeleteVpcEndpoints",),
    ready=Patience(every=5, typical=90, limit=900),
    gone=Patience(every=5, typical=60, limit=900),
    seconds=60,
)


def ensure_ec2_vpc_endpoint(
    session: ClientFactory,
    spec: Ec2VpcEndpointSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the endpoint if it is missing, correct it where it differs, else do nothing.

    Without an owner it is found again by its `Name` tag. See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
