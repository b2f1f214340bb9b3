"""Policies keep roles and users by their unique ids: one that is made again is somebody else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote

from provisioner.strict.rule import After, Answer, Call, Rule
from provisioner.strict.rules._policies import (
    aws_principals,
    entity,
    listed,
    on_the_wire,
    statements,
)
from provisioner.strict.world import World

BOUND = "iam.bound-principals"
"""Whose policy → the ARNs that it names, and the unique ids they had when it was put."""


@dataclass(frozen=True)
class Put:
    """A call that gives something a policy.

    Attributes:
        operation: `service.Operation`.
        holder: names what has the policy.
        policy: finds it in the call; None if there is none.
    """

    operation: str
    holder: Callable[[Call, Answer], str]
    policy: Callable[[Call], Any]


@dataclass(frozen=True)
class Get:
    """A call that reads one.

    Attributes:
        operation: `service.Operation`.
        holder: names what has the policy.
        member: where in the answer it stands.
    """

    operation: str
    holder: Callable[[Call, Answer], str]
    member: tuple[str, ...]


def _bind(put: Put, world: World, call: Call, answer: Answer) -> None:
    policy = put.policy(call)
    if policy is None:
        return
    ids = {arn: _unique_id(world, arn) for arn in aws_principals(policy)}
    holder = f"{put.operation.partition('.')[0]} {put.holder(call, answer)}"
    world.notes(BOUND)[holder] = {arn: id_ for arn, id_ in ids.items() if id_}


def _unique_id(world: World, arn: str) -> str:
    kind, _, path = arn.rpartition(":")[2].partition("/")
    if kind not in {"role", "user"} or ":iam:" not in arn:
        return ""
    found = entity(world, kind, path.rpartition("/")[2])
    return str(found.get("RoleId") or found.get("UserId") or "")


def _show(get: Get, world: World, call: Call, answer: Answer) -> None:
    holder = f"{get.operation.partition('.')[0]} {get.holder(call, answer)}"
    bound: Mapping[str, str] = world.notes(BOUND).get(holder, {})
    gone = {arn: id_ for arn, id_ in bound.items() if _unique_id(world, arn) != id_}
    *way, last = get.member
    place = answer
    for step in way:
        place = place.get(step, {})
    if gone and last in place:
        place[last] = _rewritten(place[last], gone)


def _rewritten(policy: Any, gone: Mapping[str, str]) -> Any:
    """The policy with unique ids where there were ARNs; as text if it was text."""
    encoded = isinstance(policy, str) and policy.startswith("%7B")
    text = policy if isinstance(policy, str) else json.dumps(policy)
    document = json.loads(unquote(text) if encoded else text)
    for statement in statements(document):
        principal = statement.get("Principal")
        if isinstance(principal, dict) and "AWS" in principal:
            named = [gone.get(one, one) for one in listed(principal["AWS"])]
            principal["AWS"] = named if len(named) > 1 else named[0]
    if encoded:
        return on_the_wire(document)
    return json.dumps(document) if isinstance(policy, str) else document


def _show_all(member: str, world: World, call: Call, answer: Answer) -> None:
    """Roles tell their trust policies in lists, too."""
    for role in answer[member]:
        _show(Get("iam.ListRoles", _role_name, (TRUST,)), world, call, role)


def _role_name(call: Call, role: Answer) -> str:
    return str(role["RoleName"])


def _of(member: str) -> Callable[[Call, Answer], str]:
    return lambda call, _: str(call.params[member]).rpartition("/")[2]


def _sent(member: str) -> Callable[[Call], Any]:
    return lambda call: call.params.get(member)


def _attribute(call: Call) -> Any:
    """Topics and queues take their policy among other attributes."""
    if call.operation == "SetTopicAttributes":
        wanted = call.params["AttributeName"] == "Policy"
        return call.params.get("AttributeValue") if wanted else None
    return call.params.get("Attributes", {}).get("Policy")


TRUST = "AssumeRolePolicyDocument"
PUTS = (
    Put("kms.CreateKey", lambda _, answer: str(answer["KeyMetadata"]["KeyId"]), _sent("Policy")),
    Put("kms.PutKeyPolicy", _of("KeyId"), _sent("Policy")),
    Put("s3.PutBucketPolicy", _of("Bucket"), _sent("Policy")),
    Put("iam.CreateRole", _of("RoleName"), _sent(TRUST)),
    Put("iam.UpdateAssumeRolePolicy", _of("RoleName"), _sent("PolicyDocument")),
    Put("sns.CreateTopic", lambda _, answer: str(answer["TopicArn"]), _attribute),
    Put("sns.SetTopicAttributes", _of("TopicArn"), _attribute),
    Put("sqs.CreateQueue", lambda call, _: str(call.params["QueueName"]), _attribute),
    Put("sqs.SetQueueAttributes", _of("QueueUrl"), _attribute),
    Put("backup.PutBackupVaultAccessPolicy", _of("BackupVaultName"), _sent("Policy")),
)
GETS = (
    Get("kms.GetKeyPolicy", _of("KeyId"), ("Policy",)),
    Get("s3.GetBucketPolicy", _of("Bucket"), ("Policy",)),
    Get("iam.GetRole", _of("RoleName"), ("Role", TRUST)),
    Get("sns.GetTopicAttributes", _of("TopicArn"), ("Attributes", "Policy")),
    Get("sqs.GetQueueAttributes", _of("QueueUrl"), ("Attributes", "Policy")),
    Get("backup.GetBackupVaultAccessPolicy", _of("BackupVaultName"), ("Policy",)),
)
LISTS = {"iam.ListRoles": "Roles", "iam.GetAccountAuthorizationDetails": "RoleDetailList"}
AFTER: dict[str, After] = {
    **{put.operation: partial(_bind, put) for put in PUTS},
    **{get.operation: partial(_show, get) for get in GETS},
    **{name: partial(_show_all, member) for name, member in LISTS.items()},
}
RULES = (
    Rule(
        name="iam.deleted-principals",
        source="Resource and trust policies: principals; IAM User Guide, AWS JSON policy elements: "
        "Principal",
        says="A policy keeps the roles and users it names by their unique ids: when one is "
        "deleted its id, AROA…, stands in its place, also when one of that name is made again.",
        after=AFTER,
    ),
)
