"""Recovery points."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from provisioner.errors import BlockedError
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._backup import TABLE, document, stack, vault
from tests.strict.cases._roles import ROLE, ROLE_ARN, make_role

DAY = 86400
DENY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "NobodyDeletes",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["backup:DeleteRecoveryPoint", "backup:PutBackupVaultAccessPolicy"],
            "Resource": "*",
        }
    ],
}
OTHER = {**DENY, "Statement": [{**DENY["Statement"][0], "Sid": "NobodyEver"}]}


def _point(client: Any) -> str:
    """A point in the vault, by a job of its own."""
    made = client.start_backup_job(BackupVaultName="strict", ResourceArn=TABLE, IamRoleArn=ROLE_ARN)
    return str(made["RecoveryPointArn"])


def _plan(client: Client, **rule: Any) -> Any:
    """A plan that backs up the table; the client that made it."""
    role = make_role(client, "backup", "tag:GetResources", "backup:*")
    time.sleep(30)
    backup = vault(client)
    plan = backup.create_backup_plan(BackupPlan=document(**rule))["BackupPlanId"]
    selection = {"SelectionName": "strict", "IamRoleArn": role, "Resources": [TABLE]}
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)
    return backup


def _empty(backup: Any) -> None:
    """Have every point deleted, and the vault next."""
    listed = backup.list_recovery_points_by_backup_vault(BackupVaultName="strict")
    for point in listed["RecoveryPoints"]:
        backup.delete_recovery_point(
            BackupVaultName="strict", RecoveryPointArn=point["RecoveryPointArn"]
        )
    backup.delete_backup_vault(BackupVaultName="strict")


def forget_the_points(client: Client) -> None:
    """Delete a vault that a plan has filled meanwhile."""
    backup = _plan(client)
    time.sleep(2 * DAY)
    backup.delete_backup_vault(BackupVaultName="strict")


def delete_and_go_on(client: Client) -> None:
    """Empty a vault and delete it next."""
    backup = vault(client)
    _point(backup)
    time.sleep(600)
    _empty(backup)


def deny_and_empty(client: Client) -> None:
    """Empty a vault whose policy denies just that."""
    backup = vault(client)
    _point(backup)
    time.sleep(600)
    policy = json.dumps(DENY)
    backup.put_backup_vault_access_policy(BackupVaultName="strict", Policy=policy)
    _empty(backup)


def lock_and_empty(client: Client) -> None:
    """Empty a vault that is locked."""
    backup = vault(client)
    _point(backup)
    time.sleep(600)
    backup.put_backup_vault_lock_configuration(BackupVaultName="strict", MinRetentionDays=7)
    _empty(backup)


def empty_continuous(client: Client) -> None:
    """Empty a vault with a continuous backup in it."""
    backup = _plan(client, EnableContinuousBackup=True)
    time.sleep(2 * DAY)
    _empty(backup)


def wait_for_the_end(client: Client) -> None:
    """Have the points of a plan end by themselves, and take the role away meanwhile."""
    backup = _plan(client, Lifecycle={"DeleteAfterDays": 7})
    iam = client("iam")
    time.sleep(2 * DAY)
    iam.delete_role_policy(RoleName=ROLE, PolicyName="does")
    iam.delete_role(RoleName=ROLE)
    time.sleep(30 * DAY)
    listed = backup.list_recovery_points_by_backup_vault(BackupVaultName="strict")
    assert listed["RecoveryPoints"] == []


def filled_meanwhile(ground: Ground) -> None:
    """Points stop a teardown before its first delete; where they may go, they go first."""
    ground.up(stack("one"))
    ground.clock.sleep(2 * DAY)
    with pytest.raises(BlockedError, match="1 recovery point"):
        ground.take_down(stack("one"))
    ground.up(stack("one", empty_on_delete=True))
    ground.down(stack("one"))


def emptied_slowly(ground: Ground) -> None:
    """A vault is emptied, waited for, and deleted."""
    made = stack("one", empty_on_delete=True)
    ground.up(made)
    for _ in range(3):
        _point(ground.layer.session.client("backup"))
    ground.down(made)


def the_own_policy(ground: Ground) -> None:
    """A policy that denies deletes, and its own change, is changed, and does not keep the vault."""
    made = stack("one", policy=DENY, empty_on_delete=True)
    ground.up(made)
    _point(ground.layer.session.client("backup"))
    ground.up(stack("one", policy=OTHER, empty_on_delete=True))
    found = ground.plain("backup").get_backup_vault_access_policy(BackupVaultName="strict")
    assert "NobodyEver" in found["Policy"]
    ground.down(made)


def a_lock_is_told(ground: Ground) -> None:
    """A locked vault with points stops a teardown before its first delete, until it is unlocked."""
    made = stack("one", empty_on_delete=True)
    ground.up(made)
    backup = ground.layer.session.client("backup")
    _point(backup)
    backup.put_backup_vault_lock_configuration(
        BackupVaultName="strict", MinRetentionDays=7, ChangeableForDays=3
    )
    with pytest.raises(BlockedError, match=r"until 2026-01-04"):
        ground.take_down(made)
    assert ground.plain("backup").list_backup_plans()["BackupPlansList"]
    backup.delete_backup_vault_lock_configuration(BackupVaultName="strict")
    ground.down(made)


def after_days(ground: Ground) -> None:
    """Whatever a plan has made in the vault goes with it."""
    made = stack("one", days=1, empty_on_delete=True)
    ground.up(made)
    ground.clock.sleep(5 * DAY)
    ground.down(made)


def continuous(ground: Ground) -> None:
    """A continuous backup is ended, and goes with its vault."""
    made = stack("one", empty_on_delete=True, continuous=True)
    ground.up(made)
    ground.clock.sleep(2 * DAY)
    ground.down(made)


CASES = [
    Case("backup.vault-policy", deny_and_empty, "AccessDeniedException", the_own_policy),
    Case("backup.vault-lock", lock_and_empty, "InvalidRequestException", a_lock_is_told),
    Case("backup.continuous-points", empty_continuous, "InvalidRequestException", continuous),
    Case("backup.jobs", forget_the_points, "InvalidRequestException", filled_meanwhile),
    Case("backup.expired-points", wait_for_the_end, "", after_days),
    Case("backup.point-states", delete_and_go_on, "InvalidRequestException", emptied_slowly),
]
