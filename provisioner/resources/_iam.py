"""What the IAM kinds share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from botocore.exceptions import ClientError

from provisioner.aws.clients import Aws
from provisioner.aws.failures import absent_is_success, code_of
from provisioner.lifecycle import Json, lags

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

ABSENT = "NoSuchEntity"
"""How IAM says "not found"."""
HELD = "DeleteConflict"
LAGS = lags(15)
"""IAM is eventually consistent: most reads show a change within seconds."""
DRAINS = 120.0
"""Seconds for which what was just attached may not be listed, and what was detached may count."""
LOOK_EVERY = 2.0


def iam_path(path: str) -> str:
    """A path as it stands in ARNs: `/` or `/PATH/`."""
    return path if path.startswith("/") else f"/{path}"


def document(answered: object) -> dict[str, Json]:
    """A policy document as IAM answers it: boto3 decodes it, or it is still URL-encoded JSON."""
    if isinstance(answered, str):
        answered = json.loads(unquote(answered))
    return dict(answered) if isinstance(answered, dict) else {}


def delete_stripped(aws: Aws, strip: Callable[[], None], delete: Callable[[], object]) -> None:
    """Take everything from an entity and delete it, again while IAM's lists lag behind.

    Args:
        aws: whose clock is waited on.
        strip: takes away what IAM lists.
        delete: deletes what is left.

    Raises:
        ClientError: after two minutes something still holds it, or AWS refused otherwise.
    """
    started = aws.clock.monotonic()
    while True:
        strip()
        try:
            delete()
        except ClientError as error:
            if code_of(error) != HELD or aws.clock.monotonic() - started >= DRAINS:
                raise
            aws.clock.sleep(LOOK_EVERY)
        else:
            return


def detach_policy(iam: IAMClient, role: str, arn: str) -> None:
    """Take a managed policy from a role that may not have it any more."""
    with absent_is_success(ABSENT):
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)


def delete_inline_policy(iam: IAMClient, role: str, name: str) -> None:
    """Delete a policy that exists only in this role, if it still does."""
    with absent_is_success(ABSENT):
        iam.delete_role_policy(RoleName=role, PolicyName=name)


def instance_profiles(iam: IAMClient, role: str) -> list[str]:
    """The names of the instance profiles that hold a role."""
    pages = iam.get_paginator("list_instance_profiles_for_role").paginate(RoleName=role)
    return [one["InstanceProfileName"] for page in pages for one in page["InstanceProfiles"]]


def attached_policies(iam: IAMClient, name: str) -> dict[str, Json] | None:
    """The ARNs of a role's managed policies as `attached`; None if there is no such role."""
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
    try:
        return {"attached": [p["PolicyArn"] for page in pages for p in page["AttachedPolicies"]]}
    except iam.exceptions.NoSuchEntityException:
        return None


def inline_policy_names(iam: IAMClient, name: str) -> dict[str, Json] | None:
    """The names of a role's inline policies as `inline`; None if there is no such role."""
    pages = iam.get_paginator("list_role_policies").paginate(RoleName=name)
    try:
        return {"inline": [policy for page in pages for policy in page["PolicyNames"]]}
    except iam.exceptions.NoSuchEntityException:
        return None


def inline_policy(iam: IAMClient, role: str, name: str) -> dict[str, Json] | None:
    """The document of one inline policy; None if it is gone."""
    try:
        answer = iam.get_role_policy(RoleName=role, PolicyName=name)
    except iam.exceptions.NoSuchEntityException:
        return None
    return document(answer["PolicyDocument"])
