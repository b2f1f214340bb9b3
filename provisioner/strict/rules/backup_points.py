"""Recovery points: who makes them, how long they take to come and to go, who keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._policies import acts, statements
from provisioner.strict.world import World

DAY = 86400.0
"""The first jobs of a plan run so long after it was given something to back up."""
CREATING_SECONDS = 30.0
DELETING_SECONDS = 60.0
LAG_SECONDS = 10.0
"""So long a vault counts as having the point that is gone."""
CREATED = "backup.point-created"
DELETING = "backup.point-deleting"
LEFT = "backup.point-left"
"""When a point last left a vault: noted for the vault."""
CONTINUOUS = "backup.continuous"
"""Points of continuous backups that still go on."""
EXPIRED = "backup.expired"
"""Points that were to end by themselves and could not."""
LOCKS = "backup.locks"
"""Vault → when its lock becomes final, in seconds of the clock; infinite if never."""
REFUSED = "InvalidRequestException"
HOLDS = "Backup vault cannot be deleted because it contains recovery points."


def _points(world: World, vault: str) -> list[dict[str, Any]]:
    """The points that the emulator has in a vault."""
    client = world.client("backup")
    try:
        listed = client.list_recovery_points_by_backup_vault(BackupVaultName=vault)
    except ClientError:
        return []
    return [*listed["RecoveryPoints"]]


def _run_later(run: Any, world: World, call: Call, answer: Answer) -> None:
    """Back up what was selected, with the next jobs of the plan."""
    plan, selection = answer["BackupPlanId"], answer["SelectionId"]
    world.later(DAY, partial(run, world, plan, selection))


def _jobs(world: World, plan: str, selection: str) -> Iterator[tuple[Mapping[str, Any], str, str]]:
    """The rules of a plan with each resource that it backs up, and the role that does it."""
    client = world.client("backup")
    try:
        found = client.get_backup_plan(BackupPlanId=plan)
        chosen = client.get_backup_selection(BackupPlanId=plan, SelectionId=selection)
    except ClientError:
        return
    if found.get("DeletionDate"):
        return
    body = chosen["BackupSelection"]
    for rule in found["BackupPlan"]["Rules"]:
        for arn in body.get("Resources", ()):
            if "*" not in arn:
                yield rule, arn, body["IamRoleArn"]


def _back_up(world: World, rule: Mapping[str, Any], arn: str, role: str) -> str:
    """Make a point; its ARN, empty if there is no such vault."""
    try:
        answer = world.client("backup").start_backup_job(
            BackupVaultName=rule["TargetBackupVaultName"], ResourceArn=arn, IamRoleArn=role
        )
    except ClientError:
        return ""
    return str(answer["RecoveryPointArn"])


def _run(world: World, plan: str, selection: str) -> None:
    for rule, arn, role in _jobs(world, plan, selection):
        if not rule.get("EnableContinuousBackup"):
            _back_up(world, rule, arn, role)


def _run_continuous(world: World, plan: str, selection: str) -> None:
    for rule, arn, role in _jobs(world, plan, selection):
        if rule.get("EnableContinuousBackup"):
            world.notes(CONTINUOUS)[_back_up(world, rule, arn, role)] = True


def _run_with_end(world: World, plan: str, selection: str) -> None:
    """Make points that end by themselves, unless the role that made them is gone by then."""
    for rule, arn, role in _jobs(world, plan, selection):
        days = rule.get("Lifecycle", {}).get("DeleteAfterDays")
        if days and (point := _back_up(world, rule, arn, role)):
            vault = str(rule["TargetBackupVaultName"])
            world.later(days * DAY, partial(_end, world, vault, point, role))


def _end(world: World, vault: str, point: str, role: str) -> None:
    if world.can_assume("backup.amazonaws.com", role):
        _take_away(world, vault, point)
    else:
        world.notes(EXPIRED)[point] = True


def _take_away(world: World, vault: str, point: str) -> None:
    try:
        world.client("backup").delete_recovery_point(BackupVaultName=vault, RecoveryPointArn=point)
    except ClientError:
        return  # it is gone already
    world.note(LEFT, vault)


def _note_created(world: World, call: Call, answer: Answer) -> None:
    world.note(CREATED, answer["RecoveryPointArn"])


def _show_states(world: World, call: Call, answer: Answer) -> None:
    for point in answer.get("RecoveryPoints", (answer,)):
        arn = point["RecoveryPointArn"]
        if world.age(DELETING, arn) <= DELETING_SECONDS:
            point["Status"] = "DELETING"
        elif world.age(CREATED, arn) < CREATING_SECONDS:
            point["Status"] = "CREATING"


def _delete(world: World, call: Call) -> Answer | None:
    """Answer at once, and take the point away later; refuse one that is being made."""
    vault, arn = call.params["BackupVaultName"], call.params["RecoveryPointArn"]
    if arn not in {point["RecoveryPointArn"] for point in _points(world, vault)}:
        return None
    if world.age(CREATED, arn) < CREATING_SECONDS:
        message = f"Recovery point {arn} is being created."
        world.refuse("InvalidResourceStateException", message)
    if world.age(DELETING, arn) > DELETING_SECONDS:
        world.note(DELETING, arn)
        world.later(DELETING_SECONDS, partial(_take_away, world, vault, arn))
    return {}


def _refuse_lagging(world: World, call: Call) -> Answer | None:
    if world.age(LEFT, call.params["BackupVaultName"]) < LAG_SECONDS:
        world.refuse(REFUSED, HOLDS)
    return None


def _show_continuous(world: World, call: Call, answer: Answer) -> None:
    for point in answer.get("RecoveryPoints", (answer,)):
        if world.notes(CONTINUOUS).get(point["RecoveryPointArn"]):
            point["Status"] = "AVAILABLE"


def _refuse_continuous(world: World, call: Call) -> Answer | None:
    arn = call.params["RecoveryPointArn"]
    if world.notes(CONTINUOUS).get(arn):
        message = "Cannot delete a continuous recovery point that is not disassociated."
        world.refuse(REFUSED, message)
    return None


def _note_disassociated(world: World, call: Call, answer: Answer) -> None:
    world.notes(CONTINUOUS).pop(call.params["RecoveryPointArn"], None)


def _show_expired(world: World, call: Call, answer: Answer) -> None:
    for point in answer.get("RecoveryPoints", (answer,)):
        if world.notes(EXPIRED).get(point["RecoveryPointArn"]):
            point["Status"] = "EXPIRED"


def _refuse_denied(world: World, call: Call) -> Answer | None:
    """Hold everybody to the vault's own policy."""
    try:
        answer = world.client("backup").get_backup_vault_access_policy(
            BackupVaultName=call.params["BackupVaultName"]
        )
    except ClientError:
        return None
    policy = json.loads(answer["Policy"])
    if any(
        one.get("Effect") == "Deny"
        and acts(one, f"backup:{call.operation}")
        and "Condition" not in one
        and _everybody(one)
        for one in statements(policy)
    ):
        message = "Insufficient privileges to perform this action."
        world.refuse("AccessDeniedException", message, 403)
    return None


