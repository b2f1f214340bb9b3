"""backup.vault: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.resources.backup_vault import RESOURCE, BackupVaultSpec, ensure_backup_vault
from tests.contract.case import Case

KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
POLICY: Json = {
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


def test_its_own_policy_does_not_keep_it(session: boto3.Session, aws: Aws) -> None:
    """The policy that protects the points goes before the vault."""
    spec = BackupVaultSpec.model_validate({"backup_vault_name": "kept", "policy": POLICY})
    made = ensure_backup_vault(session, spec)
    RESOURCE.delete(aws, made.id, {"policy": POLICY})
    assert not _alive(session, "kept")
