"""What IAM policies say, as far as rules ask: whom they name, and what a role may do by now.

Rough on purpose: conditions and resources are not weighed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote, unquote

from botocore.exceptions import ClientError

from provisioner.strict.world import ROLE_SECONDS, World

PRINCIPAL = "iam.principal"
"""When a role or user was made: noted for its ARN."""
GRANTED = "iam.granted"
"""Role and policy → what the policy said since when, oldest first: `(seconds, document)`."""


def statements(policy: object) -> list[Mapping[str, Any]]:
    """The statements of a policy, given as text or as a document; none if it is neither."""
    if isinstance(policy, str):
        try:
            policy = json.loads(unquote(policy) if policy.startswith("%7B") else policy)
        except ValueError:
            return []
    found = policy.get("Statement", []) if isinstance(policy, Mapping) else []
    return [one for one in listed(found) if isinstance(one, Mapping)]


def on_the_wire(document: object) -> str:
    """A document as IAM answers it before boto3 decodes it; so do rules that answer for IAM."""
    return quote(json.dumps(document))


def listed(value: Any) -> list[Any]:
    """A policy's one or many as a list."""
    return [*value] if isinstance(value, list | tuple) else [value]


def aws_principals(policy: object) -> Iterator[str]:
    """The accounts, roles and users that a policy names."""
    for statement in statements(policy):
        for member in ("Principal", "NotPrincipal"):
            named = statement.get(member)
            if isinstance(named, Mapping):
                yield from (str(one) for one in listed(named.get("AWS", [])))


def service_principals(statement: Mapping[str, Any]) -> list[str]:
    """The services that a statement names; `*` names all."""
    named = statement.get("Principal")
    if isinstance(named, Mapping):
        return [str(one) for one in listed(named.get("Service", []))]
    return ["*"] if named == "*" else []


def acts(statement: Mapping[str, Any], action: str) -> bool:
    """Whether a statement is about an action, e.g. `sqs:SendMessage`."""
    named = [str(one).lower() for one in listed(statement.get("Action", []))]
    return any(fnmatchcase(action.lower(), one) for one in named)


def lets(policy: object, service: str, action: str) -> bool:
    """Whether a resource's policy lets a service do something, whatever the conditions."""
    return any(
        statement.get("Effect") == "Allow"
        and acts(statement, action)
        and {service, "*"} & set(service_principals(statement))
        for statement in statements(policy)
    )


def strangers(world: World, policy: object) -> list[str]:
    """The principals of a policy that AWS does not know, or not yet."""
    return [one for one in aws_principals(policy) if not _known(world, one)]


def _known(world: World, principal: str) -> bool:
    if principal.startswith(("AROA", "AIDA")):
        return False  # of what is gone, or AWS would have written the ARN
    parts = principal.split(":")
    if len(parts) < 6 or parts[2] != "iam" or parts[4] != world.account or parts[5] == "root":
        return True
    kind, _, name = parts[5].partition("/")
    if kind not in {"role", "user"}:
        return True
    if world.age(PRINCIPAL, principal) < ROLE_SECONDS:
        return False
    return entity(world, kind, name.rpartition("/")[2]).get("Arn") == principal


def entity(world: World, kind: str, name: str) -> dict[str, Any]:
    """A `role` or `user` as IAM has it; empty if it is not there."""
    iam = world.client("iam")
    try:
        if kind == "role":
            return dict(iam.get_role(RoleName=name)["Role"])
        return dict(iam.get_user(UserName=name)["User"])
    except ClientError:
        return {}


def may(world: World, role: str, action: str) -> bool:
    """Whether a role, by its ARN, may do something by now: a policy takes a while to count.

    Policies of AWS's own are taken to allow it.
    """
    name = role.rpartition("/")[2]
    try:
        documents = [*_inline(world, name), *_attached(world, name)]
    except ClientError:
        return False
    return any(
        statement.get("Effect") == "Allow" and acts(statement, action)
        for document in documents
        for statement in statements(document)
    )


def _inline(world: World, role: str) -> Iterator[object]:
    iam = world.client("iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        found = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        yield counting(world, f"{role}|{name}", found)


def _attached(world: World, role: str) -> Iterator[object]:
    iam = world.client("iam")
    for one in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = one["PolicyArn"]
        if ":iam::aws:policy/" in arn:
            document: object = {"Statement": {"Effect": "Allow", "Action": "*"}}
        else:
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            found = iam.get_policy_version(PolicyArn=arn, VersionId=version)
            document = counting(world, arn, found["PolicyVersion"]["Document"])
        yield counting(world, f"{role}|{arn}", document)


def counting(world: World, which: str, now: object) -> object:
    """What a policy, or its attachment, counts for by now; what nobody noted counts as it is."""
    noted: list[tuple[float, object]] = world.notes(GRANTED).get(which, [])
    if not noted:
        return now
    old = [said for since, said in noted if world.now - since >= ROLE_SECONDS]
    if not old:
        return None
    return now if len(old) == len(noted) else old[-1]
