"""iam.policy: a managed policy of one's own.

AWS keeps five versions; the oldest that is not in force makes room for a new one.
API: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.facets import read_facets
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
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import PolicyDocument, Shape, Tags, policy_text
from provisioner.quantities import counted, enumerated
from provisioner.resources._iam import ABSENT, LAGS, delete_stripped, document, iam_path

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import CreatePolicyRequestTypeDef

VERSIONS = 5
"""How many AWS keeps."""


class IamPolicySpec(Spec):
    """A managed policy."""

    policy_name: Annotated[
        str, IMMUTABLE, Shape(r"[\w+=,.@-]+", longest=128, says="letters, digits and +=,.@-_")
    ]
    path: Annotated[str, IMMUTABLE, Shape(r"/|/[!-~]+/", longest=512, says="/ or /PATH/")] = "/"
    description: Annotated[str | None, IMMUTABLE, Shape(longest=1000)] = None
    policy: Annotated[PolicyDocument, CREATE, LAGS, Wait.NAME]
    """What is allowed. Resources may be named before they exist."""
    tags: Tags = {}


ATTRIBUTES = {"id": "the ARN", "arn": "the ARN", "name": "the name"}


def identity(spec: IamPolicySpec, target: Target) -> str | None:
    """The ARN follows from path and name."""
    return target.global_arn("iam", f"policy{iam_path(spec.path)}{spec.policy_name}")


def predict(spec: IamPolicySpec, target: Target) -> Mapping[str, str]:
    """Everything."""
    arn = str(identity(spec, target))
    return {"id": arn, "arn": arn, "name": spec.policy_name}


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """Two calls a policy: itself, then the version in force."""
    return _with_documents(aws, read_facets(aws, ids, [partial(_policy, aws.client("iam"))]))


def create(aws: Aws, spec: IamPolicySpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make it with everything it has."""
    request: CreatePolicyRequestTypeDef = {
        "PolicyName": spec.policy_name,
        "Path": spec.path,
        "PolicyDocument": policy_text(spec.policy),
        "Tags": [{**tag} for tag in tag_list(tags)],
    }
    if spec.description:
        request["Description"] = spec.description
    aws.client("iam").create_policy(**request)
    settings: dict[str, Json] = spec.model_dump(mode="json", exclude={"tags"}, exclude_none=True)
    return str(identity(spec, aws.target)), Observed(settings, predict(spec, aws.target), tags)


def update(aws: Aws, id_: str, spec: IamPolicySpec, changes: Changes) -> Phase:
    """A new version comes into force; the oldest one goes if there are five."""
    if "policy" in changes:
        iam = aws.client("iam")
        pages = iam.get_paginator("list_policy_versions").paginate(PolicyArn=id_)
        versions = [version for page in pages for version in page["Versions"]]
        spare = [one["VersionId"] for one in versions if not one["IsDefaultVersion"]]
        if len(versions) >= VERSIONS:
            iam.delete_policy_version(PolicyArn=id_, VersionId=min(spare, key=_number))
        iam.create_policy_version(
            PolicyArn=id_, PolicyDocument=policy_text(spec.policy), SetAsDefault=True
        )
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Take it from everybody who has it, delete its other versions, then itself.

    As a permissions boundary it stays where it is and AWS refuses the delete: without the boundary
    its bearers could do more than before.
    """
    iam = aws.client("iam")
    with absent_is_success(ABSENT):
        delete_stripped(aws, partial(_strip, iam, id_), partial(iam.delete_policy, PolicyArn=id_))


def obstacles(
    aws: Aws,
    id_: str,
    settings: Settings,  # noqa: ARG001
    ids: frozenset[str],
) -> Sequence[Obstacle]:
    """Who has it, or is bound by it, and is not deleted with it."""
    with absent_is_success(ABSENT):
        if holders := [name for name in _holders(aws.client("iam"), id_) if name not in ids]:
            told = f"{counted(len(holders), 'principal')} of others with it: {enumerated(holders)}"
            return [Obstacle(told, "Take the policy from them first.")]
    return ()


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    iam = aws.client("iam")
    if added:
        iam.tag_policy(PolicyArn=id_, Tags=[{**tag} for tag in tag_list(added)])
    if removed:
        iam.untag_policy(PolicyArn=id_, TagKeys=[*removed])


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every policy that AWS does not manage; IAM can't filter by tag, so each is asked for its."""
    iam = aws.client("iam")
    pages = iam.get_paginator("list_policies").paginate(Scope="Local")
    arns = [policy["Arn"] for page in pages for policy in page["Policies"]]
    found = read_facets(aws, arns, [partial(_policy, iam)])
    wanted = {
        arn: one
        for arn, one in found.items()
        if stack is None or _tags(one).get(STACK_TAG) == stack
    }
    return _with_documents(aws, wanted)


def _strip(iam: IAMClient, arn: str) -> None:
    for detach in _detachments(iam, arn):
        with absent_is_success(ABSENT):
            detach()
    pages = iam.get_paginator("list_policy_versions").paginate(PolicyArn=arn)
    for version in [version for page in pages for version in page["Versions"]]:
        if not version["IsDefaultVersion"]:
            with absent_is_success(ABSENT):
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])


