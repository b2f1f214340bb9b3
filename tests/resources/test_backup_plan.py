"""backup.plan: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3
import pytest

from provisioner.lifecycle import Json
from provisioner.resources.backup_plan import BackupPlanSpec
from tests.contract.case import Case


def rule(**more: Json) -> dict[str, Json]:
    return {
        "rule_name": "daily",
        "target_backup_vault_name": "vault",
        "delete_after_days": 35,
        **more,
    }


def _settings(session: boto3.Session) -> dict[str, Json]:
    session.client("backup").create_backup_vault(BackupVaultName="vault")
    return {"backup_plan_name": "contract", "rules": [rule()], "tags": {"Name": "contract"}}


def _alive(session: boto3.Session, id_: str) -> bool:
    listed = session.client("backup").list_backup_plans()["BackupPlansList"]
    return id_ in [plan["BackupPlanId"] for plan in listed]


CASE = Case(
    kind="backup.plan",
    settings=_settings,
    alive=_alive,
    changes={
        "backup_plan_name": {"backup_plan_name": "other"},
        "rules": {"rules": [rule(delete_after_days=365), rule(rule_name="weekly")]},
    },
)


def test_what_goes_cold_stays_for_ninety_days() -> None:
    """AWS would refuse it; we do so before."""
    bad = rule(move_to_cold_storage_after_days=30)
    with pytest.raises(ValueError, match="at least 120"):
        BackupPlanSpec.model_validate({"backup_plan_name": "a", "rules": [bad]})
