"""ec2.elastic_ip under contract."""

from __future__ import annotations

import boto3

from provisioner.lifecycle import Json
from tests.contract.case import Case


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {"tags": {"Name": "contract"}}


def _alive(session: boto3.Session, id_: str) -> bool:
    filters = [{"Name": "allocation-id", "Values": [id_]}]
    return bool(session.client("ec2").describe_addresses(Filters=filters)["Addresses"])  # type: ignore[arg-type]


CASE = Case(
    kind="ec2.elastic_ip",
    settings=_settings,
    alive=_alive,
    changes={"public_ipv4_pool": {"public_ipv4_pool": "ipv4pool-ec2-012345"}},
    only_here={"public_ipv4_pool": "it takes a pool of addresses of one's own"},
)
