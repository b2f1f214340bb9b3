"""Roles and policies of IAM: when they are seen, what they are called, what keeps them."""

from __future__ import annotations

from functools import partial
from typing import Any

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._policies import strangers
from provisioner.strict.world import World

VISIBLE_SECONDS = 4.0
DRAINING_SECONDS = 3.0
ATTACHMENTS = 10
"""Managed policies that a role may have."""
MADE = "iam.made"
"""When something was made: noted for its parameter and name, or for its ARN."""
LEFT = "iam.left"
"""When something last left a role or a policy: noted for its name or ARN."""
UNHINDERED = ("CreateRole", "CreateUser", "CreateInstanceProfile", "Delete")
"""Calls that know what was just made."""
NOUNS = {"RoleName": "role", "UserName": "user", "InstanceProfileName": "instance profile"}
ATTACHED = "Cannot delete entity, must detach all policies first."


def _note_made(member: str, world: World, call: Call, answer: Answer) -> None:
    world.note(MADE, f"{member} {call.params[member]}")


def _note_policy(world: World, call: Call, answer: Answer) -> None:
    world.note(MADE, answer["Policy"]["Arn"])


def _refuse_young(world: World, call: Call) -> Answer | None:
    """Refuse a call about what was made a moment ago."""
    if call.operation.startswith(UNHINDERED):
        return None
    for member, noun in NOUNS.items():
        name = call.params.get(member)
        if name and _young(world, f"{member} {name}"):
            message = f"The {noun} with name {name} cannot be found."
            world.refuse("NoSuchEntity", message, 404)
    arn = call.params.get("PolicyArn")
    if arn and _young(world, arn):
        message = f"Policy {arn} does not exist or is not attachable."
        world.refuse("NoSuchEntity", message, 404)
    return None


def _young(world: World, which: str) -> bool:
    return world.age(MADE, which) < VISIBLE_SECONDS


def _hide_young(world: World, call: Call, answer: Answer) -> None:
    for member in ("Roles", "RoleDetailList"):
        if member in answer:
            answer[member] = [
                role for role in answer[member] if not _young(world, f"RoleName {role['RoleName']}")
            ]
    for member in ("Policies", "Policy"):
        if isinstance(answer.get(member), list):
            answer[member] = [one for one in answer[member] if not _young(world, one["Arn"])]


def _refuse_strangers(world: World, call: Call) -> Answer | None:
    """A trust policy names who is there."""
    policy = call.params.get("AssumeRolePolicyDocument") or call.params.get("PolicyDocument")
    for stranger in strangers(world, policy):
        message = f'Invalid principal in policy: "AWS":"{stranger}"'
        world.refuse("MalformedPolicyDocument", message)
    return None


def _refuse_same_name(world: World, call: Call) -> Answer | None:
    """Upper and lower case don't tell roles apart."""
    name = call.params["RoleName"]
    pages = world.client("iam").get_paginator("list_roles").paginate()
    if name.lower() in {role["RoleName"].lower() for page in pages for role in page["Roles"]}:
        message = f"Role with name {name} already exists."
        world.refuse("EntityAlreadyExists", message, 409)
    return None


def _note_left(world: World, call: Call, answer: Answer) -> None:
    for member in ("RoleName", "PolicyArn"):
        if member in call.params:
            world.note(LEFT, call.params[member])


def _refuse_draining(world: World, call: Call) -> Answer | None:
    """What a moment ago had a policy, or was one's, still counts as having it."""
    which = call.params.get("RoleName") or call.params["PolicyArn"]
    if world.age(LEFT, which) < DRAINING_SECONDS:
        held = call.operation == "DeletePolicy"
        world.refuse(
            "DeleteConflict",
            "Cannot delete a policy attached to entities." if held else ATTACHED,
            409,
        )
    return None


def _refuse_parallel(world: World, call: Call) -> Answer | None:
    """One change of a role at a time."""
    role = call.params["RoleName"]
    if any(one.params.get("RoleName") == role for one in world.others(call, "iam.*RolePolicy")):
        message = (
            "The request was rejected because multiple requests to change this object were "
            "submitted simultaneously."
        )
        world.refuse("ConcurrentModification", message, 409)
    return None


