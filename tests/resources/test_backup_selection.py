"""backup.selection under contract."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from provisioner.lifecycle import Json
from provisioner.resources.backup_selection import BackupSelectionSpec
from tests.contract.case import Case

ROLE = "arn:aws:iam::123456789012:role/backup"
TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/patients"


def _settings(session: boto3.Session) -> dict[str, Json]:
    client: Any = session.client("backup")
    client.create_backup_vault(BackupVaultName="vault")
    plan = client.create_backup_plan(
        BackupPlan={
            "BackupPlanName": "plan",
            "Rules": [{"RuleName": "daily", "TargetBackupVaultName": "vault"}],
        }
    )
    return {
        "backup_plan_id": plan["BackupPlanId"],
        "selection_name": "tables",
        "iam_role_arn": ROLE,
        "resources": [TABLE],
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    plan, name = id_.split("|")
    listed = session.client("backup").list_backup_selections(BackupPlanId=plan)
    return name in [one["SelectionName"] for one in listed["BackupSelectionsList"]]


CASE = Case(
    kind="backup.selection",
    settings=_settings,
    alive=_alive,
    changes={
        "backup_plan_id": {"backup_plan_id": "other"},
        "selection_name": {"selection_name": "other"},
        "iam_role_arn": {"iam_role_arn": ROLE + "2"},
        "resources": {"resources": [TABLE + "2"]},
        "list_of_tags": {"list_of_tags": [{"key": "Backup", "value": "true"}]},
    },
)


def test_it_selects_something() -> None:
    """An empty selection would back up nothing, in silence."""
    with pytest.raises(ValueError, match="resources or list_of_tags"):
        BackupSelectionSpec(backup_plan_id="p", selection_name="a", iam_role_arn=ROLE)