def _detachments(iam: IAMClient, arn: str) -> list[Callable[[], object]]:
    """The calls that take the policy from every role, user and group."""
    paginator = iam.get_paginator("list_entities_for_policy")
    calls: list[Callable[[], object]] = []
    for page in paginator.paginate(PolicyArn=arn, PolicyUsageFilter="PermissionsPolicy"):
        roles = [str(one["RoleName"]) for one in page["PolicyRoles"]]
        users = [str(one["UserName"]) for one in page["PolicyUsers"]]
        groups = [str(one["GroupName"]) for one in page["PolicyGroups"]]
        calls += [partial(iam.detach_role_policy, RoleName=n, PolicyArn=arn) for n in roles]
        calls += [partial(iam.detach_user_policy, UserName=n, PolicyArn=arn) for n in users]
        calls += [partial(iam.detach_group_policy, GroupName=n, PolicyArn=arn) for n in groups]
    return calls


def _holders(iam: IAMClient, arn: str) -> list[str]:
    """The names of all that have the policy, as permissions or as their boundary."""
    pages = iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=arn)
    return [
        str(name)
        for page in pages
        for name in (
            *(one["RoleName"] for one in page["PolicyRoles"]),
            *(one["UserName"] for one in page["PolicyUsers"]),
            *(one["GroupName"] for one in page["PolicyGroups"]),
        )
    ]


def _with_documents(aws: Aws, policies: Mapping[str, Mapping[str, Json]]) -> dict[str, Observed]:
    """The policies with the documents of their versions in force, read side by side."""
    iam = aws.client("iam")
    versions = aws.gather(
        [partial(_document, iam, arn, str(one["version"])) for arn, one in policies.items()]
    )
    return {
        arn: _observed(arn, one, found)
        for (arn, one), found in zip(policies.items(), versions, strict=True)
        if found is not None
    }


def _policy(iam: IAMClient, arn: str) -> dict[str, Json] | None:
    try:
        policy = iam.get_policy(PolicyArn=arn)["Policy"]
    except iam.exceptions.NoSuchEntityException:
        return None
    return {
        "policy_name": policy["PolicyName"],
        "path": policy["Path"],
        "description": policy.get("Description"),
        "version": policy["DefaultVersionId"],
        "tags": {**tag_dict(policy.get("Tags"))},
    }


def _document(iam: IAMClient, arn: str, version: str) -> dict[str, Json] | None:
    try:
        answer = iam.get_policy_version(PolicyArn=arn, VersionId=version)
    except iam.exceptions.NoSuchEntityException:
        return None
    return document(answer["PolicyVersion"]["Document"])


def _observed(arn: str, found: Mapping[str, Json], policy: dict[str, Json]) -> Observed:
    settings: dict[str, Json] = {
        "policy_name": found["policy_name"],
        "path": found["path"],
        "description": found["description"] or None,
        "policy": policy,
    }
    attributes = {"id": arn, "arn": arn, "name": str(found["policy_name"])}
    return Observed(settings, attributes, _tags(found))


def _tags(found: Mapping[str, Json]) -> dict[str, str]:
    tags = found["tags"]
    return {key: str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}


def _number(version: str) -> int:
    return int(version.removeprefix("v"))


def extras(
    aws: Aws,
    applied: Mapping[str, Settings],
    ids: frozenset[str],
) -> Mapping[str, Sequence[Extra]]:
    """Who has it besides the stack's own; one call a policy."""
    iam = aws.client("iam")
    told = aws.gather([partial(_strangers, iam, arn, ids) for arn in applied])
    return dict(zip(applied, told, strict=True))


def remove_extra(aws: Aws, id_: str, extra: Extra) -> None:
    """Take the policy from it."""
    iam = aws.client("iam")
    with absent_is_success(ABSENT):
        if extra.what == "role":
            iam.detach_role_policy(RoleName=extra.id, PolicyArn=id_)
        elif extra.what == "user":
            iam.detach_user_policy(UserName=extra.id, PolicyArn=id_)
        else:
            iam.detach_group_policy(GroupName=extra.id, PolicyArn=id_)


def _strangers(iam: IAMClient, arn: str, ids: frozenset[str]) -> list[Extra]:
    paginator = iam.get_paginator("list_entities_for_policy")
    found: list[Extra] = []
    for page in paginator.paginate(PolicyArn=arn, PolicyUsageFilter="PermissionsPolicy"):
        named = {
            "role": [one["RoleName"] for one in page["PolicyRoles"]],
            "user": [one["UserName"] for one in page["PolicyUsers"]],
            "group": [one["GroupName"] for one in page["PolicyGroups"]],
        }
        found += [
            Extra(what, str(name), "has this policy")
            for what, names in named.items()
            for name in names
            if name not in ids
        ]
    return found


RESOURCE = ResourceType(
    kind="iam.policy",
    service="iam",
    spec=IamPolicySpec,
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
    deletes=(
        "iam:DeletePolicy",
        "iam:DeletePolicyVersion",
        "iam:DetachRolePolicy -",
        "iam:DetachUserPolicy -",
        "iam:DetachGroupPolicy -",
    ),
)


def ensure_iam_policy(
    session: ClientFactory, spec: IamPolicySpec, *, owner: Owner | None = None, adopt: bool = False
) -> Result:
    """Create the policy if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
