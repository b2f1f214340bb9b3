"""iam.role: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import json

import boto3
from botocore.exceptions import ClientError

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.resources.iam_role import RESOURCE, IamRoleSpec, ensure_iam_role
from tests.contract.case import Case


def trust(service: str) -> dict[str, Json]:
    return {
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        ]
    }


INLINE: dict[str, Json] = {
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}]
}


def _policy(session: boto3.Session, name: str) -> str:
    text = json.dumps({"Version": "2012-10-17", **INLINE})
    made = session.client("iam").create_policy(PolicyName=name, PolicyDocument=text)
    return made["Policy"]["Arn"]


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {
        "role_name": "contract",
        "assume_role_policy": trust("lambda.amazonaws.com"),
        "inline_policies": {"first": INLINE},
        "managed_policy_arns": [_policy(session, "one")],
        "tags": {"Name": "contract"},
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    try:
        session.client("iam").get_role(RoleName=id_)
    except ClientError:
        return False
    return True


CASE = Case(
    kind="iam.role",
    settings=_settings,
    alive=_alive,
    changes={
        "role_name": {"role_name": "other"},
        "path": {"path": "/teams/"},
        "assume_role_policy": {"assume_role_policy": trust("backup.amazonaws.com")},
        "description": {"description": "other"},
        "max_session_duration": {"max_session_duration": 7200},
        "permissions_boundary": {},
        "inline_policies": {"inline_policies": {"second": INLINE}},
        "managed_policy_arns": {},
    },
    prepare={
        "permissions_boundary": lambda session, _: {
            "permissions_boundary": _policy(session, "limit")
        },
        "managed_policy_arns": lambda session, _: {
            "managed_policy_arns": [_policy(session, "two")]
        },
    },
)


def test_it_goes_with_everything_it_holds(session: boto3.Session, aws: Aws) -> None:
    """Policies that somebody else gave it do not keep it alive."""
    spec = IamRoleSpec(role_name="busy", assume_role_policy=trust("lambda.amazonaws.com"))
    ensure_iam_role(session, spec)
    iam = session.client("iam")
    iam.attach_role_policy(RoleName="busy", PolicyArn=_policy(session, "theirs"))
    text = json.dumps({"Version": "2012-10-17", **INLINE})
    iam.put_role_policy(RoleName="busy", PolicyName="theirs", PolicyDocument=text)
    RESOURCE.delete(aws, "busy", {})
    assert not _alive(session, "busy")
