"""What moto 5.2 leaves out of AWS Backup's recovery points, filled.

- There are none: `StartBackupJob` and all calls on points are missing. Here a job makes a complete
  point at once, of no size, and a point is deleted at once.
- `DeleteBackupVault` deletes a vault that holds points.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.exceptions import InvalidRequestException, ResourceNotFoundException
from moto.backup.models import BackupBackend
from moto.backup.responses import BackupResponse

_delete_backup_vault = BackupBackend.delete_backup_vault


def points_of(vault: Any) -> dict[str, dict[str, Any]]:
    """A vault's points by ARN."""
    if not hasattr(vault, "points"):
        vault.points = {}
    points: dict[str, dict[str, Any]] = vault.points
    return points


def _place(response: Any) -> tuple[dict[str, dict[str, Any]], str]:
    """The points of the vault in the path, and the ARN of the one that it names."""
    rest = response.path.split("/backup-vaults/")[1]
    vault = response.backup_backend.describe_backup_vault(unquote(rest.split("/")[0]))
    arn = unquote(rest.partition("/recovery-points")[2].strip("/"))
    return points_of(vault), arn.removesuffix("/disassociate")


def start_backup_job(self: Any) -> str:
    """Make a point of a resource."""
    asked = json.loads(self.body)
    vault = self.backup_backend.describe_backup_vault(asked["BackupVaultName"])
    account, region = vault.backup_vault_arn.split(":")[4], vault.backup_vault_arn.split(":")[3]
    arn = f"arn:aws:backup:{region}:{account}:recovery-point:{uuid.uuid4()}"
    points_of(vault)[arn] = {
        "RecoveryPointArn": arn,
        "BackupVaultName": asked["BackupVaultName"],
        "BackupVaultArn": vault.backup_vault_arn,
        "ResourceArn": asked["ResourceArn"],
        "ResourceType": asked["ResourceArn"].split(":")[2],
        "IamRoleArn": asked["IamRoleArn"],
        "Status": "COMPLETED",
        "CreationDate": time.time(),
        "BackupSizeInBytes": 0,
    }
    head = {"BackupJobId": str(uuid.uuid4()), "RecoveryPointArn": arn}
    return json.dumps({**head, "CreationDate": time.time()})


def list_recovery_points_by_backup_vault(self: Any) -> str:
    """List a vault's points."""
    points, _ = _place(self)
    return json.dumps({"RecoveryPoints": [*points.values()]})


def describe_recovery_point(self: Any) -> str:
    """Answer one point."""
    points, arn = _place(self)
    if arn not in points:
        raise ResourceNotFoundException(msg=f"Recovery point not found: {arn}")
    return json.dumps(points[arn])


def delete_recovery_point(self: Any) -> str:
    """Delete one point."""
    points, arn = _place(self)
    if points.pop(arn, None) is None:
        raise ResourceNotFoundException(msg=f"Recovery point not found: {arn}")
    return ""


def disassociate_recovery_point(self: Any) -> str:
    """End a continuous backup; its point stays."""
    points, arn = _place(self)
    points[arn]["Status"] = "STOPPED"
    return ""


def delete_backup_vault(self: Any, backup_vault_name: str) -> None:
    """Refuse as long as there are points in it."""
    vault = self.vaults.get(backup_vault_name)
    if vault and points_of(vault):
        raise InvalidRequestException(
            "Backup vault cannot be deleted because it contains recovery points."
        )
    _delete_backup_vault(self, backup_vault_name)


FUNCTIONS = (
    start_backup_job,
    list_recovery_points_by_backup_vault,
    describe_recovery_point,
    delete_recovery_point,
    disassociate_recovery_point,
)


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    for function in FUNCTIONS:
        setattr(BackupResponse, function.__name__, function)
    BackupBackend.delete_backup_vault = delete_backup_vault  # type: ignore[method-assign]
    vaults = "{0}/backup-vaults/(?P<name>[^/]+)/recovery-points"
    listed, one = f"{vaults}/$", f"{vaults}/(?P<point>[^/].*)$"  # a server takes the slash exactly
    for path in (listed, one, "{0}/backup-jobs/?$"):
        urls.url_paths[path] = urls.response.dispatch
