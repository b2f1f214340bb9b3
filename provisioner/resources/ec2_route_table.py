"""ec2.route_table: where a subnet's packets go. Holds its routes and its subnets.

The `local` route and those that gateway endpoints put in are AWS's business and not shown.
API: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRouteTable.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from botocore.exceptions import ClientError
from pydantic import model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success, code_of
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    IMMUTABLE,
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
)
from provisioner.lifecycle.canonical import UNORDERED
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Cidr, Tags
from provisioner.resources._ec2 import Item, Listing, delete_by, retag, seen, tagged, token_of

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import CreateRouteTableRequestTypeDef

TABLES = Listing("describe_route_tables", "RouteTables", "RouteTableId", "route-table-id")
ABSENT = ("InvalidRouteTableID.NotFound", "InvalidRouteTableId.NotFound")
DESTINATIONS = {
    "destination_cidr_block": "DestinationCidrBlock",
    "destination_ipv6_cidr_block": "DestinationIpv6CidrBlock",
    "destination_prefix_list_id": "DestinationPrefixListId",
}
TARGETS = {
    "gateway_id": "GatewayId",
    "nat_gateway_id": "NatGatewayId",
    "egress_only_internet_gateway_id": "EgressOnlyInternetGatewayId",
    "transit_gateway_id": "TransitGatewayId",
    "vpc_peering_connection_id": "VpcPeeringConnectionId",
    "network_interface_id": "NetworkInterfaceId",
}


class Route(Spec):
    """One destination and where packets to it go."""

    destination_cidr_block: Cidr | None = None
    destination_ipv6_cidr_block: Cidr | None = None
    destination_prefix_list_id: str | None = None
    gateway_id: str | None = None
    """An internet gateway, `${internet.id}`; it must be attached to the VPC."""
    nat_gateway_id: str | None = None
    egress_only_internet_gateway_id: str | None = None
    transit_gateway_id: str | None = None
    vpc_peering_connection_id: str | None = None
    network_interface_id: str | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Route:
        for names in (DESTINATIONS, TARGETS):
            if sum(getattr(self, name) is not None for name in names) != 1:
                message = f"a route has exactly one of {', '.join(names)}"
                raise ValueError(message)
        return self


class Ec2RouteTableSpec(Spec):
    """A route table with its routes and subnets."""

    vpc_id: Annotated[str, IMMUTABLE, Wait.EXISTS]
    """The VPC: `${vpc.id}`."""
    routes: Annotated[list[Route], UNORDERED] = []
    subnet_ids: Annotated[list[str], UNORDERED] = []
    """The subnets that use this table; any other uses the VPC's main table."""
    tags: Tags = {}


ATTRIBUTES = {"id": "the table id, rtb-…", "arn": "the ARN"}


def identity(spec: Ec2RouteTableSpec, target: Target) -> str | None:  # noqa: ARG001
    """AWS makes the id."""
    return None


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call for all, routes and subnets included."""
    return TABLES.read(aws, ids, partial(_observed, aws.target))


def create(aws: Aws, spec: Ec2RouteTableSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the empty table; routes and subnets follow."""
    request: CreateRouteTableRequestTypeDef = {
        "VpcId": spec.vpc_id,
        "TagSpecifications": tagged("route-table", tags),
    }
    if token := token_of(tags):
        request["ClientToken"] = token
    table = aws.client("ec2").create_route_table(**request)["RouteTable"]
    return table["RouteTableId"], replace(_observed(aws.target, table), tags=tags)


def update(aws: Aws, id_: str, spec: Ec2RouteTableSpec, changes: Changes) -> Phase:
    """Send what differs, side by side: routes by destination, subnets by id."""
    del spec
    ec2 = aws.client("ec2")
    calls = []
    if change := changes.get("routes"):
        calls += [*_route_calls(ec2, id_, _routes(change.before), _routes(change.after))]
    if change := changes.get("subnet_ids"):
        before, after = _texts(change.before), _texts(change.after)
        calls += [partial(_associate, aws, id_, subnet) for subnet in sorted(after - before)]
        if gone := before - after:
            calls.append(partial(_disassociate, aws, id_, gone))
    aws.gather(calls)
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Take it from its subnets, then delete it."""
    _disassociate(aws, id_, None)
    delete_by(lambda ec2: ec2.delete_route_table(RouteTableId=id_), aws, *ABSENT)


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every table that is not the main one of a VPC."""

    def ours(item: Item) -> Observed | None:
        main = any(association.get("Main") for association in item.get("Associations", ()))
        return None if main else _observed(aws.target, item)

    return TABLES.search(aws, stack, ours)


