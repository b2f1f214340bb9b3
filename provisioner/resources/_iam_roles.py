"""Roles as IAM shows them: one by one, or all of the account in a few pages.

One role takes three calls and one more for each inline policy. The account's authorization details
tell that of some hundred roles a page, but neither description nor session length, which ListRoles
tells. What both do not show is asked for by itself: a list may lag, and only adds.
API: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.exceptions import ClientError

from provisioner.aws.clients import Aws
from provisioner.aws.facets import read_present
from provisioner.aws.failures import DENIED, code_of
from provisioner.aws.tags import tag_dict
from provisioner.lifecycle import Json
from provisioner.resources._iam import (
    attached_policies,
    document,
    inline_policy,
    inline_policy_names,
)

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

Facts: TypeAlias = dict[str, Json]
SEVERAL = 4
"""From so many roles on, the account's pages are fewer calls than the roles themselves."""
PAGE = 1000


def roles(aws: Aws, names: Sequence[str]) -> dict[str, Facts]:
    """The facts of those of these roles that exist, by name."""
    listed = _listed(aws, names) if len(names) >= SEVERAL else {}
    return listed | _asked(aws, [name for name in names if name not in listed])


def details(iam: IAMClient) -> Iterator[Sequence[Any]]:
    """The roles of the account with their policies and tags, page by page."""
    pages = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["Role"], PaginationConfig={"PageSize": PAGE}
    )
    return (page["RoleDetailList"] for page in pages)


def _listed(aws: Aws, names: Sequence[str]) -> dict[str, Facts]:
    """What the account's pages tell of these roles; nothing if the caller may not list them."""
    iam = aws.client("iam")
    wanted, most = set(names), len(names)
    try:
        told, heads = aws.gather(
            [partial(_until_all, pages(iam), wanted, most) for pages in (details, _heads)]
        )
    except ClientError as error:
        if code_of(error) in DENIED:
            return {}
        raise
    return {name: _of_pages(told[name], heads[name]) for name in told if name in heads}


def _heads(iam: IAMClient) -> Iterator[Sequence[Any]]:
    pages = iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": PAGE})
    return (page["Roles"] for page in pages)


def _until_all(
    pages: Iterator[Sequence[Any]], wanted: set[str], most: int
) -> dict[str, Mapping[str, Any]]:
    """The wanted roles, by name, from no more pages than it takes."""
    found: dict[str, Mapping[str, Any]] = {}
    for page in islice(pages, most):
        found |= {role["RoleName"]: role for role in page if role["RoleName"] in wanted}
        if found.keys() == wanted:
            break
    return found


def _of_pages(told: Mapping[str, Any], head: Mapping[str, Any]) -> Facts:
    attached = [policy["PolicyArn"] for policy in told.get("AttachedManagedPolicies", [])]
    inline = {
        policy["PolicyName"]: document(policy["PolicyDocument"])
        for policy in told.get("RolePolicyList", [])
    }
    lasting = {name: head[name] for name in ("Description", "MaxSessionDuration") if name in head}
    return {**_facts({**told, **lasting}), "attached": attached, "inline": {**inline}}


def _asked(aws: Aws, names: Sequence[str]) -> dict[str, Facts]:
    """Roles one by one: one call says that there is none, each that is there takes more."""
    iam = aws.client("iam")
    policies = [partial(facet, iam) for facet in (attached_policies, inline_policy_names)]
    held = read_present(aws, names, partial(_role, iam), policies)
    named = [
        (role, str(name))
        for role, facts in held.items()
        for name in (facts["inline"] if isinstance(facts["inline"], list) else [])
    ]
    texts = aws.gather([partial(inline_policy, iam, role, name) for role, name in named])
    inline: dict[str, Facts] = {role: {} for role in held}
    for (role, name), text in zip(named, texts, strict=True):
        if text is not None:
            inline[role][name] = text
    return {role: {**facts, "inline": inline[role]} for role, facts in held.items()}


def _role(iam: IAMClient, name: str) -> Facts | None:
    try:
        return _facts(iam.get_role(RoleName=name)["Role"])
    except iam.exceptions.NoSuchEntityException:
        return None


def _facts(role: Mapping[str, Any]) -> Facts:
    boundary = role.get("PermissionsBoundary", {})
    return {
        "arn": role["Arn"],
        "path": role["Path"],
        "trust": document(role.get("AssumeRolePolicyDocument")),
        "description": role.get("Description") or None,
        "max_session_duration": role.get("MaxSessionDuration", 3600),
        "permissions_boundary": boundary.get("PermissionsBoundaryArn"),
        "tags": {**tag_dict(role.get("Tags"))},
    }
