"""Vaults of AWS Backup."""

from __future__ import annotations

import json
from typing import Any

from provisioner import Stack
from tests.conftest import REGION
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._backup import stack, vault
from tests.strict.cases._roles import ACCOUNT, ROLE_ARN, add_role, admitting, make_role

VAULT_ARN = f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:strict"


def stack_with_role() -> Stack:
    """A vault whose policy names a role of the stack."""
    made = Stack("strict")
    role = add_role(made, "lambda")
    policy = admitting(role.arn, "backup:StartRestoreJob", VAULT_ARN)
    made.add("vault", "backup.vault", backup_vault_name="strict", policy=policy)
    return made


def look_before(client: Client) -> None:
    """Make a vault unless it is there already."""
    backup: Any = client("backup")
    try:
        backup.describe_backup_vault(BackupVaultName="strict")
    except backup.exceptions.ResourceNotFoundException:
        vault(client)


def admit_a_new_role(client: Client) -> None:
    """Name a role in a policy that was made a moment ago."""
    make_role(client, "lambda")
    policy = json.dumps(admitting(ROLE_ARN, "backup:StartRestoreJob", VAULT_ARN))
    vault(client).put_backup_vault_access_policy(BackupVaultName="strict", Policy=policy)


def gone_by_hand(ground: Ground) -> None:
    """A vault that somebody deleted is made again, and a teardown finds none missing."""
    ground.up(stack())
    ground.plain("backup").delete_backup_vault(BackupVaultName="strict")
    ground.up(stack())
    ground.plain("backup").delete_backup_vault(BackupVaultName="strict")
    ground.down(stack())


CASES = [
    Case("backup.missing-vault", look_before, "AccessDeniedException", gone_by_hand),
    Case(
        "backup.new-principals",
        admit_a_new_role,
        "InvalidParameterValueException",
        lambda ground: ground.through(stack_with_role()),
    ),
]
