"""ec2.network_acl: stateless allow and deny rules at the edge of subnets.

What no entry allows is denied; answers to what was let out need an entry of their own.
API: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAcl.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    IMMUTABLE,
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
)
from provisioner.lifecycle.canonical import UNORDERED, Canonical, as_network, as_set
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
    token_of,
)
from provisioner.resources._ec2_openings import openings

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import CreateNetworkAclRequestTypeDef

ACLS = Listing("describe_network_acls", "NetworkAcls", "NetworkAclId", "network-acl-id")
LAST = 32766
"""Above it is AWS's own entry that denies the rest."""
PROTOCOLS = {"tcp": "6", "udp": "17", "icmp": "1", "all": "-1"}


def _entries_form(value: Json) -> Json:
    """Entries as a set, each with its protocol's number and its network as AWS stores it."""
    if not isinstance(value, list):
        return as_set(value)
    return as_set([_entry_form(entry) if isinstance(entry, dict) else entry for entry in value])


def _entry_form(entry: Mapping[str, Json]) -> dict[str, Json]:
    form: dict[str, Json] = {n: item for n, item in entry.items() if item is not None}
    protocol = str(form.get("protocol", "-1"))
    form["protocol"] = PROTOCOLS.get(protocol, protocol)
    if "cidr_block" in form:
        form["cidr_block"] = as_network(form["cidr_block"])
    return form


ENTRIES = Canonical(_entries_form)


class Entry(Spec):
    """One numbered rule; the lowest number that fits decides."""

    rule_number: Annotated[int, Field(ge=1, le=LAST)]
    rule_action: Literal["allow", "deny"]
    protocol: str = "tcp"
    """tcp, udp, icmp, a protocol number, or -1 for all."""
    cidr_block: Cidr | None = None
    ipv6_cidr_block: Cidr | None = None
    from_port: int | None = None
    to_port: int | None = None


class Ec2NetworkAclSpec(Spec):
    """A network ACL with its entries and subnets."""

    vpc_id: Annotated[str, IMMUTABLE, Wait.EXISTS]
    """The VPC: `${vpc.id}`."""
    ingress: Annotated[list[Entry], ENTRIES] = []
    egress: Annotated[list[Entry], ENTRIES] = []
    subnet_ids: Annotated[list[str], UNORDERED] = []
    """The subnets it guards; any other is guarded by the VPC's default ACL."""
    tags: Tags = {}


ATTRIBUTES = {"id": "the ACL id, acl-…", "arn": "the ARN"}


def identity(spec: Ec2NetworkAclSpec, target: Target) -> str | None:  # noqa: ARG001
    """AWS makes the id."""
    return None


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call for all, entries and subnets included."""
    return ACLS.read(aws, ids, partial(_observed, aws.target))


def create(aws: Aws, spec: Ec2NetworkAclSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the ACL, which denies everything; entries and subnets follow."""
    request: CreateNetworkAclRequestTypeDef = {
        "VpcId": spec.vpc_id,
        "TagSpecifications": tagged("network-acl", tags),
    }
    if token := token_of(tags):
        request["ClientToken"] = token
    acl = aws.client("ec2").create_network_acl(**request)["NetworkAcl"]
    return acl["NetworkAclId"], replace(_observed(aws.target, acl), tags=tags)


