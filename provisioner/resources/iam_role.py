"""iam.role: who may act as what. Holds its trust, its inline policies and those attached to it.

A role that is deleted and made again is another role to every policy that named it, so its name
and path are fixed; everything else changes in place.
API: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.tags import tag_dict, tag_list
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    CREATE,
    IMMUTABLE,
    STACK_TAG,
    Changes,
    Extra,
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
from provisioner.lifecycle.canonical import POLICIES, UNORDERED, as_policy
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Arn, PolicyDocument, Shape, Tags, policy_text
from provisioner.quantities import counted, enumerated
from provisioner.resources._iam import (
    ABSENT,
    LAGS,
    attached_policies,
    delete_inline_policy,
    delete_stripped,
    detach_policy,
    iam_path,
    inline_policy_names,
    instance_profiles,
)
from provisioner.resources._iam_roles import details, roles
from provisioner.resources._lambda_interfaces import all_functions

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import CreateRoleRequestTypeDef, InstanceProfileTypeDef

PLACES = 10
"""Managed policies that a role may have, unless AWS has raised the quota."""
LAMBDA = "lambda.amazonaws.com"
LEAVE = "Give them another role first."
MADE_BY_AWS = ("/aws-service-role/", "/aws-reserved/")


class IamRoleSpec(Spec):
    """A role."""

    role_name: Annotated[
        str, IMMUTABLE, Shape(r"[\w+=,.@-]+", longest=64, says="letters, digits and +=,.@-_")
    ]
    path: Annotated[str, IMMUTABLE, Shape(r"/|/[!-~]+/", longest=512, says="/ or /PATH/")] = "/"
    assume_role_policy: Annotated[PolicyDocument, CREATE, LAGS]
    """Who may act as this role."""
    description: Annotated[str | None, CREATE, LAGS, Shape(longest=1000)] = None
    max_session_duration: Annotated[int, CREATE, LAGS, Field(ge=3600, le=43200)] = 3600
    """Seconds."""
    permissions_boundary: Annotated[Arn | None, CREATE, LAGS, Wait.EXISTS] = None
    """The ARN of a policy that limits all others."""
    inline_policies: Annotated[dict[str, PolicyDocument], POLICIES, LAGS, Wait.NAME] = {}
    """Name → policy that exists only in this role. Resources may be named before they exist."""
    managed_policy_arns: Annotated[list[Arn], LAGS, UNORDERED] = []
    """Attached policies: `${data_access.arn}`."""
    tags: Tags = {}


ATTRIBUTES = {"id": "the name", "arn": "the ARN", "name": "the name"}


def identity(spec: IamRoleSpec, target: Target) -> str | None:
    """The name, whatever the path."""
    del target
    return spec.role_name


def predict(spec: IamRoleSpec, target: Target) -> Mapping[str, str]:
    """Everything."""
    arn = target.global_arn("iam", f"role{iam_path(spec.path)}{spec.role_name}")
    return {"id": spec.role_name, "arn": arn, "name": spec.role_name}


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """A few pages for all roles of the account; three calls each if they are few, one if absent."""
    return {name: _observed(name, facts) for name, facts in roles(aws, ids).items()}


def create(aws: Aws, spec: IamRoleSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the role with its trust; policies follow."""
    request: CreateRoleRequestTypeDef = {
        "RoleName": spec.role_name,
        "Path": spec.path,
        "AssumeRolePolicyDocument": policy_text(spec.assume_role_policy),
        "MaxSessionDuration": spec.max_session_duration,
        "Tags": [{**tag} for tag in tag_list(tags)],
    }
    if spec.description:
        request["Description"] = spec.description
    if spec.permissions_boundary:
        request["PermissionsBoundary"] = spec.permissions_boundary
    aws.client("iam").create_role(**request)
    later = {"tags", "inline_policies", "managed_policy_arns"}
    settings: dict[str, Json] = spec.model_dump(mode="json", exclude=later, exclude_none=True)
    return spec.role_name, Observed(settings, predict(spec, aws.target), tags)


