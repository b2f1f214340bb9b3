"""ec2.security_group: who may talk to whom. Holds its rules, which may name other groups.

A group that says nothing of egress allows none: AWS's own allow-all rule is taken away.
API: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    IMMUTABLE,
    Changes,
    Json,
    Observed,
    Obstacle,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
)
from provisioner.lifecycle.canonical import Canonical, as_network, as_set
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Cidr, Shape, Tags
from provisioner.resources._ec2 import Item, Listing, delete_by, retag, seen, tagged
from provisioner.resources._ec2_neighbours import interfaces, leaning_on
from provisioner.resources._ec2_openings import openings

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import IpPermissionTypeDef

GROUPS = Listing("describe_security_groups", "SecurityGroups", "GroupId", "group-id")
ABSENT = ("InvalidGroup.NotFound", "InvalidSecurityGroupID.NotFound")
PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
SOURCES = ("cidr_ip", "cidr_ipv6", "prefix_list_id", "group_id")
DEFAULT_EGRESS: Json = [{"ip_protocol": "-1", "cidr_ip": "0.0.0.0/0"}]
"""What AWS gives every new group."""
Rule_: TypeAlias = dict[str, Json]
TEXT = r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*"


def _rules_form(value: Json) -> Json:
    """Rules as a set, each with its protocol by name and its network as AWS stores it."""
    if not isinstance(value, list):
        return as_set(value)
    return as_set([_rule_form(rule) if isinstance(rule, dict) else rule for rule in value])


def _rule_form(rule: Mapping[str, Json]) -> Rule_:
    form: Rule_ = {name: item for name, item in rule.items() if item not in (None, "")}
    protocol = str(form.get("ip_protocol", "-1"))
    form["ip_protocol"] = PROTOCOLS.get(protocol, protocol)
    if form["ip_protocol"] == "-1":
        form = {name: item for name, item in form.items() if name not in {"from_port", "to_port"}}
    for name in ("cidr_ip", "cidr_ipv6"):
        if name in form:
            form[name] = as_network(form[name])
    return form


RULES = Canonical(_rules_form)


class Rule(Spec):
    """One protocol, one range of ports, one source or destination."""

    ip_protocol: str = "tcp"
    """tcp, udp, icmp, icmpv6, a protocol number, or -1 for all."""
    from_port: int | None = None
    to_port: int | None = None
    cidr_ip: Cidr | None = None
    cidr_ipv6: Cidr | None = None
    prefix_list_id: str | None = None
    group_id: str | None = None
    """Another security group, or this one itself: `${other.id}`."""
    description: Annotated[str | None, Shape(TEXT, longest=255, says="plain text")] = None

    @model_validator(mode="after")
    def _whole(self) -> Rule:
        if sum(getattr(self, name) is not None for name in SOURCES) != 1:
            message = f"a rule has exactly one of {', '.join(SOURCES)}"
            raise ValueError(message)
        if self.ip_protocol in {"tcp", "udp", "6", "17"} and None in (self.from_port, self.to_port):
            message = f"a {self.ip_protocol} rule needs from_port and to_port"
            raise ValueError(message)
        return self


class Ec2SecurityGroupSpec(Spec):
    """A security group."""

    group_name: Annotated[
        str, IMMUTABLE, Shape("(?!sg-)" + TEXT, longest=255, shortest=1, says="plain text")
    ]
    description: Annotated[str, IMMUTABLE, Shape(TEXT, longest=255, shortest=1, says="plain text")]
    vpc_id: Annotated[str, IMMUTABLE, Wait.EXISTS]
    """The VPC: `${vpc.id}`."""
    ingress: Annotated[list[Rule], RULES] = []
    egress: Annotated[list[Rule], RULES] = []
    """What may go out; nothing if empty."""
    tags: Tags = {}


ATTRIBUTES = {"id": "the group id, sg-…", "arn": "the ARN", "group_name": "its name"}


def identity(spec: Ec2SecurityGroupSpec, target: Target) -> str | None:  # noqa: ARG001
    """AWS makes the id."""
    return None


def predict(spec: Ec2SecurityGroupSpec, target: Target) -> Mapping[str, str]:  # noqa: ARG001
    """The name."""
    return {"group_name": spec.group_name}


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call for all, rules included."""
    return GROUPS.read(aws, ids, partial(_observed, aws.target))


