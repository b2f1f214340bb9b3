"""kms.key: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.resources.kms_key import RESOURCE, KmsKeySpec, ensure_kms_key
from tests.contract.case import Case


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {"alias": "alias/contract", "description": "first", "tags": {"Name": "contract"}}


def _alive(session: boto3.Session, id_: str) -> bool:
    state = session.client("kms").describe_key(KeyId=id_)["KeyMetadata"]["KeyState"]
    return state == "Enabled"


POLICY: Json = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Root",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}

CASE = Case(
    kind="kms.key",
    settings=_settings,
    alive=_alive,
    changes={
        "alias": {"alias": "alias/other"},
        "description": {"description": "second"},
        "policy": {"policy": POLICY},
        "rotation": {"rotation": False},
        "rotation_period_days": {"rotation_period_days": 180},
        "enabled": {"enabled": False},
    },
)


def test_alone_from_a_script(session: boto3.Session) -> None:
    """The function works with nothing but a session, and finds its key again by the Name tag."""
    spec = KmsKeySpec(alias="alias/solo", tags={"Name": "solo"})
    first = ensure_kms_key(session, spec)
    second = ensure_kms_key(session, spec)
    assert (first.id, str(second.action)) == (second.id, "noop")
    rotation = session.client("kms").get_key_rotation_status(KeyId=first.id)
    assert rotation["KeyRotationEnabled"] is True


def test_a_deleted_key_frees_its_alias_and_names_its_window(
    session: boto3.Session, aws: Aws
) -> None:
    """The alias can be used again at once; the key waits out its window."""
    spec = KmsKeySpec(alias="alias/solo", deletion_window_days=7, tags={"Name": "solo"})
    key = ensure_kms_key(session, spec)
    settings: dict[str, Json] = {"alias": "alias/solo", "deletion_window_days": 7}
    RESOURCE.delete(aws, key.id, settings)
    assert ensure_kms_key(session, spec).id != key.id
    assert RESOURCE.survives
    told = RESOURCE.survives(settings, datetime(2026, 1, 1, tzinfo=UTC))
    assert ("7 days" in told, "2026-01-08" in told) == (True, True)