def update(aws: Aws, id_: str, spec: IamRoleSpec, changes: Changes) -> Phase:
    """Grant before taking away, as far as the role has room; one call per policy."""
    for call in _calls(aws.client("iam"), id_, spec, changes):
        call()
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Take every policy from it, take it from instance profiles, then delete it."""
    iam = aws.client("iam")
    with absent_is_success(ABSENT):
        delete_stripped(aws, partial(_strip, iam, id_), partial(iam.delete_role, RoleName=id_))


def obstacles(aws: Aws, id_: str, settings: Settings, ids: frozenset[str]) -> Sequence[Obstacle]:
    """Instance profiles that hold it, and functions of others that run as it."""
    told = []
    if profiles := [name for name in _profiles_with(aws, id_) if name not in ids]:
        held = counted(len(profiles), "instance profile")
        told.append(Obstacle(f"{held} of others with {id_}: {enumerated(profiles)}", LEAVE))
    if LAMBDA in json.dumps(settings.get("assume_role_policy")):
        functions = [name for name in _functions_of(aws, id_) if name not in ids]
        if functions:
            run = counted(len(functions), "function")
            told.append(Obstacle(f"{run} of others as {id_}: {enumerated(functions)}", LEAVE))
    return told


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    iam = aws.client("iam")
    if added:
        iam.tag_role(RoleName=id_, Tags=[{**tag} for tag in tag_list(added)])
    if removed:
        iam.untag_role(RoleName=id_, TagKeys=[*removed])


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every role that AWS did not make itself; only those wanted are read.

    IAM can't filter by tag, and `ListRoles` does not tell tags: the account's authorization
    details do, some hundred roles a page.
    """
    return read(
        aws,
        [
            role["RoleName"]
            for page in details(aws.client("iam"))
            for role in page
            if not role["Path"].startswith(MADE_BY_AWS)
            and (stack is None or tag_dict(role.get("Tags")).get(STACK_TAG) == stack)
        ],
    )


def _strip(iam: IAMClient, id_: str) -> None:
    attached = attached_policies(iam, id_) or {}
    inline = inline_policy_names(iam, id_) or {}
    for arn in _listed(attached.get("attached")):
        detach_policy(iam, id_, str(arn))
    for name in _listed(inline.get("inline")):
        delete_inline_policy(iam, id_, str(name))
    for profile in instance_profiles(iam, id_):
        with absent_is_success(ABSENT):
            iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=id_)


def _calls(
    iam: IAMClient, id_: str, spec: IamRoleSpec, changes: Changes
) -> Iterator[Callable[[], Any]]:
    if "assume_role_policy" in changes:
        trust = policy_text(spec.assume_role_policy)
        yield partial(iam.update_assume_role_policy, RoleName=id_, PolicyDocument=trust)
    if changes.keys() & {"description", "max_session_duration"}:
        yield partial(
            iam.update_role,
            RoleName=id_,
            Description=spec.description or "",
            MaxSessionDuration=spec.max_session_duration,
        )
    if "permissions_boundary" in changes:
        yield _boundary(iam, id_, spec.permissions_boundary)
    if change := changes.get("managed_policy_arns"):
        before, after = set(map(str, _listed(change.before))), set(spec.managed_policy_arns)
        yield from _attachments(iam, id_, sorted(after - before), sorted(before - after), before)
    if change := changes.get("inline_policies"):
        yield from _inline_calls(iam, id_, spec, change.before)


def _boundary(iam: IAMClient, id_: str, boundary: str | None) -> Callable[[], Any]:
    if boundary is None:
        return partial(iam.delete_role_permissions_boundary, RoleName=id_)
    return partial(iam.put_role_permissions_boundary, RoleName=id_, PermissionsBoundary=boundary)


