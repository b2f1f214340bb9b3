"""What moto 5.2 leaves out of CloudWatch Logs, filled.

- `AssociateKmsKey` and `DisassociateKmsKey` are missing.
- `PutLogGroupDeletionProtection` is missing; `CreateLogGroup` drops `deletionProtectionEnabled` and
  `logGroupClass`, `DescribeLogGroups` answers neither, `DeleteLogGroup` deletes a protected group.
- `PutRetentionPolicy` takes any number of days.
- `PutMetricFilter` takes a group that does not exist, and adds a filter beside one of its name;
  `DeleteLogGroup` leaves its filters and its tags.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.logs.exceptions import (
    InvalidParameterException,
    ResourceNotFoundException,
    ValidationException,
)
from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

RETENTIONS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922}
    | {3288, 3653}
)

_create_log_group = LogsResponse.create_log_group
_to_describe_dict = LogGroup.to_describe_dict
_delete_log_group = LogsBackend.delete_log_group
_put_retention_policy = LogsBackend.put_retention_policy
_put_metric_filter = LogsBackend.put_metric_filter


def _group(backend: Any, name: str) -> Any:
    group = backend.groups.get(name)
    if group is None:
        raise ResourceNotFoundException
    return group


def _set_key(response: Any, key: str | None) -> ActionResult:
    _group(response.logs_backend, response._get_param("logGroupName")).kms_key_id = key
    return EmptyResult()


def associate_kms_key(self: Any) -> ActionResult:
    """Encrypt what is logged from now on with this key."""
    return _set_key(self, self._get_param("kmsKeyId"))


def disassociate_kms_key(self: Any) -> ActionResult:
    """Encrypt what is logged from now on with a key of AWS's own."""
    return _set_key(self, None)


def put_log_group_deletion_protection(self: Any) -> ActionResult:
    """Protect the group from being deleted, or lift that."""
    name = str(self._get_param("logGroupIdentifier")).rpartition(":log-group:")[2]
    group = _group(self.logs_backend, name.removesuffix(":*"))
    group.deletion_protection_enabled = self._get_param("deletionProtectionEnabled")
    return EmptyResult()


def create_log_group(self: Any) -> str:
    """Keep class and protection."""
    answer: str = _create_log_group(self)
    group = self.logs_backend.groups[self._get_param("logGroupName")]
    group.log_group_class = self._get_param("logGroupClass")
    group.deletion_protection_enabled = self._get_param("deletionProtectionEnabled")
    return answer


def to_describe_dict(self: Any) -> dict[str, Any]:
    """Answer class and protection."""
    return {
        **_to_describe_dict(self),
        "logGroupClass": getattr(self, "log_group_class", None) or "STANDARD",
        "deletionProtectionEnabled": bool(getattr(self, "deletion_protection_enabled", False)),
    }


def delete_log_group(self: Any, log_group_name: str) -> None:
    """Refuse a protected group; the filters and the tags go with theirs."""
    if getattr(self.groups.get(log_group_name), "deletion_protection_enabled", False):
        message = "The log group has deletion protection enabled; disable it first."
        raise ValidationException(message)
    group = self.groups.get(log_group_name)
    _delete_log_group(self, log_group_name)
    self.tagger.delete_all_tags_for_resource(group.arn.removesuffix(":*"))
    for one in self.filters.get_matching_filters(log_group_name=log_group_name):
        self.filters.delete_filter(one["filterName"], log_group_name)


def put_retention_policy(self: Any, log_group_name: str, retention_in_days: str) -> None:
    """Refuse a number of days that is not one of AWS's."""
    if int(retention_in_days) not in RETENTIONS:
        raise InvalidParameterException(
            constraint=f"Member must satisfy enum value set: {sorted(RETENTIONS)}",
            parameter="retentionInDays",
            value=retention_in_days,
        )
    _put_retention_policy(self, log_group_name, retention_in_days)


def put_metric_filter(
    self: Any, filter_name: str, filter_pattern: str, log_group_name: str, *rest: Any, **named: Any
) -> None:
    """Refuse a group that does not exist; write over a filter of that name."""
    _group(self, log_group_name)
    for one in self.filters.get_matching_filters(log_group_name=log_group_name):
        if one["filterName"] == filter_name:
            self.filters.delete_filter(filter_name, log_group_name)
    _put_metric_filter(self, filter_name, filter_pattern, log_group_name, *rest, **named)


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    for answer in (
        associate_kms_key,
        disassociate_kms_key,
        put_log_group_deletion_protection,
        create_log_group,
    ):
        setattr(LogsResponse, answer.__name__, answer)
    for work in (delete_log_group, put_retention_policy, put_metric_filter):
        setattr(LogsBackend, work.__name__, work)
    LogGroup.to_describe_dict = to_describe_dict  # type: ignore[method-assign]
