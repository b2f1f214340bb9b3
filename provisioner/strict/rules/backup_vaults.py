"""Vaults of AWS Backup: how a missing one reads, whom their policies may name."""

from __future__ import annotations

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._policies import strangers
from provisioner.strict.world import World

OF_A_VAULT = (
    "backup.DescribeBackupVault",
    "backup.*BackupVaultAccessPolicy",
    "backup.*BackupVaultNotifications",
    "backup.*RecoveryPoint*",
    "backup.DeleteBackupVault",
)


def _refuse_missing(world: World, call: Call) -> Answer | None:
    """Answer as if the vault were somebody else's."""
    name = call.params.get("BackupVaultName")
    pages = world.client("backup").get_paginator("list_backup_vaults").paginate()
    there = {vault["BackupVaultName"] for page in pages for vault in page["BackupVaultList"]}
    if name and name not in there:
        message = "Insufficient privileges to perform this action."
        world.refuse("AccessDeniedException", message, 403)
    return None


def _refuse_strangers(world: World, call: Call) -> Answer | None:
    for stranger in strangers(world, call.params.get("Policy")):
        message = f"Provided principal is not valid. Principal: {stranger}"
        world.refuse("InvalidParameterValueException", message)
    return None


RULES = (
    Rule(
        name="backup.missing-vault",
        source="Backup vault: read; AWS Backup API Reference, DescribeBackupVault",
        says="A vault that is not there reads, and is deleted, as one of somebody else's "
        "(AccessDeniedException); only the list of vaults tells.",
        before=dict.fromkeys(OF_A_VAULT, _refuse_missing),
    ),
    Rule(
        name="backup.new-principals",
        source="Backup vault: policy; AWS Backup Developer Guide, Vault access policies",
        says="A vault's policy that names a role made seconds ago is refused "
        "(InvalidParameterValueException, Provided principal is not valid).",
        before={"backup.PutBackupVaultAccessPolicy": _refuse_strangers},
    ),
)
UNPLAYED = (
    Unplayed(
        "A second vault of the same name is refused (AlreadyExistsException).",
        "The emulator does so by itself.",
    ),
    Unplayed(
        "A vault without a key of its own is under the aws/backup key; nothing of a vault but its "
        "tags and its policy can be changed.",
        "The kind names its key, and has the rest replaced.",
    ),
    Unplayed(
        "Calls are throttled (ThrottlingException) or fail for a while "
        "(ServiceUnavailableException).",
        "No rate is published; tests/faults throttles and fails every operation.",
    ),
)