def _everybody(statement: Mapping[str, Any]) -> bool:
    return statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})


def _note_lock(world: World, call: Call, answer: Answer) -> None:
    days = call.params.get("ChangeableForDays")
    final = world.now + days * DAY if days else float("inf")
    world.notes(LOCKS)[call.params["BackupVaultName"]] = final


def _forget_lock(world: World, call: Call, answer: Answer) -> None:
    world.notes(LOCKS).pop(call.params["BackupVaultName"], None)


def _refuse_final(world: World, call: Call) -> Answer | None:
    """Nobody takes a lock off once its grace time is over."""
    vault = call.params["BackupVaultName"]
    if world.now >= world.notes(LOCKS).get(vault, float("inf")):
        world.refuse(REFUSED, f"Backup vault {vault} is locked, and its lock is immutable.")
    return None


def _refuse_locked(world: World, call: Call) -> Answer | None:
    vault = call.params["BackupVaultName"]
    if vault in world.notes(LOCKS):
        message = f"Recovery points in the locked Backup vault {vault} cannot be deleted."
        world.refuse(REFUSED, message)
    return None


def _show_lock(world: World, call: Call, answer: Answer) -> None:
    """Tell when a lock becomes final, by the clock."""
    for vault in answer.get("BackupVaultList", (answer,)):
        final = world.notes(LOCKS).get(vault["BackupVaultName"])
        if final is not None and final != float("inf"):
            begun = datetime(2026, 1, 1, tzinfo=UTC)
            vault["LockDate"] = begun + timedelta(seconds=final)