def create(aws: Aws, spec: Ec2SecurityGroupSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the group; its rules follow."""
    id_ = aws.client("ec2").create_security_group(
        GroupName=spec.group_name,
        Description=spec.description,
        VpcId=spec.vpc_id,
        TagSpecifications=tagged("security-group", tags),
    )["GroupId"]
    settings: dict[str, Json] = {
        "group_name": spec.group_name,
        "description": spec.description,
        "vpc_id": spec.vpc_id,
        "egress": DEFAULT_EGRESS,
    }
    named = {"group_name": spec.group_name}
    observed = seen(aws.target, "security-group", id_, {}, settings, attributes=named)
    return id_, replace(observed, tags=tags)


def update(aws: Aws, id_: str, spec: Ec2SecurityGroupSpec, changes: Changes) -> Phase:
    """Add before taking away, so that nothing wanted is cut off in between."""
    del spec
    ec2 = aws.client("ec2")
    for direction in ("ingress", "egress"):
        if change := changes.get(direction):
            before, after = _keyed(change.before), _keyed(change.after)
            _authorize(ec2, id_, direction, [after[key] for key in after if key not in before])
            _revoke(ec2, id_, direction, [before[key] for key in before if key not in after])
            _describe(
                ec2,
                id_,
                direction,
                [rule for key, rule in after.items() if key in before and before[key] != rule],
            )
    return Phase.READY


def unwire(aws: Aws, id_: str) -> Phase:
    """Take away the rules that name other groups, so that those can be deleted."""
    ec2 = aws.client("ec2")
    for item in GROUPS.matching(aws, {"group-id": [id_]}):
        for direction, member in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
            rules = [rule for rule in _flat(item.get(member, ())) if "group_id" in rule]
            with absent_is_success(*ABSENT):
                _revoke(ec2, id_, direction, rules)
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it; refused as long as an interface or a rule of another group uses it."""
    delete_by(lambda ec2: ec2.delete_security_group(GroupId=id_), aws, *ABSENT)


def obstacles(aws: Aws, id_: str, settings: Settings, ids: frozenset[str]) -> Sequence[Obstacle]:
    """Rules of other groups that name it; interfaces that have it, unless its VPC goes, too."""
    inside = settings.get("vpc_id") in ids
    worn = () if inside else interfaces(aws, {"group-id": [id_]}, id_, ids)
    return [*leaning_on(aws, id_, ids), *worn]


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every group but the default one of each VPC."""

    def ours(item: Item) -> Observed | None:
        return None if item["GroupName"] == "default" else _observed(aws.target, item)

    return GROUPS.search(aws, stack, ours)


def _observed(target: Target, item: Item) -> Observed:
    name = str(item["GroupName"])
    settings: dict[str, Json] = {
        "group_name": name,
        "description": str(item["Description"]),
        "vpc_id": str(item["VpcId"]),
        "ingress": [*_flat(item.get("IpPermissions", ()))],
        "egress": [*_flat(item.get("IpPermissionsEgress", ()))],
    }
    id_ = str(item["GroupId"])
    return seen(target, "security-group", id_, item, settings, attributes={"group_name": name})


def _flat(permissions: Sequence[Item]) -> list[Rule_]:
    """AWS merges rules by protocol and ports; one rule per source again."""
    members = (
        ("IpRanges", "CidrIp", "cidr_ip"),
        ("Ipv6Ranges", "CidrIpv6", "cidr_ipv6"),
        ("PrefixListIds", "PrefixListId", "prefix_list_id"),
        ("UserIdGroupPairs", "GroupId", "group_id"),
    )
    return [
        _rule_form(
            {
                "ip_protocol": str(permission["IpProtocol"]),
                "from_port": permission.get("FromPort"),
                "to_port": permission.get("ToPort"),
                name: str(source[key]),
                "description": source.get("Description"),
            }
        )
        for permission in permissions
        for member, key, name in members
        for source in permission.get(member, ())
    ]


def _keyed(value: Json) -> dict[tuple[tuple[str, str], ...], Rule_]:
    """Rules by what makes them the same rule to AWS: everything but the description."""
    rules = [rule for rule in value if isinstance(rule, dict)] if isinstance(value, list) else []
    return {
        tuple(
            sorted((name, str(item)) for name, item in rule.items() if name != "description")
        ): rule
        for rule in rules
    }


def _permission(rule: Mapping[str, Json]) -> IpPermissionTypeDef:
    described = {"Description": rule["description"]} if "description" in rule else {}
    permission: dict[str, Any] = {"IpProtocol": rule["ip_protocol"]}
    if "from_port" in rule:
        permission |= {"FromPort": rule["from_port"], "ToPort": rule["to_port"]}
    members = {
        "cidr_ip": ("IpRanges", "CidrIp"),
        "cidr_ipv6": ("Ipv6Ranges", "CidrIpv6"),
        "prefix_list_id": ("PrefixListIds", "PrefixListId"),
        "group_id": ("UserIdGroupPairs", "GroupId"),
    }
    for name, (member, key) in members.items():
        if name in rule:
            permission[member] = [{key: rule[name], **described}]
    sent: IpPermissionTypeDef = permission  # type: ignore[assignment]
    return sent


def _authorize(ec2: EC2Client, id_: str, direction: str, rules: Sequence[Rule_]) -> None:
    permissions = [_permission(rule) for rule in rules]
    if not permissions:
        return
    with absent_is_success("InvalidPermission.Duplicate"):
        if direction == "ingress":
            ec2.authorize_security_group_ingress(GroupId=id_, IpPermissions=permissions)
        else:
            ec2.authorize_security_group_egress(GroupId=id_, IpPermissions=permissions)


def _revoke(ec2: EC2Client, id_: str, direction: str, rules: Sequence[Rule_]) -> None:
    permissions = [_permission(rule) for rule in rules]
    if not permissions:
        return
    with absent_is_success("InvalidPermission.NotFound"):
        if direction == "ingress":
            ec2.revoke_security_group_ingress(GroupId=id_, IpPermissions=permissions)
        else:
            ec2.revoke_security_group_egress(GroupId=id_, IpPermissions=permissions)


def _describe(ec2: EC2Client, id_: str, direction: str, rules: Sequence[Rule_]) -> None:
    permissions = [_permission(rule) for rule in rules]
    if permissions and direction == "ingress":
        ec2.update_security_group_rule_descriptions_ingress(GroupId=id_, IpPermissions=permissions)
    elif permissions:
        ec2.update_security_group_rule_descriptions_egress(GroupId=id_, IpPermissions=permissions)


def exposes(settings: Settings) -> list[str]:
    """Rules from or to any address."""
    networks = ("cidr_ip", "cidr_ipv6")
    return [*openings(settings, networks, lambda rule: str(rule.get("ip_protocol")))]


RESOURCE = ResourceType(
    kind="ec2.security_group",
    service="ec2",
    spec=Ec2SecurityGroupSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    obstacles=obstacles,
    exposes=exposes,
    deletes=(
        "ec2:DeleteSecurityGroup",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:RevokeSecurityGroupEgress",
    ),
    predict=predict,
    unwire=unwire,
    seconds=2,
    claims=("vpc_id", "group_name"),
)


def ensure_ec2_security_group(
    session: ClientFactory,
    spec: Ec2SecurityGroupSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the group if it is missing, correct it where it differs, else do nothing.

    Without an owner it is found again by its `Name` tag. See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
