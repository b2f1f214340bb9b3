"""Vaults, plans and selections that the cases need: by plain calls, and as stacks."""

from __future__ import annotations

import time
from typing import Any

from provisioner import Stack
from tests.conftest import REGION
from tests.strict.case import Client
from tests.strict.cases._roles import ACCOUNT, add_role, make_role

TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/strict"
ACTIONS = ("tag:GetResources", "dynamodb:CreateBackup", "backup:*")


def document(name: str = "strict", **rule: Any) -> dict[str, Any]:
    """A plan with one rule."""
    daily = {"RuleName": "daily", "TargetBackupVaultName": "strict", **rule}
    return {"BackupPlanName": name, "Rules": [daily]}


def vault(client: Client) -> Any:
    """A vault, by a plain call; the client that made it."""
    backup = client("backup")
    backup.create_backup_vault(BackupVaultName="strict")
    return backup


def plan(client: Client) -> tuple[Any, str]:
    """A vault and a plan, by plain calls: the client and the plan's id."""
    backup = vault(client)
    return backup, str(backup.create_backup_plan(BackupPlan=document())["BackupPlanId"])


def select(client: Client) -> tuple[Any, str, str]:
    """A selection of a plan, slowly: the client, the plan's id, the selection's."""
    role = make_role(client, "backup", *ACTIONS)
    time.sleep(30)
    backup, id_ = plan(client)
    selection = {"SelectionName": "strict", "IamRoleArn": role, "Resources": [TABLE]}
    made = backup.create_backup_selection(BackupPlanId=id_, BackupSelection=selection)
    return backup, id_, str(made["SelectionId"])


def stack(*selections: str, days: int = 35, continuous: bool = False, **settings: Any) -> Stack:
    """A vault, a plan, and selections of these names."""
    made = Stack("strict")
    kept = made.add("vault", "backup.vault", backup_vault_name="strict", **settings)
    rule: Any = {
        "rule_name": "daily",
        "target_backup_vault_name": kept.name,
        "delete_after_days": days,
        "enable_continuous_backup": continuous,
    }
    daily = made.add("plan", "backup.plan", backup_plan_name="strict", rules=[rule])
    role = add_role(made, "backup", *ACTIONS)
    for name in selections:
        made.add(
            name,
            "backup.selection",
            backup_plan_id=daily.id,
            selection_name=name,
            iam_role_arn=role.arn,
            resources=[TABLE],
        )
    return made
