"""What IAM's reads show of a role or policy that was changed a moment ago."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Answer, Before, Call, Rule
from provisioner.strict.rules._policies import on_the_wire
from provisioner.strict.rules._stale import keep, kept
from provisioner.strict.world import World

STALE_SECONDS = 5.0
ROLE, POLICY = "iam.stale-role", "iam.stale-policy"


def _keep_role(world: World, call: Call) -> Answer | None:
    """Look at a role that is about to change."""
    name = call.params["RoleName"]
    try:
        keep(world, ROLE, name, _role(world, name), STALE_SECONDS)
    except ClientError:
        return None
    return None


def _role(world: World, name: str) -> dict[str, Any]:
    iam = world.client("iam")
    names = iam.list_role_policies(RoleName=name)["PolicyNames"]
    role = iam.get_role(RoleName=name)["Role"]
    return {
        "attached": iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"],
        "inline": {
            one: iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"]
            for one in names
        },
        "shown": {
            "AssumeRolePolicyDocument": on_the_wire(role["AssumeRolePolicyDocument"]),
            **{member: role.get(member, "") for member in ("Description", "MaxSessionDuration")},
        },
    }


def _old(world: World, call: Call) -> dict[str, Any] | None:
    old: dict[str, Any] | None = kept(world, ROLE, call.params["RoleName"], STALE_SECONDS)
    return old


def _show_role(world: World, call: Call, answer: Answer) -> None:
    if old := _old(world, call):
        answer["Role"].update(old["shown"])


def _show_names(world: World, call: Call, answer: Answer) -> None:
    if old := _old(world, call):
        answer["PolicyNames"] = sorted(old["inline"])


def _show_attached(world: World, call: Call, answer: Answer) -> None:
    if old := _old(world, call):
        answer["AttachedPolicies"] = old["attached"]


def _show_inline(world: World, call: Call) -> Answer | None:
    """Answer the inline policy there was."""
    old, name = _old(world, call), call.params["PolicyName"]
    if old is None:
        return None
    if name not in old["inline"]:
        message = f"The role policy with name {name} cannot be found."
        world.refuse("NoSuchEntity", message, 404)
    role = call.params["RoleName"]
    document = on_the_wire(old["inline"][name])
    return {"RoleName": role, "PolicyName": name, "PolicyDocument": document}


def _keep_version(world: World, call: Call) -> Answer | None:
    """Look at a policy that is about to get another version in force."""
    arn = call.params["PolicyArn"]
    try:
        policy = world.client("iam").get_policy(PolicyArn=arn)["Policy"]
    except ClientError:
        return None
    keep(world, POLICY, arn, policy["DefaultVersionId"], STALE_SECONDS)
    return None


def _show_version(world: World, call: Call, answer: Answer) -> None:
    if old := kept(world, POLICY, call.params["PolicyArn"], STALE_SECONDS):
        answer["Policy"]["DefaultVersionId"] = old


CHANGES: dict[str, Before] = {
    "iam.PutRolePolicy": _keep_role,
    "iam.DeleteRolePolicy": _keep_role,
    "iam.AttachRolePolicy": _keep_role,
    "iam.DetachRolePolicy": _keep_role,
    "iam.UpdateRole": _keep_role,
    "iam.UpdateAssumeRolePolicy": _keep_role,
}
RULES = (
    Rule(
        name="iam.stale-reads",
        source="Role, policy: reads after a write; IAM User Guide, Changes that I make are not "
        "always immediately visible",
        says="For seconds after a role, its policies or a policy's version in force was changed "
        "reads and lists show what was before.",
        before={
            **CHANGES,
            "iam.GetRolePolicy": _show_inline,
            "iam.CreatePolicyVersion": _keep_version,
            "iam.SetDefaultPolicyVersion": _keep_version,
        },
        after={
            "iam.GetRole": _show_role,
            "iam.ListRolePolicies": _show_names,
            "iam.ListAttachedRolePolicies": _show_attached,
            "iam.GetPolicy": _show_version,
        },
    ),
)
