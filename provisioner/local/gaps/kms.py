"""What moto 5.2 leaves out of KMS, filled.

- `EnableKeyRotation` drops `RotationPeriodInDays`, and `GetKeyRotationStatus` never answers it.
"""

from __future__ import annotations

import json
from typing import Any

from moto.kms.responses import KmsResponse

DEFAULT_PERIOD_DAYS = 365

_enable_key_rotation = KmsResponse.enable_key_rotation
_get_key_rotation_status = KmsResponse.get_key_rotation_status


def _key(response: Any) -> Any:
    backend = response.kms_backend
    return backend.keys[backend.get_key_id(response._get_param("KeyId"))]


def enable_key_rotation(self: Any) -> str:
    """Keep the period with the key."""
    answer: str = _enable_key_rotation(self)
    _key(self).rotation_period_days = self._get_param("RotationPeriodInDays") or DEFAULT_PERIOD_DAYS
    return answer


def get_key_rotation_status(self: Any) -> str:
    """Answer the period of a key that rotates."""
    status = json.loads(_get_key_rotation_status(self))
    period = getattr(_key(self), "rotation_period_days", DEFAULT_PERIOD_DAYS)
    return json.dumps(status | ({"RotationPeriodInDays": period} if any(status.values()) else {}))


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    KmsResponse.enable_key_rotation = enable_key_rotation  # type: ignore[method-assign]
    KmsResponse.get_key_rotation_status = get_key_rotation_status  # type: ignore[method-assign]
