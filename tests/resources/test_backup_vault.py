"""backup.vault: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.resources.backup_vault import RESOURCE, BackupVaultSpec, ensure_backup_vault
from tests.contract.case import Case

KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
POLICY: dict[str, Any] = {
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["backup:DeleteRecoveryPoint"],
            "Resource": "*",
        }
    ]
}


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {"backup_vault_name": "contract", "kms_key": KEY, "tags": {"Name": "contract"}}


def _alive(session: boto3.Session, id_: str) -> bool:
    listed = session.client("backup").list_backup_vaults()["BackupVaultList"]
    return id_ in [vault["BackupVaultName"] for vault in listed]


CASE = Case(
    kind="backup.vault",
    settings=_settings,
    alive=_alive,
    changes={
        "backup_vault_name": {"backup_vault_name": "other"},
        "kms_key": {"kms_key": KEY.replace("1111", "9999")},
        "policy": {"policy": POLICY},
    },
)


def test_the_policy_that_denies_deletes_is_a_protection(session: boto3.Session, aws: Aws) -> None:
    """It can be lifted, twice, too; another policy is none."""
    spec = BackupVaultSpec.model_validate({"backup_vault_name": "kept", "policy": POLICY})
    made = ensure_backup_vault(session, spec)
    assert RESOURCE.protection
    assert RESOURCE.lift
    assert RESOURCE.protection(RESOURCE.read(aws, [made.id])[made.id].settings)
    RESOURCE.lift(aws, made.id)
    RESOURCE.lift(aws, made.id)
    client = session.client("backup")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_backup_vault_access_policy(BackupVaultName="kept")
    allows: Json = {"Statement": [{**POLICY["Statement"][0], "Effect": "Allow"}]}
    assert RESOURCE.protection({"policy": allows}) == ""
