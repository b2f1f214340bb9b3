"""The interfaces that Lambda puts into a VPC, and keeps there for minutes after a function is gone.

There is one for each pair of a subnet and a set of groups, shared by all functions that have both.
They hold subnets and groups. Lambda takes them away with the execution role, so that stays longest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from botocore.exceptions import ClientError

from provisioner.aws.clients import Aws
from provisioner.aws.failures import DENIED, absent_is_success, code_of
from provisioner.lifecycle import Settings
from provisioner.quantities import counted, enumerated
from provisioner.resources._ec2 import INTERFACES, Item

DESCRIPTION = "AWS Lambda VPC ENI"
LEFT_TO_LAMBDA = DENIED | {
    "AuthFailure",
    "InvalidNetworkInterface.InUse",
    "InvalidParameterValue",
    "OperationNotPermitted",
}
"""It is attached again, or the caller may not: Lambda takes it away by itself, later."""
Function: TypeAlias = Mapping[str, Any]
"""A function's configuration, as ListFunctions answers it."""


def linger(aws: Aws, settings: Settings) -> str:
    """What Lambda still holds of a deleted function's network, in words; empty once it is nothing.

    What nobody uses any more is deleted. What living functions share is no leftover.
    """
    found = left_behind(aws, _texts(settings, "subnet_ids"), _texts(settings, "security_group_ids"))
    kept = [one for one in found if not _deleted(aws, one)]
    if not kept:
        return ""
    subnets = enumerated(sorted({str(one["SubnetId"]) for one in kept}))
    names = enumerated(sorted(str(one["NetworkInterfaceId"]) for one in kept))
    return f"{counted(len(kept), 'interface')} of Lambda in {subnets} ({names})"


def left_behind(aws: Aws, subnets: Iterable[str], groups: Iterable[str]) -> list[Item]:
    """Lambda's interfaces in these subnets with these groups that no living function has."""
    wanted, together = sorted(subnets), sorted(groups)
    if not (wanted and together):
        return []
    found = [
        one
        for one in INTERFACES.matching(aws, {"subnet-id": wanted, "group-id": together})
        if is_lambdas(one) and groups_of(one) == {*together}
    ]
    if not found:
        return []
    functions = all_functions(aws)
    return [one for one in found if not users_of(one, functions)]


def is_lambdas(interface: Item) -> bool:
    """Whether an interface is one of Lambda's."""
    text = str(interface.get("Description", ""))
    return interface.get("InterfaceType") == "lambda" or text.startswith(DESCRIPTION)


def all_functions(aws: Aws) -> list[Function]:
    """Every function of the region."""

    def listed() -> list[Function]:
        pages = aws.client("lambda").get_paginator("list_functions").paginate()
        return [{**one} for page in pages for one in page["Functions"]]

    return aws.shared("lambda.ListFunctions", listed)


def users_of(interface: Item, functions: Iterable[Function]) -> list[str]:
    """The names of the functions that use an interface: those in its subnet with its groups."""
    groups = groups_of(interface)
    return [
        str(one["FunctionName"])
        for one in functions
        if interface["SubnetId"] in (one.get("VpcConfig") or {}).get("SubnetIds", ())
        and groups == set((one.get("VpcConfig") or {}).get("SecurityGroupIds", ()))
    ]


def groups_of(interface: Item) -> set[str]:
    """The ids of an interface's security groups."""
    return {str(group["GroupId"]) for group in interface.get("Groups", ())}


def _deleted(aws: Aws, interface: Item) -> bool:
    """Delete an interface that is attached to nothing; False if it can't be deleted yet."""
    if interface.get("Status") != "available":
        return False
    id_ = str(interface["NetworkInterfaceId"])
    try:
        with absent_is_success("InvalidNetworkInterfaceID.NotFound"):
            aws.client("ec2").delete_network_interface(NetworkInterfaceId=id_)
    except ClientError as error:
        if code_of(error) not in LEFT_TO_LAMBDA:
            raise
        return False
    return True


def _texts(settings: Settings, name: str) -> list[str]:
    value = settings.get(name)
    return [str(one) for one in value] if isinstance(value, list) else []
