"""iam.policy: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

from provisioner.aws.calls import Ledger
from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json, Owner
from provisioner.resources.iam_policy import RESOURCE, IamPolicySpec, ensure_iam_policy
from tests.contract.case import Case


def document(action: str) -> dict[str, Json]:
    return {"Statement": [{"Effect": "Allow", "Action": [action], "Resource": "arn:aws:s3:::a/*"}]}


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {
        "policy_name": "contract",
        "policy": document("s3:GetObject"),
        "tags": {"Name": "contract"},
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    try:
        session.client("iam").get_policy(PolicyArn=id_)
    except ClientError:
        return False
    return True


CASE = Case(
    kind="iam.policy",
    settings=_settings,
    alive=_alive,
    changes={
        "policy_name": {"policy_name": "other"},
        "path": {"path": "/teams/"},
        "description": {"description": "other"},
        "policy": {"policy": document("s3:PutObject")},
    },
)


def test_a_sixth_version_makes_room(session: boto3.Session) -> None:
    """The oldest version that is not in force goes."""
    for number in range(7):
        policy = document(f"s3:Get{number}")
        made = ensure_iam_policy(session, IamPolicySpec(policy_name="busy", policy=policy))
    listed = session.client("iam").list_policy_versions(PolicyArn=made.id)["Versions"]
    assert len(listed) == 5
    assert [v["VersionId"] for v in listed if v["IsDefaultVersion"]] == ["v7"]


def _ensured(session: boto3.Session, name: str, stack: str = "mine") -> str:
    spec = IamPolicySpec(policy_name=name, policy=document("s3:GetObject"))
    return ensure_iam_policy(session, spec, owner=Owner(stack, name)).id


def test_it_goes_from_everybody_who_has_it(session: boto3.Session, aws: Aws) -> None:
    """Roles, users and groups that somebody else gave it to do not keep it alive."""
    iam = session.client("iam")
    arn = _ensured(session, "shared")
    spec = IamPolicySpec(policy_name="shared", policy=document("s3:PutObject"))
    ensure_iam_policy(session, spec, owner=Owner("mine", "shared"))
    iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    iam.create_user(UserName="u")
    iam.create_group(GroupName="g")
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    iam.attach_user_policy(UserName="u", PolicyArn=arn)
    iam.attach_group_policy(GroupName="g", PolicyArn=arn)
    RESOURCE.delete(aws, arn, {})
    assert not _alive(session, arn)
    assert iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"] == []
    assert iam.list_attached_user_policies(UserName="u")["AttachedPolicies"] == []
    assert iam.list_attached_group_policies(GroupName="g")["AttachedPolicies"] == []


def test_a_boundary_is_not_lifted_by_a_delete(session: boto3.Session, aws: Aws) -> None:
    """Its bearer would be allowed more than before; AWS's refusal stands."""
    iam = session.client("iam")
    arn = _ensured(session, "limit")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}", PermissionsBoundary=arn)
    with pytest.raises(ClientError, match="DeleteConflict"):
        RESOURCE.delete(aws, arn, {})
    role = iam.get_role(RoleName="r")["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn


def test_a_search_reads_the_documents_of_its_own_stack_only(
    session: boto3.Session, aws: Aws
) -> None:
    """An account with many policies of others costs one call for each of those, not two."""
    arn = _ensured(session, "ours")
    _ensured(session, "theirs", stack="another")
    assert RESOURCE.search is not None
    ledger = Ledger()
    assert set(RESOURCE.search(aws.permitting(lambda _: None, ledger), "mine")) == {arn}
    assert ledger.counts["iam.GetPolicyVersion"] == 1