def _refuse_eleventh(world: World, call: Call) -> Answer | None:
    """A role has at most ten managed policies."""
    role, arn = call.params["RoleName"], call.params["PolicyArn"]
    attached = _attached(world, role)
    if arn not in attached and len(attached) >= ATTACHMENTS:
        message = f"Cannot exceed quota for PoliciesPerRole: {ATTACHMENTS}"
        world.refuse("LimitExceeded", message, 409)
    return None


def _attached(world: World, role: str) -> set[str]:
    iam: Any = world.client("iam")
    try:
        answer = iam.list_attached_role_policies(RoleName=role)
    except iam.exceptions.NoSuchEntityException:
        return set()
    return {one["PolicyArn"] for one in answer["AttachedPolicies"]}


RULES = (
    Rule(
        name="iam.new-entities",
        source="Role, policy: after create; IAM User Guide, Changes that I make are not always "
        "immediately visible",
        says="For seconds after it was made a role or policy is not there for other calls "
        "(NoSuchEntity), and no list shows it.",
        before={"iam.*": _refuse_young},
        after={
            "iam.CreateRole": partial(_note_made, "RoleName"),
            "iam.CreateInstanceProfile": partial(_note_made, "InstanceProfileName"),
            "iam.CreatePolicy": _note_policy,
            "iam.List*": _hide_young,
            "iam.GetAccountAuthorizationDetails": _hide_young,
        },
    ),
    Rule(
        name="iam.trusted-principals",
        source="Role: trust policy; IAM API Reference, CreateRole",
        says="A trust policy that names a role or user that is not there, or was made seconds "
        "ago, is refused as MalformedPolicyDocument, Invalid principal in policy.",
        before={
            "iam.CreateRole": _refuse_strangers,
            "iam.UpdateAssumeRolePolicy": _refuse_strangers,
        },
    ),
    Rule(
        name="iam.names-ignore-case",
        source="Role: name; IAM API Reference, CreateRole",
        says="Names of roles that differ in upper and lower case alone are the same name.",
        before={"iam.CreateRole": _refuse_same_name},
    ),
    Rule(
        name="iam.policies-drain",
        source="Role: delete; IAM API Reference, DeleteRole",
        says="For seconds after its last policy was taken away a role, or a policy after its last "
        "role, still can't be deleted: DeleteConflict.",
        before={"iam.DeleteRole": _refuse_draining, "iam.DeletePolicy": _refuse_draining},
        after={
            "iam.DetachRolePolicy": _note_left,
            "iam.DeleteRolePolicy": _note_left,
            "iam.RemoveRoleFromInstanceProfile": _note_left,
        },
    ),
    Rule(
        name="iam.parallel-changes",
        source="Role: inline policies, attachments; IAM API Reference, AttachRolePolicy",
        says="Changes of one role's policies at the same time are refused: ConcurrentModification.",
        before={
            "iam.AttachRolePolicy": _refuse_parallel,
            "iam.DetachRolePolicy": _refuse_parallel,
            "iam.PutRolePolicy": _refuse_parallel,
            "iam.DeleteRolePolicy": _refuse_parallel,
        },
    ),
    Rule(
        name="iam.attachment-quota",
        source="Role: attachments; IAM User Guide, IAM and AWS STS quotas",
        says="A role has at most ten managed policies; one more is LimitExceeded.",
        before={"iam.AttachRolePolicy": _refuse_eleventh},
    ),
)
UNPLAYED = (
    Unplayed(
        "A role is kept while it has policies or is in an instance profile (DeleteConflict).",
        "The embedded AWS refuses it itself.",
    ),
    Unplayed(
        "Service-linked roles are changed and deleted by their service alone.",
        "No kind makes one.",
    ),
    Unplayed(
        "Quotas of 1000 roles, 2048 characters of trust, 10,240 of inline policies.",
        "They say LimitExceeded like the one that is played, and nothing waits for it.",
    ),
)