READS = ("backup.ListRecoveryPointsByBackupVault", "backup.DescribeRecoveryPoint")
HELD = (
    "backup.DeleteRecoveryPoint",
    "backup.DisassociateRecoveryPoint",
    "backup.UpdateRecoveryPointLifecycle",
    "backup.DeleteBackupVault",
    "backup.PutBackupVaultAccessPolicy",
    "backup.DeleteBackupVaultAccessPolicy",
)
RULES = (
    Rule(
        name="backup.vault-policy",
        source="Backup vault: policy; AWS Backup Developer Guide, Vault access policies",
        says="What a vault's policy denies to everybody is refused to its owner, too, be it to "
        "delete a recovery point or to put another policy (AccessDeniedException).",
        before=dict.fromkeys(HELD, _refuse_denied),
    ),
    Rule(
        name="backup.vault-lock",
        source="Backup vault: lock; AWS Backup Developer Guide, Vault Lock",
        says="Nobody deletes a recovery point in a locked vault, and nobody takes a lock off whose "
        "grace time is over (InvalidRequestException).",
        before={
            "backup.DeleteRecoveryPoint": _refuse_locked,
            "backup.*BackupVaultLockConfiguration": _refuse_final,
        },
        after={
            "backup.PutBackupVaultLockConfiguration": _note_lock,
            "backup.DeleteBackupVaultLockConfiguration": _forget_lock,
            "backup.DescribeBackupVault": _show_lock,
            "backup.ListBackupVaults": _show_lock,
        },
    ),
    Rule(
        name="backup.continuous-points",
        source="Backup recovery point: continuous; AWS Backup Developer Guide, Point-in-time "
        "recovery",
        says="The point of a continuous backup is AVAILABLE and can't be deleted before it is "
        "disassociated (InvalidRequestException).",
        before={"backup.DeleteRecoveryPoint": _refuse_continuous},
        after={
            "backup.CreateBackupSelection": partial(_run_later, _run_continuous),
            "backup.DisassociateRecoveryPoint": _note_disassociated,
            **dict.fromkeys(READS, _show_continuous),
        },
    ),
    Rule(
        name="backup.jobs",
        source="Backup plan: jobs; AWS Backup Developer Guide, How AWS Backup works",
        says="A plan makes recovery points of what it selects, day by day, and a vault that holds "
        "one can't be deleted (InvalidRequestException).",
        after={"backup.CreateBackupSelection": partial(_run_later, _run)},
    ),
    Rule(
        name="backup.expired-points",
        source="Backup recovery point: lifecycle; AWS Backup Developer Guide, Deleting backups",
        says="A recovery point ends by itself after the days that its plan says, but stays, "
        "EXPIRED, if the role that made it is gone by then.",
        after={
            "backup.CreateBackupSelection": partial(_run_later, _run_with_end),
            **dict.fromkeys(READS, _show_expired),
        },
    ),
    Rule(
        name="backup.point-states",
        source="Backup recovery point: states; AWS Backup API Reference, DeleteRecoveryPoint",
        says="A recovery point takes a while to be made (InvalidResourceStateException) and to be "
        "deleted, and its vault counts as holding it for some seconds more.",
        before={
            "backup.DeleteRecoveryPoint": _delete,
            "backup.DeleteBackupVault": _refuse_lagging,
        },
        after={
            "backup.StartBackupJob": _note_created,
            **dict.fromkeys(READS, _show_states),
        },
    ),
)
UNPLAYED = (
    Unplayed(
        "To a caller who lacks a right DeleteRecoveryPoint answers success, and the point becomes "
        "EXPIRED.",
        "Emulators take every caller for an administrator; tests/teardown plays it.",
    ),
    Unplayed(
        "A point that belongs to another one is deleted with that one.",
        "No job makes such points; tests/teardown plays it.",
    ),
    Unplayed(
        "A recovery point is of no use without its key.",
        "The order of a teardown: keys go last, and not while anything uses them.",
    ),
)
