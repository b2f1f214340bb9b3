"""iam.role: who may act as what. Holds its trust, its inline policies and those attached to it.

A role that is deleted and made again is another role to every policy that named it, so its name
and path are fixed; everything else changes in place.
API: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.facets import read_facets
from provisioner.aws.failures import absent_is_success
from provisioner.aws.tags import tag_dict, tag_list
from provisioner.aws.target import Target
from provisioner.canonical import UNORDERED, Canonical, as_policy
from provisioner.ensure import Result, ensure
from provisioner.fields import Arn, PolicyDocument, Shape, Tags, policy_text
from provisioner.lifecycle import (
    CREATE,
    IMMUTABLE,
    STACK_TAG,
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
)
from provisioner.resources._iam import document, iam_path

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import CreateRoleRequestTypeDef

SERVICE_LINKED = "/aws-service-role/"


def _policies_form(value: Json) -> Json:
    """Inline policies by name, each by its meaning."""
    if not isinstance(value, dict):
        return value
    return {name: as_policy(policy) for name, policy in sorted(value.items())} or None


class IamRoleSpec(Spec):
    """A role."""

    role_name: Annotated[
        str, IMMUTABLE, Shape(r"[\w+=,.@-]+", longest=64, says="letters, digits and +=,.@-_")
    ]
    path: Annotated[str, IMMUTABLE, Shape(r"/|/[!-~]+/", longest=512, says="/ or /PATH/")] = "/"
    assume_role_policy: Annotated[PolicyDocument, CREATE]
    """Who may act as this role."""
    description: Annotated[str | None, CREATE, Shape(longest=1000)] = None
    max_session_duration: Annotated[int, CREATE, Field(ge=3600, le=43200)] = 3600
    """Seconds."""
    permissions_boundary: Annotated[Arn | None, CREATE] = None
    """The ARN of a policy that limits all others."""
    inline_policies: Annotated[dict[str, PolicyDocument], Canonical(_policies_form)] = {}
    """Name → policy that exists only in this role."""
    managed_policy_arns: Annotated[list[Arn], UNORDERED] = []
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
    """Three calls a role, side by side; one more for each inline policy."""
    iam = aws.client("iam")
    facets = [partial(facet, iam) for facet in (_role, _attached, _inline_names)]
    found = read_facets(aws, ids, facets)
    named = [(id_, str(name)) for id_, one in found.items() for name in _listed(one["inline"])]
    texts = aws.gather([partial(_inline, iam, id_, name) for id_, name in named])
    inline: dict[str, dict[str, Json]] = {id_: {} for id_ in found}
    for (id_, name), text in zip(named, texts, strict=True):
        if text is not None:
            inline[id_][name] = text
    return {id_: _observed(id_, one, inline[id_]) for id_, one in found.items()}


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
    """Grant before taking away; one call per policy."""
    for call in _calls(aws.client("iam"), id_, spec, changes):
        call()
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Take every policy from it, then delete it."""
    iam = aws.client("iam")
    with absent_is_success("NoSuchEntity"):
        attached = _attached(iam, id_) or {}
        inline = _inline_names(iam, id_) or {}
        for arn in _listed(attached.get("attached")):
            with absent_is_success("NoSuchEntity"):
                iam.detach_role_policy(RoleName=id_, PolicyArn=str(arn))
        for name in _listed(inline.get("inline")):
            with absent_is_success("NoSuchEntity"):
                iam.delete_role_policy(RoleName=id_, PolicyName=str(name))
        iam.delete_role(RoleName=id_)


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    iam = aws.client("iam")
    if added:
        iam.tag_role(RoleName=id_, Tags=[{**tag} for tag in tag_list(added)])
    if removed:
        iam.untag_role(RoleName=id_, TagKeys=[*removed])


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every role that no service made; IAM can't filter by tag."""
    pages = aws.client("iam").get_paginator("list_roles").paginate()
    names = [
        role["RoleName"]
        for page in pages
        for role in page["Roles"]
        if not role["Path"].startswith(SERVICE_LINKED)
    ]
    found = read(aws, names)
    return {
        id_: one
        for id_, one in found.items()
        if stack is None or (one.tags or {}).get(STACK_TAG) == stack
    }


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
        for arn in sorted(after - before):
            yield partial(iam.attach_role_policy, RoleName=id_, PolicyArn=arn)
        for arn in sorted(before - after):
            yield partial(iam.detach_role_policy, RoleName=id_, PolicyArn=arn)
    if change := changes.get("inline_policies"):
        yield from _inline_calls(iam, id_, change.before, change.after)


def _boundary(iam: IAMClient, id_: str, boundary: str | None) -> Callable[[], Any]:
    if boundary is None:
        return partial(iam.delete_role_permissions_boundary, RoleName=id_)
    return partial(iam.put_role_permissions_boundary, RoleName=id_, PermissionsBoundary=boundary)


def _inline_calls(
    iam: IAMClient, id_: str, before: Json, after: Json
) -> Iterator[Callable[[], Any]]:
    old = before if isinstance(before, dict) else {}
    new = after if isinstance(after, dict) else {}
    for name, policy in new.items():
        if old.get(name) != policy and isinstance(policy, dict):
            text = policy_text(policy)
            yield partial(iam.put_role_policy, RoleName=id_, PolicyName=name, PolicyDocument=text)
    for name in old:
        if name not in new:
            yield partial(iam.delete_role_policy, RoleName=id_, PolicyName=name)


def _role(iam: IAMClient, name: str) -> dict[str, Json] | None:
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        return None
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


def _attached(iam: IAMClient, name: str) -> dict[str, Json] | None:
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
    try:
        return {"attached": [p["PolicyArn"] for page in pages for p in page["AttachedPolicies"]]}
    except iam.exceptions.NoSuchEntityException:
        return None


def _inline_names(iam: IAMClient, name: str) -> dict[str, Json] | None:
    pages = iam.get_paginator("list_role_policies").paginate(RoleName=name)
    try:
        return {"inline": [policy for page in pages for policy in page["PolicyNames"]]}
    except iam.exceptions.NoSuchEntityException:
        return None


def _inline(iam: IAMClient, role: str, name: str) -> dict[str, Json] | None:
    try:
        answer = iam.get_role_policy(RoleName=role, PolicyName=name)
    except iam.exceptions.NoSuchEntityException:
        return None
    return document(answer["PolicyDocument"])


def _observed(name: str, found: Mapping[str, Json], inline: dict[str, Json]) -> Observed:
    settings: dict[str, Json] = {
        "role_name": name,
        "path": found["path"],
        "assume_role_policy": found["trust"],
        "description": found["description"],
        "max_session_duration": found["max_session_duration"],
        "permissions_boundary": found["permissions_boundary"],
        "inline_policies": inline,
        "managed_policy_arns": found["attached"],
    }
    tags = found["tags"]
    named = {key: str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}
    return Observed(settings, {"id": name, "arn": str(found["arn"]), "name": name}, named)


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


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
    retag=retag,
    search=search,
)


def ensure_iam_role(
    session: ClientFactory, spec: IamRoleSpec, *, owner: Owner | None = None, adopt: bool = False
) -> Result:
    """Create the role if it is missing, correct it where it differs, else do nothing.

    See `provisioner.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
