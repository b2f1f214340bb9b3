"""A stack of 110 resources of all kinds, looked at for drift right after it was applied."""

from __future__ import annotations

import boto3

from provisioner.api.drifts import drift
from provisioner.operations.desk import Options
from tests.conftest import VirtualClock


def test_it_has_no_drift(healthcare: boto3.Session, clock: VirtualClock) -> None:
    """Nothing that AWS writes in another way than we do is mistaken for somebody's change."""
    clock.sleep(3600)
    found = drift(healthcare, "healthcare-dev", Options(clock=clock))
    assert [(one.address, one.field) for one in found.all] == []
    assert (found.sure, found.compared) == (True, 111)
