"""ec2.vpc: a network of its own, with its DNS settings and a default security group that is empty.

The default security group can't be deleted, and whatever is launched without a group gets it;
so by default its rules are taken away.
API: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import PlainSerializer

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    COMPUTED,
    IMMUTABLE,
    Changes,
    Json,
    Observed,
    Obstacle,
    Owner,
    Patience,
    Phase,
    ResourceType,
    Settings,
    Spec,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Cidr, Tags
from provisioner.resources._ec2 import (
    Item,
    Listing,
    delete_by,
    once_visible,
    retag,
    seen,
    tagged,
)
from provisioner.resources._ec2_neighbours import in_vpc

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

VPCS = Listing("describe_vpcs", "Vpcs", "VpcId", "vpc-id")
GROUPS = Listing("describe_security_groups", "SecurityGroups", "GroupId", "group-id")


class Ec2VpcSpec(Spec):
    """A virtual private cloud."""

    cidr_block: Annotated[Cidr, IMMUTABLE]
    """The IPv4 network, /16 to /28."""
    instance_tenancy: Annotated[Literal["default", "dedicated"], IMMUTABLE] = "default"
    enable_dns_support: bool = True
    enable_dns_hostnames: bool = True
    """Interface endpoints with private names need it. AWS's own default is false."""
    empty_default_security_group: Annotated[
        bool, COMPUTED, PlainSerializer(lambda empty: empty or None)
    ] = True
    """Take all rules from the default security group. False leaves them as AWS made them."""
    tags: Tags = {}


ATTRIBUTES = {
    "id": "the VPC id, vpc-…",
    "arn": "the ARN",
    "cidr_block": "the IPv4 network",
}


def identity(spec: Ec2VpcSpec, target: Target) -> str | None:  # noqa: ARG001
    """AWS makes the id."""
    return None


def predict(spec: Ec2VpcSpec, target: Target) -> Mapping[str, str]:  # noqa: ARG001
    """The network is as it was wanted."""
    return {"cidr_block": spec.cidr_block}


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call for all VPCs and one for their default groups; two for the DNS settings of each."""
    return _completed(aws, poll(aws, ids))


def poll(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """The state alone."""
    return VPCS.read(aws, ids, partial(_observed, aws.target))


def create(aws: Aws, spec: Ec2VpcSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the VPC; DNS and the default group follow."""
    vpc = aws.client("ec2").create_vpc(
        CidrBlock=spec.cidr_block,
        InstanceTenancy=spec.instance_tenancy,
        TagSpecifications=tagged("vpc", tags),
    )["Vpc"]
    observed = _observed(aws.target, vpc)
    dns: dict[str, Json] = {"enable_dns_support": True, "enable_dns_hostnames": False}
    return vpc["VpcId"], replace(observed, settings={**observed.settings, **dns}, tags=tags)


def update(aws: Aws, id_: str, spec: Ec2VpcSpec, changes: Changes) -> Phase:
    """One attribute per call; host names need DNS support, so it is set first and unset last."""
    ec2 = aws.client("ec2")
    if "enable_dns_support" in changes and spec.enable_dns_support:
        ec2.modify_vpc_attribute(VpcId=id_, EnableDnsSupport={"Value": True})
    if "enable_dns_hostnames" in changes:
        wanted = spec.enable_dns_hostnames
        ec2.modify_vpc_attribute(VpcId=id_, EnableDnsHostnames={"Value": wanted})
    if "enable_dns_support" in changes and not spec.enable_dns_support:
        ec2.modify_vpc_attribute(VpcId=id_, EnableDnsSupport={"Value": False})
    if "empty_default_security_group" in changes:
        _empty_default_group(aws, id_)
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it; what is in it has to be gone."""
    delete_by(lambda ec2: ec2.delete_vpc(VpcId=id_), aws, "InvalidVpcID.NotFound")


def obstacles(
    aws: Aws,
    id_: str,
    settings: Settings,  # noqa: ARG001
    ids: frozenset[str],
) -> Sequence[Obstacle]:
    """What others have in it."""
    return [*in_vpc(aws, id_, ids)]


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every VPC but the account's default one."""

    def ours(item: Item) -> Observed | None:
        return None if item.get("IsDefault") else _observed(aws.target, item)

    return _completed(aws, VPCS.search(aws, stack, ours))


def _observed(target: Target, item: Item) -> Observed:
    cidr_block = str(item["CidrBlock"])
    settings: dict[str, Json] = {
        "cidr_block": cidr_block,
        "instance_tenancy": str(item.get("InstanceTenancy", "default")),
    }
    return seen(
        target,
        "vpc",
        str(item["VpcId"]),
        item,
        settings,
        state=str(item.get("State", "available")),
        attributes={"cidr_block": cidr_block},
    )


def _completed(aws: Aws, found: Mapping[str, Observed]) -> dict[str, Observed]:
    """Add what DescribeVpcs does not tell: DNS settings, and whether the default group is empty."""
    if not found:
        return {}
    ec2 = aws.client("ec2")
    support = [partial(_dns, ec2, id_, "enableDnsSupport") for id_ in found]
    names = [partial(_dns, ec2, id_, "enableDnsHostnames") for id_ in found]
    answers = aws.gather([*support, *names, partial(_empty_groups, aws, [*found])])
    empty = answers.pop()
    completed = {}
    for id_, has_support, has_names in zip(
        found, answers[: len(found)], answers[len(found) :], strict=True
    ):
        more: dict[str, Json] = {
            "enable_dns_support": bool(has_support),
            "enable_dns_hostnames": bool(has_names),
            "empty_default_security_group": id_ in empty or None,
        }
        completed[id_] = replace(found[id_], settings={**found[id_].settings, **more})
    return completed


def _dns(
    ec2: EC2Client, id_: str, name: Literal["enableDnsSupport", "enableDnsHostnames"]
) -> frozenset[str]:
    """The VPC itself if the attribute is set, else nobody."""
    answer = ec2.describe_vpc_attribute(VpcId=id_, Attribute=name)
    value = answer["EnableDnsSupport" if name == "enableDnsSupport" else "EnableDnsHostnames"]
    return frozenset({id_} if value.get("Value") else ())


def _empty_groups(aws: Aws, ids: Sequence[str]) -> frozenset[str]:
    """The VPCs whose default group has no rules."""
    groups = GROUPS.matching(aws, {"group-name": ["default"], "vpc-id": ids})
    return frozenset(
        str(group["VpcId"])
        for group in groups
        if not (group.get("IpPermissions") or group.get("IpPermissionsEgress"))
    )


def _empty_default_group(aws: Aws, id_: str) -> None:
    ec2 = aws.client("ec2")
    default = {"group-name": ["default"], "vpc-id": [id_]}
    for group in once_visible(aws, partial(GROUPS.matching, aws, default), bool):
        if rules := group.get("IpPermissions"):
            ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=rules)
        if rules := group.get("IpPermissionsEgress"):
            ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=rules)


RESOURCE = ResourceType(
    kind="ec2.vpc",
    service="ec2",
    spec=Ec2VpcSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    read=read,
    poll=poll,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    obstacles=obstacles,
    deletes=("ec2:DeleteVpc",),
    ready=Patience(every=1, typical=3, limit=600),
)


def ensure_ec2_vpc(
    session: ClientFactory, spec: Ec2VpcSpec, *, owner: Owner | None = None, adopt: bool = False
) -> Result:
    """Create the VPC if it is missing, correct it where it differs, else do nothing.

    Without an owner it is found again by its `Name` tag. See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
