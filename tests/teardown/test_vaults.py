"""Vaults that hold recovery points: seen beforehand, emptied where that was allowed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from provisioner.stack import Setting, Stack
from tests.teardown.world import World

TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/patients"
ROLE = "arn:aws:iam::123456789012:role/backup"
Meanwhile = Callable[[str, Callable[..., Any]], None]
NOBODY_DELETES: Setting = {
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["backup:DeleteRecoveryPoint", "backup:PutBackupVaultAccessPolicy"],
            "Resource": "*",
        }
    ]
}


def clinic(**settings: Any) -> Stack:
    stack = Stack("clinic")
    stack.add("vault", "backup.vault", backup_vault_name="clinic", **settings)
    stack.add("inbox", "sqs.queue", queue_name="inbox")
    return stack


def back_up(world: World, times: int = 3) -> list[str]:
    """Points in the vault, by ARN."""
    backup = world.client("backup")
    asked = {"BackupVaultName": "clinic", "ResourceArn": TABLE, "IamRoleArn": ROLE}
    return [backup.start_backup_job(**asked)["RecoveryPointArn"] for _ in range(times)]


def test_a_full_vault_stops_a_teardown_before_its_first_delete(world: World) -> None:
    """Points and bytes are told, and how to have them deleted, too."""
    world.up(clinic())
    back_up(world)
    said = world.stays("clinic")
    assert "clinic holds 3 recovery points (0 bytes), the newest of" in said
    assert "--empty vault" in said


def test_its_points_go_first_where_that_was_allowed_by_name(world: World) -> None:
    """With the policy that keeps people from deleting them, which was ours."""
    world.up(clinic(policy=NOBODY_DELETES))
    back_up(world)
    world.down("clinic", empty="vault").check()
    assert [step for step in world.done() if "vault" in step] == ["lift vault", "delete vault"]
    assert world.alive() == {}


def test_a_policy_of_somebody_else_is_not_lifted_by_itself(world: World) -> None:
    """Only by name."""
    world.up(clinic())
    policy = json.dumps(NOBODY_DELETES)
    world.client("backup").put_backup_vault_access_policy(BackupVaultName="clinic", Policy=policy)
    said = world.stays("clinic")
    assert "the policy that denies deletes was switched on by somebody else" in said
    assert "--lift vault" in said
    world.down("clinic", lift="vault").check()
    assert world.alive() == {}


def test_points_that_aws_takes_time_for_are_waited_for(world: World, meanwhile: Meanwhile) -> None:
    """They stay listed as DELETING; the vault goes when the last of them has gone."""
    world.up(clinic(empty_on_delete=True))
    left = dict.fromkeys(back_up(world), 3)
    shown = {arn: {"RecoveryPointArn": arn, "CreationDate": datetime.now(UTC)} for arn in left}
    asked: set[str] = set()

    def list_them(*, parsed: Any, **_: Any) -> None:
        for arn in [arn for arn in asked if arn in left]:
            left[arn] -= 1
            if not left[arn]:
                del left[arn]
        parsed["RecoveryPoints"] = [
            {**shown[arn], "Status": "DELETING" if arn in asked else "COMPLETED"} for arn in left
        ]

    def ask(*, params: Any, **_: Any) -> None:
        asked.update(arn for arn in shown if arn.rpartition(":")[2] in params["url_path"])

    meanwhile("after-call.backup.ListRecoveryPointsByBackupVault", list_them)
    meanwhile("before-call.backup.DeleteRecoveryPoint", ask)
    world.down("clinic").check()
    told = [wait.state for wait in world.waits("delete vault")]
    assert told[-1] == "3 recovery points deleted, 0 a second, 3 left"
    assert world.alive() == {}


def test_a_point_that_expires_instead_of_going_is_a_failure(
    world: World, meanwhile: Meanwhile
) -> None:
    """AWS answers success for want of a right, and the point becomes EXPIRED."""
    world.up(clinic(empty_on_delete=True))
    [point] = back_up(world, 1)
    shown = {"RecoveryPointArn": point, "Status": "EXPIRED", "CreationDate": datetime.now(UTC)}
    meanwhile(
        "after-call.backup.ListRecoveryPointsByBackupVault",
        lambda parsed, **_: parsed.update(RecoveryPoints=[shown]),
    )

    def describe(*, http_response: Any, parsed: Any, **_: Any) -> None:
        http_response.status_code = 200
        parsed.clear()
        parsed.update(shown)

    meanwhile("after-call.backup.DescribeRecoveryPoint", describe)
    report = world.down("clinic")
    [error] = report.outcome.failed.values()
    assert "became EXPIRED instead of being deleted: the caller lacks a right" in str(error)
    assert world.alive() == {"vault": ["clinic"]}


def test_a_continuous_point_is_let_go_of_first(world: World, meanwhile: Meanwhile) -> None:
    """AWS refuses to delete it as long as it goes on."""
    world.up(clinic(empty_on_delete=True))
    [point] = back_up(world, 1)
    backup = world.client("backup")
    shown = {"RecoveryPointArn": point, "Status": "AVAILABLE", "CreationDate": datetime.now(UTC)}
    going_on = [shown]

    def refuse(**_: Any) -> None:
        if going_on:
            error = {"Error": {"Code": "InvalidRequestException", "Message": "continuous"}}
            raise ClientError(error, "DeleteRecoveryPoint")  # type: ignore[arg-type]

    meanwhile(
        "after-call.backup.ListRecoveryPointsByBackupVault",
        lambda parsed, **_: parsed.update(RecoveryPoints=going_on or parsed["RecoveryPoints"]),
    )
    meanwhile("before-call.backup.DeleteRecoveryPoint", refuse)
    meanwhile("after-call.backup.DisassociateRecoveryPoint", lambda **_: going_on.clear())
    world.down("clinic").check()
    assert world.alive() == {}
    assert backup.list_backup_vaults()["BackupVaultList"] == []


def _locked(world: World, meanwhile: Meanwhile, final: datetime | None) -> None:
    answer = {"Locked": True, **({"LockDate": final} if final else {})}
    meanwhile("after-call.backup.DescribeBackupVault", lambda parsed, **_: parsed.update(answer))


def test_a_lock_that_can_be_taken_off_is_told_with_how(world: World, meanwhile: Meanwhile) -> None:
    """Governance mode at any time, compliance mode in its days of grace."""
    world.up(clinic(empty_on_delete=True))
    back_up(world, 1)
    _locked(world, meanwhile, None)
    said = world.stays("clinic")
    assert "locked in governance mode" in said
    assert "delete-backup-vault-lock-configuration --backup-vault-name clinic" in said
    soon = world.clock.now() + timedelta(days=2)
    _locked(world, meanwhile, soon)
    assert f"can be taken off until {soon:%Y-%m-%d %H:%M} UTC" in world.stays("clinic")


def test_a_lock_for_good_is_told_with_its_end(world: World, meanwhile: Meanwhile) -> None:
    """Points go at the end of their own lives; without one, never."""
    world.up(clinic(empty_on_delete=True))
    back_up(world, 1)
    _locked(world, meanwhile, world.clock.now() - timedelta(days=2))
    assert "which nobody can take off; AWS keeps points in it for ever" in world.stays("clinic")


def test_a_vault_that_may_not_be_deleted_is_not_taken_for_gone(
    world: World, meanwhile: Meanwhile
) -> None:
    """AWS answers AccessDenied for a missing vault, too; this one is still listed."""
    world.up(clinic())

    def refuse(**_: Any) -> None:
        error = {"Error": {"Code": "AccessDeniedException", "Message": "not you"}}
        raise ClientError(error, "DeleteBackupVault")  # type: ignore[arg-type]

    meanwhile("before-call.backup.DeleteBackupVault", refuse)
    report = world.down("clinic")
    [error] = report.outcome.failed.values()
    assert "not you" in str(error)
    assert world.alive() == {"vault": ["clinic"]}