def _attachments(
    iam: IAMClient, id_: str, added: Sequence[str], removed: Sequence[str], before: Set[str]
) -> Iterator[Callable[[], Any]]:
    """Attach what is new, then detach what is not wanted; the other way round where room is short.

    A role has few places: as many as are needed are made free first.
    """
    short = max(0, len(before) + len(added) - PLACES)
    for arn in removed[:short]:
        yield partial(detach_policy, iam, id_, arn)
    for arn in added:
        yield partial(iam.attach_role_policy, RoleName=id_, PolicyArn=arn)
    for arn in removed[short:]:
        yield partial(detach_policy, iam, id_, arn)


def _inline_calls(
    iam: IAMClient, id_: str, spec: IamRoleSpec, before: Json
) -> Iterator[Callable[[], Any]]:
    """Send as written what differs by meaning, then take away what is not wanted any more."""
    old = before if isinstance(before, dict) else {}
    for name, policy in sorted(spec.inline_policies.items()):
        if old.get(name) != as_policy(policy):
            text = policy_text(policy)
            yield partial(iam.put_role_policy, RoleName=id_, PolicyName=name, PolicyDocument=text)
    for name in sorted(old.keys() - spec.inline_policies.keys()):
        yield partial(delete_inline_policy, iam, id_, name)


def _observed(name: str, found: Mapping[str, Json]) -> Observed:
    settings: dict[str, Json] = {
        "role_name": name,
        "path": found["path"],
        "assume_role_policy": found["trust"],
        "description": found["description"],
        "max_session_duration": found["max_session_duration"],
        "permissions_boundary": found["permissions_boundary"],
        "inline_policies": found["inline"],
        "managed_policy_arns": found["attached"],
    }
    tags = found["tags"]
    named = {key: str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}
    return Observed(settings, {"id": name, "arn": str(found["arn"]), "name": name}, named)


def _functions_of(aws: Aws, role: str) -> list[str]:
    """The functions of the region that run as a role."""
    functions = all_functions(aws)
    return [one["FunctionName"] for one in functions if one["Role"].rpartition("/")[2] == role]


def _profiles_with(aws: Aws, role: str) -> list[str]:
    """The names of the instance profiles that hold a role, from the list of them all."""

    def listed() -> list[InstanceProfileTypeDef]:
        pages = aws.client("iam").get_paginator("list_instance_profiles").paginate()
        return [profile for page in pages for profile in page["InstanceProfiles"]]

    return [
        profile["InstanceProfileName"]
        for profile in aws.shared("iam.ListInstanceProfiles", listed)
        if role in {held["RoleName"] for held in profile["Roles"]}
    ]


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def exposes(settings: Settings) -> list[str]:
    """Attached policies, whose words stand elsewhere; no boundary that limits them."""
    attached = [f"{arn} attached" for arn in _listed(settings.get("managed_policy_arns"))]
    unlimited = settings.get("permissions_boundary", "") is None
    return [*attached, *(["without a permissions boundary"] if unlimited else [])]


def extras(
    aws: Aws,
    applied: Mapping[str, Settings],
    ids: frozenset[str],
) -> Mapping[str, Sequence[Extra]]:
    """Instance profiles, by which machines act as the role; one call a role."""
    del ids
    iam = aws.client("iam")
    profiles = aws.gather([partial(instance_profiles, iam, name) for name in applied])
    return {
        name: [Extra("instance profile", one, "lets machines act as the role") for one in many]
        for name, many in zip(applied, profiles, strict=True)
    }


def remove_extra(aws: Aws, id_: str, extra: Extra) -> None:
    """Take the role from the profile."""
    with absent_is_success(ABSENT):
        aws.client("iam").remove_role_from_instance_profile(
            InstanceProfileName=extra.id, RoleName=id_
        )


RESOURCE = ResourceType(
    kind="iam.role",
    service="iam",
    spec=IamRoleSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    read=read,
    create=create,
    update=update,
    delete=delete,
    extras=extras,
    remove_extra=remove_extra,
    retag=retag,
    search=search,
    obstacles=obstacles,
    exposes=exposes,
    deletes=(
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:RemoveRoleFromInstanceProfile -",
    ),
)


def ensure_iam_role(
    session: ClientFactory, spec: IamRoleSpec, *, owner: Owner | None = None, adopt: bool = False
) -> Result:
    """Create the role if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
