"""What moto 5.2 leaves out of CloudWatch Logs, filled.

- `AssociateKmsKey` and `DisassociateKmsKey` are missing.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse


def _set_key(response: Any, key: str | None) -> ActionResult:
    name = response._get_param("logGroupName")
    group = response.logs_backend.groups.get(name)
    if group is None:
        raise ResourceNotFoundException
    group.kms_key_id = key
    return EmptyResult()


def associate_kms_key(self: Any) -> ActionResult:
    """Encrypt what is logged from now on with this key."""
    return _set_key(self, self._get_param("kmsKeyId"))


def disassociate_kms_key(self: Any) -> ActionResult:
    """Encrypt what is logged from now on with a key of AWS's own."""
    return _set_key(self, None)


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    for function in (associate_kms_key, disassociate_kms_key):
        setattr(LogsResponse, function.__name__, function)
