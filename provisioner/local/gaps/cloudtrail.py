"""What moto 5.2 gets wrong in CloudTrail, filled.

- `CreateTrail` makes a trail anew that is there already.
- `DeleteTrail` by ARN deletes nothing.
- `UpdateTrail` does not clear what an empty text is sent for.
"""

from __future__ import annotations

from typing import Any

from moto.cloudtrail.exceptions import TrailNotFoundException
from moto.cloudtrail.models import CloudTrailBackend, Trail
from moto.core.exceptions import JsonRESTError

_create_trail = CloudTrailBackend.create_trail
_description = Trail.description


def create_trail(self: Any, name: str, *args: Any, **named: Any) -> Trail:
    """Refuse a name that is taken."""
    if name in self.trails:
        message = f"Trail {name} already exists for customer: {self.account_id}"
        raise JsonRESTError("TrailAlreadyExistsException", message)
    return _create_trail(self, name, *args, **named)


def delete_trail(self: Any, name: str) -> None:
    """Delete by name or ARN; AWS says so when there is none."""
    trail = self.get_trail(name)
    if trail.trail_name not in self.trails:
        raise TrailNotFoundException(account_id=self.account_id, name=name)
    del self.trails[trail.trail_name]


def description(self: Any, include_region: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002
    """Leave out what is empty."""
    answer: dict[str, Any] = _description(self, include_region)
    return {name: value for name, value in answer.items() if value not in ("", None)}


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    CloudTrailBackend.create_trail = create_trail  # type: ignore[method-assign]
    CloudTrailBackend.delete_trail = delete_trail  # type: ignore[method-assign]
    Trail.description = description  # type: ignore[method-assign]
