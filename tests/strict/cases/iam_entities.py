"""Roles and policies of IAM."""

from __future__ import annotations

import json
from functools import partial

from provisioner import Stack, apply
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._identity import READING, policy, role, settle, trust, trust_of
from tests.strict.cases._parallel import side_by_side

ARN = "arn:aws:iam::123456789012:role"


def stack(*, policies: int = 1, first: int = 0) -> Stack:
    """A role with managed policies, numbered from the first on, and an inline one."""
    made = Stack("strict")
    managed = [
        made.add(f"managed_{n}", "iam.policy", policy_name=f"managed-{n}", policy=READING).arn
        for n in range(first, first + policies)
    ]
    made.add(
        "reader",
        "iam.role",
        role_name="reader",
        assume_role_policy=trust(),
        inline_policies={"read": READING},
        managed_policy_arns=managed,
    )
    return made


def attach_at_once(client: Client) -> None:
    """Make a role and a policy and attach it."""
    role(client, "reader")
    arn = policy(client, "reading")
    client("iam").attach_role_policy(RoleName="reader", PolicyArn=arn)


def trust_a_new_role(client: Client) -> None:
    """Make a role that another one, made right before, may assume."""
    arn = role(client, "caller")
    client("iam").create_role(RoleName="called", AssumeRolePolicyDocument=json.dumps(trust_of(arn)))


def trusting(ground: Ground) -> None:
    """A role that trusts another of the same stack, then one that is made with it."""
    first, second = Stack("strict"), Stack("strict")
    for made, name in ((first, "caller"), (second, "new-caller")):
        caller = made.add("caller", "iam.role", role_name=name, assume_role_policy=trust())
        made.add("called", "iam.role", role_name="called", assume_role_policy=trust_of(caller.arn))
    ground.through(first, second)


def in_another_case(client: Client) -> None:
    """Make two roles whose names differ in case."""
    role(client, "Reader")
    role(client, "reader")


def told_of_the_case(ground: Ground) -> None:
    """The role that is there stays as it is, and the run says why it could not make another."""
    ground.plain("iam").create_role(
        RoleName="READER", AssumeRolePolicyDocument=json.dumps(trust("ec2.amazonaws.com"))
    )
    report = apply(ground.session, stack(), ground.options)
    failed = [str(error) for error in report.outcome.failed.values()]
    assert any("already exists" in error for error in failed), failed
    roles = ground.plain("iam").list_roles()["Roles"]
    assert [one["RoleName"] for one in roles] == ["READER"]
    ground.plain("iam").delete_role(RoleName="READER")
    ground.through(stack())


def delete_at_once(client: Client) -> None:
    """Take the last policy from a role and delete it."""
    iam = client("iam")
    role(client, "reader")
    settle()
    iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=json.dumps(READING))
    iam.delete_role_policy(RoleName="reader", PolicyName="read")
    iam.delete_role(RoleName="reader")


def attach_side_by_side(client: Client) -> None:
    """Attach two policies to one role at the same time."""
    iam = client("iam")
    role(client, "reader")
    arns = [policy(client, name) for name in ("one", "two")]
    settle()
    attach = partial(iam.attach_role_policy, RoleName="reader")
    side_by_side(iam, [partial(attach, PolicyArn=arn) for arn in arns])


def attached_side_by_side(ground: Ground) -> None:
    """A stranger changes the same role at the same time; then a stack like any other."""
    iam = ground.aws.client("iam")
    attach_side_by_side(lambda _: iam)
    attached = ground.plain("iam").list_attached_role_policies(RoleName="reader")
    names = {one["PolicyName"] for one in attached["AttachedPolicies"]}
    assert names == {"one", "two"}
    for name in names:
        arn = f"arn:aws:iam::123456789012:policy/{name}"
        ground.plain("iam").detach_role_policy(RoleName="reader", PolicyArn=arn)
        ground.plain("iam").delete_policy(PolicyArn=arn)
    ground.plain("iam").delete_role(RoleName="reader")
    ground.through(stack(policies=3))


def attach_eleven(client: Client) -> None:
    """Attach eleven policies to a role."""
    role(client, "reader")
    arns = [policy(client, f"managed-{n}") for n in range(11)]
    settle()
    for arn in arns:
        client("iam").attach_role_policy(RoleName="reader", PolicyArn=arn)


def ten_others(ground: Ground) -> None:
    """A role with all ten policies that it may have gets others in the place of two."""
    ground.through(stack(policies=10), stack(policies=10, first=2))


CASES = [
    Case(
        "iam.new-entities",
        attach_at_once,
        "NoSuchEntity",
        lambda ground: ground.through(stack(policies=2)),
    ),
    Case("iam.trusted-principals", trust_a_new_role, "MalformedPolicyDocument", trusting),
    Case("iam.names-ignore-case", in_another_case, "EntityAlreadyExists", told_of_the_case),
    Case(
        "iam.policies-drain",
        delete_at_once,
        "DeleteConflict",
        lambda ground: ground.through(stack(policies=2)),
    ),
    Case(
        "iam.parallel-changes",
        attach_side_by_side,
        "ConcurrentModification",
        attached_side_by_side,
    ),
    Case("iam.attachment-quota", attach_eleven, "LimitExceeded", ten_others),
]