def _observed(target: Target, item: Item) -> Observed:
    settings: dict[str, Json] = {
        "vpc_id": str(item["VpcId"]),
        "routes": [route for entry in item.get("Routes", ()) if (route := _route(entry))],
        "subnet_ids": [
            str(association["SubnetId"])
            for association in item.get("Associations", ())
            if association.get("SubnetId")
        ],
    }
    return seen(target, "route-table", str(item["RouteTableId"]), item, settings)


def _route(entry: Item) -> dict[str, Json] | None:
    """A route that a person made; None for those that AWS makes itself."""
    gateway = str(entry.get("GatewayId") or "")
    if entry.get("Origin", "CreateRoute") != "CreateRoute" or gateway == "local":
        return None
    if gateway.startswith("vpce-") and entry.get("DestinationPrefixListId"):
        return None
    return {
        name: str(entry[member])
        for name, member in (DESTINATIONS | TARGETS).items()
        if entry.get(member)
    }


def _routes(value: Json) -> dict[str, dict[str, str]]:
    """Routes by destination."""
    listed = value if isinstance(value, list) else []
    routes = [
        {name: str(item) for name, item in route.items()}
        for route in listed
        if isinstance(route, dict)
    ]
    return {next(route[name] for name in DESTINATIONS if name in route): route for route in routes}


def _route_calls(
    ec2: EC2Client,
    id_: str,
    before: Mapping[str, Mapping[str, str]],
    after: Mapping[str, Mapping[str, str]],
) -> Iterator[Any]:
    for destination, route in after.items():
        if destination not in before:
            yield partial(ec2.create_route, RouteTableId=id_, **_sent(route))
        elif before[destination] != route:
            yield partial(ec2.replace_route, RouteTableId=id_, **_sent(route))
    for destination, route in before.items():
        if destination not in after:
            yield partial(_delete_route, ec2, id_, route)


def _sent(route: Mapping[str, str]) -> dict[str, Any]:
    members = DESTINATIONS | TARGETS
    return {members[name]: value for name, value in route.items()}


def _delete_route(ec2: EC2Client, id_: str, route: Mapping[str, str]) -> None:
    destination = {DESTINATIONS[name]: route[name] for name in DESTINATIONS if name in route}
    sent: Any = {"RouteTableId": id_, **destination}
    with absent_is_success("InvalidRoute.NotFound"):
        ec2.delete_route(**sent)


def _texts(value: Json) -> set[str]:
    return {str(item) for item in value} if isinstance(value, list) else set()


def _associate(aws: Aws, id_: str, subnet: str) -> None:
    """Give the subnet this table; it may have another one now."""
    ec2 = aws.client("ec2")
    try:
        ec2.associate_route_table(RouteTableId=id_, SubnetId=subnet)
    except ClientError as error:
        if code_of(error) != "Resource.AlreadyAssociated":
            raise
        for association in _associations(aws, {"association.subnet-id": [subnet]}):
            if association.get("SubnetId") == subnet and association["RouteTableId"] != id_:
                ec2.replace_route_table_association(
                    AssociationId=association["RouteTableAssociationId"], RouteTableId=id_
                )


def _disassociate(aws: Aws, id_: str, subnets: set[str] | None) -> None:
    """Take this table from these subnets, or from all."""
    ec2 = aws.client("ec2")
    for association in _associations(aws, {"route-table-id": [id_]}):
        subnet = association.get("SubnetId")
        if subnet and (subnets is None or subnet in subnets):
            with absent_is_success("InvalidAssociationID.NotFound"):
                ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])


def _associations(aws: Aws, filters: Mapping[str, Sequence[str]]) -> list[Item]:
    tables = TABLES.matching(aws, filters)
    return [association for table in tables for association in table.get("Associations", ())]


RESOURCE = ResourceType(
    kind="ec2.route_table",
    service="ec2",
    spec=Ec2RouteTableSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    deletes=("ec2:DeleteRouteTable", "ec2:DisassociateRouteTable"),
    seconds=2,
)


def ensure_ec2_route_table(
    session: ClientFactory,
    spec: Ec2RouteTableSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the table if it is missing, correct it where it differs, else do nothing.

    Without an owner it is found again by its `Name` tag. See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
