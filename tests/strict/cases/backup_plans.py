"""Plans and selections of AWS Backup."""

from __future__ import annotations

from contextlib import suppress

from tests.strict.case import Case, Client, Ground
from tests.strict.cases._backup import ACTIONS, TABLE, document, plan, select, stack, vault
from tests.strict.cases._roles import make_role


def one_token_for_all(client: Client) -> None:
    """Make two plans with one token."""
    backup = vault(client)
    first = backup.create_backup_plan(BackupPlan=document("one"), CreatorRequestId="mine")
    second = backup.create_backup_plan(BackupPlan=document("two"), CreatorRequestId="mine")
    assert first["BackupPlanId"] != second["BackupPlanId"]


def made_or_there(client: Client) -> None:
    """Take a plan's name for its identity."""
    backup, _ = plan(client)
    with suppress(backup.exceptions.AlreadyExistsException):
        backup.create_backup_plan(BackupPlan=document(StartWindowMinutes=120))
    assert len(backup.list_backup_plans()["BackupPlansList"]) == 1


def role_at_once(client: Client) -> None:
    """Use a role that was made a moment ago."""
    backup, id_ = plan(client)
    role = make_role(client, "backup", *ACTIONS)
    selection = {"SelectionName": "strict", "IamRoleArn": role, "Resources": [TABLE]}
    backup.create_backup_selection(BackupPlanId=id_, BackupSelection=selection)


def read_back(client: Client) -> None:
    """Read a selection that was made a moment ago."""
    backup, plan_id, id_ = select(client)
    backup.get_backup_selection(BackupPlanId=plan_id, SelectionId=id_)


def delete_at_once(client: Client) -> None:
    """Delete a plan as soon as its selection was."""
    backup, plan_id, id_ = select(client)
    backup.delete_backup_selection(BackupPlanId=plan_id, SelectionId=id_)
    backup.delete_backup_plan(BackupPlanId=plan_id)


def compare(client: Client) -> None:
    """Compare a selection with what was sent."""
    backup, plan_id, id_ = select(client)
    found = backup.get_backup_selection(BackupPlanId=plan_id, SelectionId=id_)["BackupSelection"]
    assert {*found} == {"SelectionName", "IamRoleArn", "Resources"}


def beside_another(ground: Ground) -> None:
    """A plan of that name, made by somebody else, is left alone."""
    vault(ground.plain)
    backup = ground.plain("backup")
    made = backup.create_backup_plan(BackupPlan=document(StartWindowMinutes=120))
    backup.delete_backup_vault(BackupVaultName="strict")
    ground.up(stack("one"))
    ground.take_down(stack("one"))
    left = backup.get_backup_plan(BackupPlanId=made["BackupPlanId"])
    assert "DeletionDate" not in left
    assert left["BackupPlan"]["Rules"][0]["StartWindowMinutes"] == 120
    backup.delete_backup_plan(BackupPlanId=made["BackupPlanId"])


CASES = [
    Case(
        "backup.tokens",
        one_token_for_all,
        "",
        lambda ground: ground.through(stack("one"), stack("one", days=90)),
    ),
    Case("backup.plan-names", made_or_there, "", beside_another),
    Case(
        "backup.selection-role",
        role_at_once,
        "InvalidParameterValueException",
        lambda ground: ground.through(stack("one", "two")),
    ),
    Case(
        "backup.new-selections",
        read_back,
        "ResourceNotFoundException",
        lambda ground: ground.through(stack("one"), stack("one", "two"), stack("two")),
    ),
    Case(
        "backup.plan-selections",
        delete_at_once,
        "InvalidRequestException",
        lambda ground: ground.through(stack("one", "two")),
    ),
    Case("backup.empty-lists", compare, "", lambda ground: ground.through(stack("one"))),
]
