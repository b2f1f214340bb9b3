"""ec2.subnet under contract."""

from __future__ import annotations

import boto3

from provisioner.lifecycle import Json
from tests.contract.case import Case
from tests.resources import _ec2


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {
        "vpc_id": _ec2.vpc(session),
        "cidr_block": "10.9.1.0/24",
        "availability_zone": "eu-central-1a",
        "tags": {"Name": "contract"},
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    filters = [{"Name": "subnet-id", "Values": [id_]}]
    return bool(session.client("ec2").describe_subnets(Filters=filters)["Subnets"])  # type: ignore[arg-type]


CASE = Case(
    kind="ec2.subnet",
    settings=_settings,
    alive=_alive,
    changes={
        "cidr_block": {"cidr_block": "10.9.2.0/24"},
        "availability_zone": {"availability_zone": "eu-central-1b"},
        "map_public_ip_on_launch": {"map_public_ip_on_launch": True},
    },
    prepare={"vpc_id": _ec2.another_vpc},
)
