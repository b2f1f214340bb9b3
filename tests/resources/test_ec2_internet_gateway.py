"""ec2.internet_gateway: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.resources.ec2_internet_gateway import (
    RESOURCE,
    Ec2InternetGatewaySpec,
    ensure_ec2_internet_gateway,
)
from tests.contract.case import Case
from tests.resources import _ec2


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {"vpc_id": _ec2.vpc(session), "tags": {"Name": "contract"}}


def _alive(session: boto3.Session, id_: str) -> bool:
    found = session.client("ec2").describe_internet_gateways(
        Filters=[{"Name": "internet-gateway-id", "Values": [id_]}]
    )
    return bool(found["InternetGateways"])


def _another(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    return {"vpc_id": _ec2.vpc(session, "10.8.0.0/16")}


CASE = Case(
    kind="ec2.internet_gateway",
    settings=_settings,
    alive=_alive,
    changes={"vpc_id": {}},
    prepare={"vpc_id": _another},
)


def test_it_is_detached_before_it_is_deleted(session: boto3.Session, aws: Aws) -> None:
    """An attached gateway goes in two steps, and its VPC can be deleted then."""
    vpc = _ec2.vpc(session)
    spec = Ec2InternetGatewaySpec(vpc_id=vpc, tags={"Name": "a"})
    made = ensure_ec2_internet_gateway(session, spec)
    RESOURCE.delete(aws, made.id, {"vpc_id": vpc})
    session.client("ec2").delete_vpc(VpcId=vpc)
    assert not _alive(session, made.id)


def test_what_a_cut_short_run_attached_is_detached(session: boto3.Session, aws: Aws) -> None:
    """The VPC's id was never written down; the gateway itself tells it."""
    vpc = _ec2.vpc(session)
    gateway = _ec2.gateway(session, vpc)
    RESOURCE.delete(aws, gateway, {"vpc_id": "${vpc.id}"})
    assert not _alive(session, gateway)
