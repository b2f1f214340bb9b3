"""Quotas."""

from __future__ import annotations

import pytest

from provisioner import RunFailedError, Stack, apply
from tests.strict.case import Case, Client, Ground


def six_addresses(client: Client) -> None:
    """Allocate six addresses."""
    for _ in range(6):
        client("ec2").allocate_address(Domain="vpc")


def told_at_once(ground: Ground) -> None:
    """A quota is told with AWS's code and not tried again; what was made is kept and goes."""
    stack = Stack("strict")
    for number in range(6):
        stack.add(f"address_{number}", "ec2.elastic_ip")
    with pytest.raises(RunFailedError, match="AddressLimitExceeded"):
        apply(ground.session, stack, ground.options).check()
    assert ground.clock.seconds < 30
    assert len(ground.plain("ec2").describe_addresses()["Addresses"]) <= 5
    ground.down(stack)


CASES = [Case("ec2.quotas", six_addresses, "AddressLimitExceeded", told_at_once)]
