"""iam.policy: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3
from botocore.exceptions import ClientError

from provisioner.lifecycle import Json
from provisioner.resources.iam_policy import IamPolicySpec, ensure_iam_policy
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
