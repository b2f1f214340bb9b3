"""What the EC2 cases need to stand on, made with plain boto3."""

from __future__ import annotations

import boto3

from provisioner.lifecycle import Json


def vpc(session: boto3.Session, cidr: str = "10.9.0.0/16") -> str:
    """A VPC's id."""
    return session.client("ec2").create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]


def subnet(session: boto3.Session, vpc_id: str, cidr: str, zone: str = "a") -> str:
    """A subnet's id."""
    ec2 = session.client("ec2")
    made = ec2.create_subnet(
        VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=f"{session.region_name}{zone}"
    )
    return made["Subnet"]["SubnetId"]


def another_vpc(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    """A change to another VPC."""
    del settings
    return {"vpc_id": vpc(session)}


def gateway(session: boto3.Session, vpc_id: str) -> str:
    """An attached internet gateway's id."""
    ec2 = session.client("ec2")
    id_ = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=id_, VpcId=vpc_id)
    return id_


def group(session: boto3.Session, vpc_id: str, name: str = "other") -> str:
    """A security group's id."""
    ec2 = session.client("ec2")
    return ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_id)["GroupId"]
