"""What moto 5.2 leaves out of EC2, filled.

- `DescribeNatGateways` ignores filters by tag.
- `DeleteNatGateway` leaves the gateway's network interface behind, and its address associated.
- `DescribeNetworkAcls` knows no filter by `network-acl-id`, `DescribeVpcEndpoints` none by
  `vpc-endpoint-id`.
- `AssociateRouteTable` answers another table's association instead of refusing.
- `ModifyVpcEndpoint` drops `PrivateDnsEnabled`.
- `ReplaceNetworkAclAssociation` breaks on an association that is not there.
- `DeleteVpcEndpoints` breaks on an endpoint that is deleted already.
- A rule of a security group keeps its description when it is to have none.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidAssociationIdError, ResourceAlreadyAssociatedError
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.network_acls import NetworkAcl, NetworkAclBackend
from moto.ec2.models.route_tables import RouteBackend
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses.vpcs import VPCs

_describe_nat_gateways = NatGatewayBackend.describe_nat_gateways
_delete_nat_gateway = NatGatewayBackend.delete_nat_gateway
_acl_filter = NetworkAcl.get_filter_value
_endpoint_filter = VPCEndPoint.get_filter_value
_associate_route_table = RouteBackend.associate_route_table
_modify_vpc_endpoint = VPCs.modify_vpc_endpoint
_update_description = SecurityGroupBackend._sg_update_description
_replace_acl_association = NetworkAclBackend.replace_network_acl_association


def _fits(tagged: Any, filters: Any) -> bool:
    """Whether an object carries what every `tag:` filter asks for."""
    tags = {tag["key"]: tag["value"] for tag in tagged.get_tags()}
    return all(
        tags.get(name.removeprefix("tag:")) in values
        for name, values in (filters or {}).items()
        if name.startswith("tag:")
    )


def describe_nat_gateways(self: Any, filters: Any, nat_gateway_ids: Any) -> list[Any]:
    """Filter by tag, too."""
    found = _describe_nat_gateways(self, filters, nat_gateway_ids)
    return [gateway for gateway in found if _fits(gateway, filters)]


def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
    """Take the interface away with the gateway, and let its address go."""
    known = self.nat_gateways.get(nat_gateway_id)
    gone = _delete_nat_gateway(self, nat_gateway_id)
    if known is not None:
        self.enis.pop(known._eni.id, None)
        for address in self.describe_addresses():
            if address.eni is known._eni:
                address.eni = None
                address.association_id = None
    return gone


def get_acl_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
    """Answer the id."""
    if filter_name == "network-acl-id":
        return self.id
    return _acl_filter(self, filter_name, method_name)


def get_endpoint_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
    """Answer the id."""
    if filter_name == "vpc-endpoint-id":
        return self.id
    return _endpoint_filter(self, filter_name, method_name)


def associate_route_table(
    self: Any, route_table_id: str, gateway_id: str | None = None, subnet_id: str | None = None
) -> str:
    """Refuse a subnet that another table has."""
    for table in self.describe_route_tables(filters={"association.subnet-id": [subnet_id]}):
        if table.id != route_table_id:
            raise ResourceAlreadyAssociatedError(str(subnet_id))
    answer: str = _associate_route_table(self, route_table_id, gateway_id, subnet_id)
    return answer


def modify_vpc_endpoint(self: Any) -> Any:
    """Switch private DNS, too."""
    answer = _modify_vpc_endpoint(self)
    private = self._get_bool_param("PrivateDnsEnabled")
    if private is not None:
        endpoint = self.ec2_backend.get_vpc_end_point(self._get_param("VpcEndpointId"))
        endpoint.private_dns_enabled = private
    return answer


def replace_network_acl_association(self: Any, association_id: str, network_acl_id: str) -> Any:
    """Refuse an association that is not there."""
    if not any(association_id in acl._associations for acl in self.network_acls.values()):
        raise InvalidAssociationIdError(association_id)
    return _replace_acl_association(self, association_id, network_acl_id)


def delete_vpc_endpoints(self: Any) -> ActionResult:
    """Tell which are not there, and delete the others."""
    asked = self._get_param("VpcEndpointIds", [])
    known = self.ec2_backend.vpc_end_points
    there = [id_ for id_ in asked if id_ in known and known[id_].state != "deleted"]
    self.ec2_backend.delete_vpc_endpoints(vpce_ids=there)
    absent = [
        {
            "ResourceId": id_,
            "Error": {
                "Code": "InvalidVpcEndpoint.NotFound",
                "Message": f"The Vpc Endpoint Id '{id_}' does not exist",
            },
        }
        for id_ in asked
        if id_ not in there
    ]
    return ActionResult({"Unsuccessful": absent})


def update_description(self: Any, security_rule: Any, rule: Any) -> None:
    """Take the description away that is not sent."""
    _update_description(self, security_rule, rule)
    for side in ("ip_range", "source_group"):
        sent, kept = getattr(security_rule, side), getattr(rule, side)
        if isinstance(sent, dict) and isinstance(kept, dict) and "Description" not in sent:
            kept.pop("Description", None)


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    NatGatewayBackend.describe_nat_gateways = describe_nat_gateways  # type: ignore[method-assign]
    NatGatewayBackend.delete_nat_gateway = delete_nat_gateway  # type: ignore[method-assign]
    NetworkAcl.get_filter_value = get_acl_filter_value  # type: ignore[method-assign]
    VPCEndPoint.get_filter_value = get_endpoint_filter_value  # type: ignore[method-assign]
    RouteBackend.associate_route_table = associate_route_table  # type: ignore[method-assign]
    SecurityGroupBackend._sg_update_description = (  # type: ignore[method-assign]
        update_description
    )
    VPCs.modify_vpc_endpoint = modify_vpc_endpoint  # type: ignore[method-assign]
    VPCs.delete_vpc_endpoints = delete_vpc_endpoints  # type: ignore[method-assign]
    NetworkAclBackend.replace_network_acl_association = (  # type: ignore[method-assign]
        replace_network_acl_association
    )
