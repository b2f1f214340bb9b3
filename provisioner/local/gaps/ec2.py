"""What moto 5.2 leaves out of EC2, filled.

- `DescribeNatGateways` ignores filters by tag.
- `DeleteNatGateway` leaves the gateway's network interface behind, and its address associated.
- `DescribeFlowLogs` knows no filter by tag.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.flow_logs import FlowLogs
from moto.ec2.models.nat_gateways import NatGatewayBackend

_describe_nat_gateways = NatGatewayBackend.describe_nat_gateways
_delete_nat_gateway = NatGatewayBackend.delete_nat_gateway
_flow_log_filter = FlowLogs.get_filter_value


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
            if address.allocation_id == known._allocation_id:
                address.eni = None
                address.association_id = None
    return gone


def get_flow_log_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
    """Answer the value of a tag."""
    if filter_name.startswith("tag:"):
        tags = {tag["key"]: tag["value"] for tag in self.get_tags()}
        return tags.get(filter_name.removeprefix("tag:"))
    return _flow_log_filter(self, filter_name, method_name)


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    NatGatewayBackend.describe_nat_gateways = describe_nat_gateways  # type: ignore[method-assign]
    NatGatewayBackend.delete_nat_gateway = delete_nat_gateway  # type: ignore[method-assign]
    FlowLogs.get_filter_value = get_flow_log_filter_value  # type: ignore[method-assign]
