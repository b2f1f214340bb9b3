"""What moto 5.2 leaves out of AWS Backup, filled.

- Selections, vault access policies and `UpdateBackupPlan` are missing.
- The name of a deleted plan can't be used again.
- `ListTags` without a slash behind the ARN finds nothing.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.exceptions import AlreadyExistsException, ResourceNotFoundException
from moto.backup.models import BackupBackend
from moto.backup.responses import BackupResponse

_delete_backup_plan = BackupBackend.delete_backup_plan


def _table(response: Any) -> tuple[str, dict[str, dict[str, Any]], str]:
    """The plan's id, its selections, and the selection that the path names."""
    plan_id = response.path.split("/plans/")[1].split("/")[0]
    plan = response.backup_backend.get_backup_plan(backup_plan_id=plan_id, version_id=None)
    if not hasattr(plan, "selections"):
        plan.selections = {}
    return plan_id, plan.selections, response.path.split("/selections")[1].strip("/")


def create_backup_selection(self: Any) -> str:
    """Make a selection."""
    plan_id, table, _ = _table(self)
    wanted = json.loads(self.body)["BackupSelection"]
    for known in table.values():
        if known["BackupSelection"]["SelectionName"] == wanted["SelectionName"]:
            raise AlreadyExistsException(
                f"Backup selection {wanted['SelectionName']} already exists."
            )
    key = str(uuid.uuid4())
    head = {"BackupPlanId": plan_id, "SelectionId": key, "CreationDate": time.time()}
    table[key] = {**head, "BackupSelection": wanted}
    return json.dumps(head)


def get_backup_selection(self: Any) -> str:
    """Answer one selection."""
    _, table, key = _table(self)
    if key not in table:
        raise ResourceNotFoundException(msg=f"Backup selection not found: {key}")
    return json.dumps(table[key])


def list_backup_selections(self: Any) -> str:
    """List a plan's selections."""
    _, table, _ = _table(self)
    listed = [
        {
            "BackupPlanId": one["BackupPlanId"],
            "SelectionId": one["SelectionId"],
            "CreationDate": one["CreationDate"],
            "SelectionName": one["BackupSelection"]["SelectionName"],
            "IamRoleArn": one["BackupSelection"]["IamRoleArn"],
        }
        for one in table.values()
    ]
    return json.dumps({"BackupSelectionsList": listed})


def delete_backup_selection(self: Any) -> str:
    """Delete a selection."""
    _, table, key = _table(self)
    if table.pop(key, None) is None:
        raise ResourceNotFoundException(msg=f"Backup selection not found: {key}")
    return ""


def update_backup_plan(self: Any) -> str:
    """Replace a plan's document; AWS's fill-ins are put in as when it was made."""
    plan_id = self.path.split("/plans/")[1].strip("/")
    plan = self.backup_backend.get_backup_plan(backup_plan_id=plan_id, version_id=None)
    document = json.loads(self.body)["BackupPlan"]
    for rule in document["Rules"]:
        rule.setdefault("ScheduleExpressionTimezone", "Etc/UTC")
        rule["RuleId"] = str(uuid.uuid4())
    plan.backup_plan = document
    plan.version_id = uuid.uuid4().hex
    return json.dumps(plan.to_dict())


def delete_backup_plan(self: Any, backup_plan_id: str) -> tuple[str, str, float, str]:
    """Delete a plan; another one may have its name afterwards."""
    answer: tuple[str, str, float, str] = _delete_backup_plan(self, backup_plan_id)
    plan = self.plans[backup_plan_id]
    plan.backup_plan = {**plan.backup_plan, "BackupPlanName": f"deleted {backup_plan_id}"}
    return answer


def list_tags(self: Any) -> str:
    """Answer tags with and without a slash behind the ARN."""
    arn = unquote(self.path.split("/tags/", 1)[1].rstrip("/"))
    return json.dumps({"Tags": self.backup_backend.list_tags(resource_arn=arn)})


def _vault(response: Any) -> Any:
    name = unquote(response.path.split("/backup-vaults/")[1].split("/")[0])
    return response.backup_backend.describe_backup_vault(name)


def put_backup_vault_access_policy(self: Any) -> str:
    """Set a vault's policy."""
    _vault(self).access_policy = json.loads(self.body)["Policy"]
    return ""


def get_backup_vault_access_policy(self: Any) -> str:
    """Answer a vault's policy."""
    vault = _vault(self)
    policy = getattr(vault, "access_policy", None)
    if not policy:
        raise ResourceNotFoundException(msg="The vault has no access policy.")
    name, arn = vault.backup_vault_name, vault.backup_vault_arn
    return json.dumps({"BackupVaultName": name, "BackupVaultArn": arn, "Policy": policy})


def delete_backup_vault_access_policy(self: Any) -> str:
    """Take a vault's policy away."""
    _vault(self).access_policy = None
    return ""


FUNCTIONS = (
    create_backup_selection,
    get_backup_selection,
    list_backup_selections,
    delete_backup_selection,
    update_backup_plan,
    list_tags,
    put_backup_vault_access_policy,
    get_backup_vault_access_policy,
    delete_backup_vault_access_policy,
)


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    for function in FUNCTIONS:
        setattr(BackupResponse, function.__name__, function)
    BackupBackend.delete_backup_plan = delete_backup_plan  # type: ignore[method-assign]
    urls.url_paths["{0}/backup-vaults/(?P<name>[^/]+)/access-policy$"] = urls.response.dispatch
