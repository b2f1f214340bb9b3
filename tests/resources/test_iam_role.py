"""iam.role: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import json

import boto3
from botocore.exceptions import ClientError

from provisioner.aws.calls import Ledger
from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json, Owner
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
    """Policies that others gave it, and profiles they put it in, do not keep it alive."""
    spec = IamRoleSpec(role_name="busy", assume_role_policy=trust("lambda.amazonaws.com"))
    ensure_iam_role(session, spec)
    iam = session.client("iam")
    iam.attach_role_policy(RoleName="busy", PolicyArn=_policy(session, "theirs"))
    text = json.dumps({"Version": "2012-10-17", **INLINE})
    iam.put_role_policy(RoleName="busy", PolicyName="theirs", PolicyDocument=text)
    iam.create_instance_profile(InstanceProfileName="machines")
    iam.add_role_to_instance_profile(InstanceProfileName="machines", RoleName="busy")
    RESOURCE.delete(aws, "busy", {})
    assert not _alive(session, "busy")


def test_an_inline_policy_is_sent_as_written(session: boto3.Session) -> None:
    """Only comparing goes by meaning: the spelling of a condition's key is the author's."""
    statement: dict[str, Json] = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/CostCentre": "7"}},
    }
    policy: dict[str, Json] = {"Version": "2012-10-17", "Statement": [statement]}
    spec = IamRoleSpec(
        role_name="exact",
        assume_role_policy=trust("lambda.amazonaws.com"),
        inline_policies={"tagged": policy},
    )
    ensure_iam_role(session, spec)
    found = session.client("iam").get_role_policy(RoleName="exact", PolicyName="tagged")
    assert found["PolicyDocument"] == policy
    assert ensure_iam_role(session, spec).action == "noop"


def test_a_search_reads_the_roles_of_its_own_stack_only(session: boto3.Session, aws: Aws) -> None:
    """Nor is a role that AWS made for a service or for single sign-on anybody's."""
    iam = session.client("iam")
    for name in ("ours", "theirs"):
        spec = IamRoleSpec(role_name=name, assume_role_policy=trust("lambda.amazonaws.com"))
        ensure_iam_role(session, spec, owner=Owner(name, "role"))
    for path in ("/aws-service-role/backup.amazonaws.com/", "/aws-reserved/sso.amazonaws.com/"):
        iam.create_role(RoleName=path.split("/")[1], Path=path, AssumeRolePolicyDocument="{}")
    assert RESOURCE.search is not None
    ledger = Ledger()
    assert set(RESOURCE.search(aws.permitting(lambda _: None, ledger), "ours")) == {"ours"}
    assert ledger.counts["iam.GetRole"] == 1
    assert set(RESOURCE.search(aws, None)) == {"ours", "theirs"}
