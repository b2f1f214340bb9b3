"""backup.plan: when backups are made, and how long they are kept.

API: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupPlan.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success, unless_absent
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    CREATE,
    TOKEN_TAG,
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
    of_stack,
)
from provisioner.lifecycle.canonical import UNORDERED
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Shape, Tags

if TYPE_CHECKING:
    from mypy_boto3_backup import BackupClient

COLD_DAYS = 90
"""AWS keeps what has gone cold for at least so long."""
MEMBERS = {
    "rule_name": "RuleName",
    "target_backup_vault_name": "TargetBackupVaultName",
    "schedule_expression": "ScheduleExpression",
    "start_window_minutes": "StartWindowMinutes",
    "completion_window_minutes": "CompletionWindowMinutes",
    "enable_continuous_backup": "EnableContinuousBackup",
}


class Rule(Spec):
    """One schedule."""

    rule_name: Annotated[str, Shape(r"[A-Za-z0-9_.-]{1,50}", says="letters, digits and - _ .")]
    target_backup_vault_name: str
    """The vault: `${vault.name}`."""
    schedule_expression: str = "cron(0 5 ? * * *)"
    """In UTC; every day at five by default."""
    start_window_minutes: Annotated[int, Field(ge=60)] = 60
    completion_window_minutes: Annotated[int, Field(ge=120)] = 180
    delete_after_days: Annotated[int, Field(ge=1)]
    """How long a backup is kept."""
    move_to_cold_storage_after_days: Annotated[int | None, Field(ge=1)] = None
    enable_continuous_backup: bool = False

    @model_validator(mode="after")
    def _stays_cold_long_enough(self) -> Rule:
        cold = self.move_to_cold_storage_after_days
        if cold is not None and self.delete_after_days < cold + COLD_DAYS:
            message = f"what goes cold after {cold} days is kept for at least {cold + COLD_DAYS}"
            raise ValueError(message)
        return self


class BackupPlanSpec(Spec):
    """A backup plan."""

    backup_plan_name: Annotated[
        str, CREATE, Shape(r"[A-Za-z0-9_.-]{1,50}", says="letters, digits and - _ .")
    ]
    rules: Annotated[list[Rule], CREATE, UNORDERED, Field(min_length=1), Wait.EXISTS]
    tags: Tags = {}


ATTRIBUTES = {"id": "the plan id", "arn": "the ARN"}


def identity(spec: BackupPlanSpec, target: Target) -> str | None:
    """AWS makes the id; names need not be unique."""
    del spec, target
    return None


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """Two calls a plan, side by side."""
    client = aws.client("backup")
    plans = aws.gather([partial(_plan, client, id_) for id_ in ids])
    found = {id_: plan for id_, plan in zip(ids, plans, strict=True) if plan is not None}
    tags = aws.gather([partial(_tags, client, _arn(aws.target, id_)) for id_ in found])
    return {
        id_: replace(_observed(aws.target, id_, plan), tags=tagged)
        for (id_, plan), tagged in zip(found.items(), tags, strict=True)
    }


def create(aws: Aws, spec: BackupPlanSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the plan; the token makes a second call answer the same one."""
    request: dict[str, Any] = {"BackupPlan": _request(spec), "BackupPlanTags": dict(tags)}
    if token := tags.get(TOKEN_TAG):
        request["CreatorRequestId"] = token
    id_ = str(aws.client("backup").create_backup_plan(**request)["BackupPlanId"])
    settings: dict[str, Json] = spec.model_dump(mode="json", exclude={"tags"}, exclude_none=True)
    return id_, Observed(settings, {"id": id_, "arn": _arn(aws.target, id_)}, tags)


def update(aws: Aws, id_: str, spec: BackupPlanSpec, changes: Changes) -> Phase:
    """A new version replaces the whole plan."""
    if changes:
        request: Any = _request(spec)
        aws.client("backup").update_backup_plan(BackupPlanId=id_, BackupPlan=request)
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it; its selections have to be gone."""
    with absent_is_success("ResourceNotFoundException"):
        aws.client("backup").delete_backup_plan(BackupPlanId=id_)


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    client = aws.client("backup")
    if added:
        client.tag_resource(ResourceArn=_arn(aws.target, id_), Tags=dict(added))
    if removed:
        client.untag_resource(ResourceArn=_arn(aws.target, id_), TagKeyList=[*removed])


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every plan; AWS Backup can't filter by tag."""
    pages = aws.client("backup").get_paginator("list_backup_plans").paginate()
    found = read(aws, [plan["BackupPlanId"] for page in pages for plan in page["BackupPlansList"]])
    return of_stack(found, stack)


def _arn(target: Target, id_: str) -> str:
    return target.arn("backup", f"backup-plan:{id_}")


def _request(spec: BackupPlanSpec) -> dict[str, Any]:
    return {"BackupPlanName": spec.backup_plan_name, "Rules": [_sent(rule) for rule in spec.rules]}


def _sent(rule: Rule) -> dict[str, Any]:
    lifecycle = {"DeleteAfterDays": rule.delete_after_days}
    if rule.move_to_cold_storage_after_days is not None:
        lifecycle["MoveToColdStorageAfterDays"] = rule.move_to_cold_storage_after_days
    members = {member: getattr(rule, field) for field, member in MEMBERS.items()}
    return {**members, "Lifecycle": lifecycle}


def _plan(client: BackupClient, id_: str) -> dict[str, Any] | None:
    """The plan's document; a deleted plan is answered with its date of deletion."""
    call = partial(client.get_backup_plan, BackupPlanId=id_)
    answer = unless_absent(call, "ResourceNotFoundException")
    if answer is None or answer.get("DeletionDate"):
        return None
    return {**answer["BackupPlan"]}


def _tags(client: BackupClient, arn: str) -> dict[str, str]:
    return dict(client.list_tags(ResourceArn=arn).get("Tags", {}))


def _observed(target: Target, id_: str, plan: Mapping[str, Any]) -> Observed:
    settings: dict[str, Json] = {
        "backup_plan_name": plan["BackupPlanName"],
        "rules": [_rule(rule) for rule in plan["Rules"]],
    }
    return Observed(settings, {"id": id_, "arn": _arn(target, id_)})


def _rule(rule: Mapping[str, Any]) -> dict[str, Json]:
    lifecycle = rule.get("Lifecycle", {})
    return {
        **{field: rule.get(member) for field, member in MEMBERS.items()},
        "enable_continuous_backup": bool(rule.get("EnableContinuousBackup")),
        "delete_after_days": lifecycle.get("DeleteAfterDays"),
        "move_to_cold_storage_after_days": lifecycle.get("MoveToColdStorageAfterDays"),
    }


RESOURCE = ResourceType(
    kind="backup.plan",
    service="backup",
    spec=BackupPlanSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    deletes=("backup:DeleteBackupPlan",),
)


def ensure_backup_plan(
    session: ClientFactory,
    spec: BackupPlanSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the plan if it is missing, correct it where it differs, else do nothing.

    Without an owner it is found again by its `Name` tag. See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
