"""logs.log_group: a log group with key and retention, made before a service would make its own.

The group's key policy has to admit `logs.REGION.amazonaws.com` first.
API: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    COMPUTED,
    CREATE,
    IMMUTABLE,
    Changes,
    Extra,
    Json,
    Observed,
    Obstacle,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    of_stack,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Arn, Shape, Tags
from provisioner.quantities import size

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import CreateLogGroupRequestTypeDef, LogGroupTypeDef

ABSENT = "ResourceNotFoundException"
DELIVERY = "DELIVERY"
FILTER = "subscription filter"
Retention = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
]  # fmt: skip


class LogsLogGroupSpec(Spec):
    """A log group."""

    log_group_name: Annotated[
        str,
        IMMUTABLE,
        Shape(r"(?!aws/)[\w./#-]+", longest=512, says="letters, digits and - _ . / #"),
    ]
    retention_in_days: Retention | None = 2192
    """Days that events are kept; null keeps them for ever. Six years by default, the retention
    that 45 CFR 164.316(b)(2)(i) asks of documentation."""
    kms_key: Annotated[Arn | None, CREATE] = None
    """The ARN of the key that encrypts it: `${logs_key.arn}`. Unset: a key of AWS's own."""
    log_group_class: Annotated[
        Literal["STANDARD", "INFREQUENT_ACCESS", "ESSENTIALS", "DELIVERY"] | None,
        IMMUTABLE,
        COMPUTED,
    ] = None
    """How much can be done with the events. Unset: STANDARD. DELIVERY keeps them for a day, so
    it needs `retention_in_days: null`."""
    deletion_protection_enabled: Annotated[bool, CREATE] = False
    """AWS refuses to delete the group until this is lifted; a teardown of ours lifts it itself."""
    tags: Tags = {}

    @model_validator(mode="after")
    def _delivery_has_its_own_retention(self) -> LogsLogGroupSpec:
        if self.log_group_class == DELIVERY and self.retention_in_days is not None:
            message = (
                "a log group of class DELIVERY keeps events for a time that AWS sets; "
                "write retention_in_days: null"
            )
            raise ValueError(message)
        return self


ATTRIBUTES = {
    "id": "the name",
    "name": "the name",
    "arn": "the ARN, without the :* that stands for its streams",
    "log_stream_arn": "the ARN with :* behind it: all its streams, as policies and trails want it",
}


def identity(spec: LogsLogGroupSpec, target: Target) -> str | None:
    """The name."""
    del target
    return spec.log_group_name


def predict(spec: LogsLogGroupSpec, target: Target) -> Mapping[str, str]:
    """Everything."""
    return _attributes(spec.log_group_name, target)


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One listing per path that holds some of the names, then one call for the tags of each."""
    logs = aws.client("logs")
    listed = aws.gather([partial(_groups, logs, prefix) for prefix in _beginnings(ids)])
    wanted = set(ids)
    groups = {
        one["logGroupName"]: one
        for found in listed
        for one in found
        if one["logGroupName"] in wanted
    }
    return _with_tags(aws, groups)


def create(aws: Aws, spec: LogsLogGroupSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the group with its key; retention follows."""
    request: CreateLogGroupRequestTypeDef = {
        "logGroupName": spec.log_group_name,
        "tags": dict(tags),
    }
    if spec.kms_key:
        request["kmsKeyId"] = spec.kms_key
    if spec.log_group_class:
        request["logGroupClass"] = spec.log_group_class  # type: ignore[typeddict-item]
    if spec.deletion_protection_enabled:
        request["deletionProtectionEnabled"] = True
    aws.client("logs").create_log_group(**request)
    settings: dict[str, Json] = {
        "log_group_name": spec.log_group_name,
        "kms_key": spec.kms_key,
        "log_group_class": spec.log_group_class,
        "deletion_protection_enabled": spec.deletion_protection_enabled,
    }
    return spec.log_group_name, Observed(settings, predict(spec, aws.target), tags)


def update(aws: Aws, id_: str, spec: LogsLogGroupSpec, changes: Changes) -> Phase:
    """One call each for the key, the retention, the protection."""
    logs = aws.client("logs")
    if "kms_key" in changes:
        if spec.kms_key:
            logs.associate_kms_key(logGroupName=id_, kmsKeyId=spec.kms_key)
        else:
            logs.disassociate_kms_key(logGroupName=id_)
    if "retention_in_days" in changes:
        if spec.retention_in_days:
            logs.put_retention_policy(logGroupName=id_, retentionInDays=spec.retention_in_days)
        else:
            logs.delete_retention_policy(logGroupName=id_)
    if "deletion_protection_enabled" in changes:
        logs.put_log_group_deletion_protection(
            logGroupIdentifier=id_, deletionProtectionEnabled=spec.deletion_protection_enabled
        )
    return Phase.READY


def protection(settings: Settings) -> str:
    """Deletion protection."""
    return "deletion protection" if settings.get("deletion_protection_enabled") else ""


def lift(aws: Aws, id_: str) -> Phase:
    """Switch deletion protection off."""
    with absent_is_success(ABSENT):
        aws.client("logs").put_log_group_deletion_protection(
            logGroupIdentifier=id_, deletionProtectionEnabled=False
        )
    return Phase.READY


