"""backup.selection under contract."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from provisioner.lifecycle import Json
from provisioner.resources.backup_selection import BackupSelectionSpec
from tests.contract.case import Case
from tests.resources import _roles

TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/patients"


def _role(session: boto3.Session, name: str) -> str:
    return _roles.role(session, name, "backup.amazonaws.com", "dynamodb:*", "tag:*", "backup:*")


def _plan(session: boto3.Session, name: str) -> str:
    client: Any = session.client("backup")
    plan = client.create_backup_plan(
        BackupPlan={
            "BackupPlanName": name,
            "Rules": [{"RuleName": "daily", "TargetBackupVaultName": "vault"}],
        }
    )
    return str(plan["BackupPlanId"])


def _settings(session: boto3.Session) -> dict[str, Json]:
    session.client("backup").create_backup_vault(BackupVaultName="vault")
    return {
        "backup_plan_id": _plan(session, "plan"),
        "selection_name": "tables",
        "iam_role_arn": _role(session, "backup"),
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
        "selection_name": {"selection_name": "other"},
        "resources": {"resources": [TABLE + "2"]},
        "list_of_tags": {"list_of_tags": [{"key": "Backup", "value": "true"}]},
    },
    prepare={
        "backup_plan_id": lambda session, _: {"backup_plan_id": _plan(session, "other")},
        "iam_role_arn": lambda session, _: {"iam_role_arn": _role(session, "other")},
    },
)


def test_it_selects_something() -> None:
    """An empty selection would back up nothing, in silence."""
    with pytest.raises(ValueError, match="resources or list_of_tags"):
        BackupSelectionSpec(
            backup_plan_id="p",
            selection_name="a",
            iam_role_arn="arn:aws:iam::123456789012:role/backup",
        )