def update(aws: Aws, id_: str, spec: Ec2NetworkAclSpec, changes: Changes) -> Phase:
    """Entries first, side by side; then the subnets, so that none meets an ACL half made."""
    ec2 = aws.client("ec2")
    calls: list[Any] = []
    for direction in ("ingress", "egress"):
        if change := changes.get(direction):
            before, after = _numbered(change.before), _numbered(change.after)
            calls += [*_entry_calls(ec2, id_, before, after, egress=direction == "egress")]
    aws.gather(calls)
    if change := changes.get("subnet_ids"):
        before_ids, after_ids = _texts(change.before), _texts(change.after)
        _guard(aws, after_ids - before_ids, id_)
        if gone := before_ids - after_ids:
            _guard(aws, gone, _default_acl(aws, spec.vpc_id))
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:
    """Give its subnets back to the default ACL, then delete it."""
    acls = ACLS.matching(aws, {"network-acl-id": [id_]})
    guarded = {str(item["SubnetId"]) for acl in acls for item in acl.get("Associations", ())}
    if guarded:
        vpc_id = str(acls[0].get("VpcId") or settings.get("vpc_id"))
        _guard(aws, guarded, _default_acl(aws, vpc_id))
    delete_by(
        lambda ec2: ec2.delete_network_acl(NetworkAclId=id_), aws, "InvalidNetworkAclID.NotFound"
    )


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every ACL but the default one of each VPC."""

    def ours(item: Item) -> Observed | None:
        return None if item.get("IsDefault") else _observed(aws.target, item)

    return ACLS.search(aws, stack, ours)


def _observed(target: Target, item: Item) -> Observed:
    entries = [entry for entry in item.get("Entries", ()) if entry["RuleNumber"] <= LAST]
    settings: dict[str, Json] = {
        "vpc_id": str(item["VpcId"]),
        "ingress": [_entry(entry) for entry in entries if not entry["Egress"]],
        "egress": [_entry(entry) for entry in entries if entry["Egress"]],
        "subnet_ids": [str(link["SubnetId"]) for link in item.get("Associations", ())],
    }
    return seen(target, "network-acl", str(item["NetworkAclId"]), item, settings)


def _entry(entry: Item) -> dict[str, Json]:
    ports = entry.get("PortRange", {})
    return _entry_form(
        {
            "rule_number": int(entry["RuleNumber"]),
            "rule_action": str(entry["RuleAction"]),
            "protocol": str(entry["Protocol"]),
            "cidr_block": entry.get("CidrBlock"),
            "ipv6_cidr_block": entry.get("Ipv6CidrBlock"),
            "from_port": ports.get("From"),
            "to_port": ports.get("To"),
        }
    )


def _numbered(value: Json) -> dict[int, dict[str, Json]]:
    entries = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    return {int(str(entry["rule_number"])): entry for entry in entries}


def _entry_calls(
    ec2: EC2Client,
    id_: str,
    before: Mapping[int, Mapping[str, Json]],
    after: Mapping[int, Mapping[str, Json]],
    *,
    egress: bool,
) -> list[Any]:
    calls: list[Any] = []
    for number, entry in after.items():
        if number not in before:
            calls.append(partial(ec2.create_network_acl_entry, **_sent(id_, entry, egress=egress)))
        elif before[number] != entry:
            calls.append(partial(ec2.replace_network_acl_entry, **_sent(id_, entry, egress=egress)))
    calls += [
        partial(_delete_entry, ec2, id_, number, egress=egress)
        for number in before
        if number not in after
    ]
    return calls


def _sent(id_: str, entry: Mapping[str, Json], *, egress: bool) -> dict[str, Any]:
    request: dict[str, Any] = {
        "NetworkAclId": id_,
        "RuleNumber": entry["rule_number"],
        "RuleAction": entry["rule_action"],
        "Protocol": entry["protocol"],
        "Egress": egress,
    }
    if "cidr_block" in entry:
        request["CidrBlock"] = entry["cidr_block"]
    if "ipv6_cidr_block" in entry:
        request["Ipv6CidrBlock"] = entry["ipv6_cidr_block"]
    if "from_port" in entry:
        request["PortRange"] = {"From": entry["from_port"], "To": entry["to_port"]}
    return request


def _delete_entry(ec2: EC2Client, id_: str, number: int, *, egress: bool) -> None:
    with absent_is_success("InvalidNetworkAclEntry.NotFound"):
        ec2.delete_network_acl_entry(NetworkAclId=id_, RuleNumber=number, Egress=egress)


def _texts(value: Json) -> set[str]:
    return {str(item) for item in value} if isinstance(value, list) else set()


def _guard(aws: Aws, subnets: set[str], acl: str) -> None:
    """Put these subnets under an ACL, whatever guards them now."""
    if not subnets:
        return
    links = once_visible(
        aws, partial(_links, aws, subnets), lambda found: subnets <= {_subnet(one) for one in found}
    )
    aws.gather(
        [
            partial(_reassociate, aws, link["NetworkAclAssociationId"], acl)
            for link in links
            if _subnet(link) in subnets and link["NetworkAclId"] != acl
        ]
    )


def _links(aws: Aws, subnets: set[str]) -> list[Item]:
    """What puts subnets under their ACLs; every subnet is under one."""
    acls = ACLS.matching(aws, {"association.subnet-id": sorted(subnets)})
    return [link for acl in acls for link in acl.get("Associations", ())]


def _subnet(link: Item) -> str:
    return str(link["SubnetId"])


def _reassociate(aws: Aws, association: str, acl: str) -> None:
    """Move one association; sent twice, AWS does not find it any more: it has a new id then."""
    with absent_is_success("InvalidAssociationID.NotFound"):
        aws.client("ec2").replace_network_acl_association(
            AssociationId=association, NetworkAclId=acl
        )


def _default_acl(aws: Aws, vpc_id: str) -> str:
    default = {"vpc-id": [vpc_id], "default": ["true"]}
    [acl] = once_visible(aws, partial(ACLS.matching, aws, default), bool)
    return str(acl["NetworkAclId"])


def exposes(settings: Settings) -> list[str]:
    """Entries that allow any address."""
    return [*openings(_allowing(settings), ("cidr_block", "ipv6_cidr_block"), _protocol)]


def _allowing(settings: Settings) -> Settings:
    """The entries that allow."""
    return {
        name: [one for one in value if isinstance(one, dict) and one.get("rule_action") == "allow"]
        for name, value in settings.items()
        if isinstance(value, list)
    }


def _protocol(entry: Mapping[str, Json]) -> str:
    number = str(entry.get("protocol"))
    return next((name for name, known in PROTOCOLS.items() if known == number), number)


RESOURCE = ResourceType(
    kind="ec2.network_acl",
    service="ec2",
    spec=Ec2NetworkAclSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    exposes=exposes,
    deletes=("ec2:DeleteNetworkAcl", "ec2:ReplaceNetworkAclAssociation"),
    seconds=2,
)


def ensure_ec2_network_acl(
    session: ClientFactory,
    spec: Ec2NetworkAclSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the list if it is missing, correct it where it differs, else do nothing.

    Without an owner it is found again by its `Name` tag. See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