def obstacles(
    aws: Aws,
    id_: str,
    settings: Settings,  # noqa: ARG001
    ids: frozenset[str],  # noqa: ARG001
) -> Sequence[Obstacle]:
    """How much is logged in it; a group goes with its events."""
    stored = sum(
        group.get("storedBytes", 0)
        for group in _groups(aws.client("logs"), id_)
        if group["logGroupName"] == id_
    )
    return [Obstacle(f"{id_} holds {size(stored)} of logs", blocks=False)] if stored else ()


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it with everything logged in it; refused as long as it is protected."""
    with absent_is_success(ABSENT):
        aws.client("logs").delete_log_group(logGroupName=id_)


def returns(id_: str, settings: Settings) -> Sequence[tuple[str, str]]:  # noqa: ARG001
    """Itself: what a service still has to log makes the group anew, without key and retention."""
    return [("logs.log_group", id_)]


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    logs = aws.client("logs")
    arn = _attributes(id_, aws.target)["arn"]
    if added:
        logs.tag_resource(resourceArn=arn, tags=dict(added))
    if removed:
        logs.untag_resource(resourceArn=arn, tagKeys=[*removed])


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every group; CloudWatch Logs can't filter by tag."""
    groups = {group["logGroupName"]: group for group in _groups(aws.client("logs"), "")}
    return of_stack(_with_tags(aws, groups), stack)


def _attributes(name: str, target: Target) -> dict[str, str]:
    arn = target.arn("logs", f"log-group:{name}")
    return {"id": name, "name": name, "arn": arn, "log_stream_arn": f"{arn}:*"}


def _beginnings(names: Sequence[str]) -> list[str]:
    """What the names in each path begin with; so far apart, one beginning would list them all."""
    paths = groupby(sorted(names), key=lambda name: name.rpartition("/")[0] or name)
    return [_beginning([*held]) for _, held in paths]


def _beginning(names: Sequence[str]) -> str:
    """The longest text that all names, which are sorted, begin with."""
    first, last = names[0], names[-1]
    same = [a == b for a, b in zip(first, last, strict=False)]
    return first[: same.index(False)] if False in same else first[: len(same)]


def _with_tags(aws: Aws, groups: Mapping[str, LogGroupTypeDef]) -> dict[str, Observed]:
    """The groups with their tags, read side by side."""
    logs = aws.client("logs")
    arns = [_attributes(name, aws.target)["arn"] for name in groups]
    tags = aws.gather([partial(_tags, logs, arn) for arn in arns])
    return {
        name: _observed(aws.target, group, tagged)
        for (name, group), tagged in zip(groups.items(), tags, strict=True)
        if tagged is not None
    }


def _groups(logs: CloudWatchLogsClient, prefix: str) -> list[LogGroupTypeDef]:
    paginator = logs.get_paginator("describe_log_groups")
    pages = paginator.paginate(logGroupNamePrefix=prefix) if prefix else paginator.paginate()
    return [group for page in pages for group in page["logGroups"]]


def _tags(logs: CloudWatchLogsClient, arn: str) -> dict[str, str] | None:
    try:
        return dict(logs.list_tags_for_resource(resourceArn=arn).get("tags", {}))
    except logs.exceptions.ResourceNotFoundException:
        return None


def _observed(target: Target, group: LogGroupTypeDef, tags: Mapping[str, str]) -> Observed:
    kind = group.get("logGroupClass")
    settings: dict[str, Json] = {
        "log_group_name": group["logGroupName"],
        "retention_in_days": None if kind == DELIVERY else group.get("retentionInDays"),
        "kms_key": group.get("kmsKeyId"),
        "log_group_class": kind,
        "deletion_protection_enabled": bool(group.get("deletionProtectionEnabled")),
    }
    return Observed(settings, _attributes(group["logGroupName"], target), tags)


def extras(
    aws: Aws,
    applied: Mapping[str, Settings],
    ids: frozenset[str],
) -> Mapping[str, Sequence[Extra]]:
    """Who gets a copy of what is logged; one call a group."""
    del ids
    logs = aws.client("logs")
    told = aws.gather([partial(_subscribed, logs, name) for name in applied])
    return dict(zip(applied, told, strict=True))


def remove_extra(aws: Aws, id_: str, extra: Extra) -> None:
    """Delete the filter."""
    with absent_is_success("ResourceNotFoundException"):
        aws.client("logs").delete_subscription_filter(logGroupName=id_, filterName=extra.id)


def _subscribed(logs: CloudWatchLogsClient, name: str) -> list[Extra]:
    pages = logs.get_paginator("describe_subscription_filters").paginate(logGroupName=name)
    return [
        Extra(FILTER, one["filterName"], f"to {one['destinationArn']}")
        for page in pages
        for one in page["subscriptionFilters"]
    ]


RESOURCE = ResourceType(
    kind="logs.log_group",
    service="logs",
    spec=LogsLogGroupSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    chosen=lambda _: {"log_group_class": "STANDARD"},
    read=read,
    create=create,
    update=update,
    delete=delete,
    extras=extras,
    remove_extra=remove_extra,
    retag=retag,
    search=search,
    protection=protection,
    lift=lift,
    obstacles=obstacles,
    returns=returns,
    deletes=("logs:DeleteLogGroup -",),
    lifts=("logs:PutLogGroupDeletionProtection -",),
)


def ensure_logs_log_group(
    session: ClientFactory,
    spec: LogsLogGroupSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the log group if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
