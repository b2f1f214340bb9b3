"""backup.selection: what a plan backs up, by ARN or by tag.

Selecting by tag passes over kinds of resource that the region's settings of AWS Backup have not
opted in; ARNs do not.
API: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupSelection.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success, unless_absent
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    IMMUTABLE,
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
)
from provisioner.lifecycle.canonical import UNORDERED
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Arn, Shape

if TYPE_CHECKING:
    from mypy_boto3_backup import BackupClient

ABSENT = ("ResourceNotFoundException", "InvalidParameterValueException")


class TagCondition(Spec):
    """Whatever carries this tag."""

    key: str
    value: str


class BackupSelectionSpec(Spec):
    """A selection; plan and name name it."""

    backup_plan_id: Annotated[str, IMMUTABLE, Wait.EXISTS]
    """The plan: `${daily.id}`."""
    selection_name: Annotated[
        str, IMMUTABLE, Shape(r"[A-Za-z0-9_.-]{1,50}", says="letters, digits and - _ .")
    ]
    iam_role_arn: Annotated[Arn, IMMUTABLE]
    """The role that makes the backups: `${backup_role.arn}`."""
    resources: Annotated[list[Arn], IMMUTABLE, UNORDERED, Wait.NAME] = []
    """ARNs, with * if need be."""
    list_of_tags: Annotated[list[TagCondition], IMMUTABLE, UNORDERED] = []
    """What carries any of these tags is selected."""

    @model_validator(mode="after")
    def _selects_something(self) -> BackupSelectionSpec:
        if not (self.resources or self.list_of_tags):
            message = "a selection needs resources or list_of_tags"
            raise ValueError(message)
        return self


ATTRIBUTES = {"id": "plan id and name, joined by |"}


def identity(spec: BackupSelectionSpec, target: Target) -> str | None:
    """Plan and name; AWS's own id of it is looked up where it is needed."""
    del target
    return f"{spec.backup_plan_id}|{spec.selection_name}"


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One listing per plan, one call for each found."""
    client = aws.client("backup")
    plans = sorted({id_.partition("|")[0] for id_ in ids})
    listed = aws.gather([partial(_selections, client, plan) for plan in plans])
    wanted = set(ids)
    keys = [
        (f"{plan}|{name}", plan, key)
        for plan, found in zip(plans, listed, strict=True)
        for name, key in found.items()
        if f"{plan}|{name}" in wanted
    ]
    bodies = aws.gather([partial(_selection, client, plan, key) for _, plan, key in keys])
    return {
        id_: _observed(id_, body)
        for (id_, _, _), body in zip(keys, bodies, strict=True)
        if body is not None
    }


def create(aws: Aws, spec: BackupSelectionSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the selection."""
    del tags
    selection: dict[str, Any] = {
        "SelectionName": spec.selection_name,
        "IamRoleArn": spec.iam_role_arn,
    }
    if spec.resources:
        selection["Resources"] = spec.resources
    if spec.list_of_tags:
        selection["ListOfTags"] = [
            {"ConditionType": "STRINGEQUALS", "ConditionKey": tag.key, "ConditionValue": tag.value}
            for tag in spec.list_of_tags
        ]
    request: Any = {"BackupPlanId": spec.backup_plan_id, "BackupSelection": selection}
    aws.client("backup").create_backup_selection(**request)
    id_ = str(identity(spec, aws.target))
    settings: dict[str, Json] = spec.model_dump(mode="json", exclude_none=True)
    return id_, Observed(settings, {"id": id_})


def update(aws: Aws, id_: str, spec: BackupSelectionSpec, changes: Changes) -> Phase:
    """Nothing of a selection can be changed."""
    del aws, id_, spec, changes
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it; what was backed up stays."""
    client = aws.client("backup")
    plan, _, name = id_.partition("|")
    if key := _selections(client, plan).get(name):
        with absent_is_success(*ABSENT):
            client.delete_backup_selection(BackupPlanId=plan, SelectionId=key)


def within(aws: Aws, parents: Sequence[str]) -> Mapping[str, Observed]:
    """All selections of these plans."""
    client = aws.client("backup")
    listed = aws.gather([partial(_selections, client, plan) for plan in parents])
    names = zip(parents, listed, strict=True)
    return read(aws, [f"{plan}|{name}" for plan, found in names for name in found])


def _selections(client: BackupClient, plan: str) -> dict[str, str]:
    """AWS's ids by name; none if the plan is gone."""
    pages = client.get_paginator("list_backup_selections").paginate(BackupPlanId=plan)
    found = unless_absent(
        lambda: [one for page in pages for one in page["BackupSelectionsList"]], *ABSENT
    )
    return {one["SelectionName"]: one["SelectionId"] for one in found or ()}


def _selection(client: BackupClient, plan: str, key: str) -> dict[str, Any] | None:
    call = partial(client.get_backup_selection, BackupPlanId=plan, SelectionId=key)
    answer = unless_absent(call, *ABSENT)
    return {**answer["BackupSelection"]} if answer else None


def _observed(id_: str, selection: Mapping[str, Any]) -> Observed:
    tags: list[Json] = [
        {"key": str(tag["ConditionKey"]), "value": str(tag["ConditionValue"])}
        for tag in selection.get("ListOfTags", ())
    ]
    settings: dict[str, Json] = {
        "backup_plan_id": id_.partition("|")[0],
        "selection_name": selection["SelectionName"],
        "iam_role_arn": selection["IamRoleArn"],
        "resources": [*selection.get("Resources", ())],
        "list_of_tags": tags,
    }
    return Observed(settings, {"id": id_})


RESOURCE = ResourceType(
    kind="backup.selection",
    service="backup",
    spec=BackupSelectionSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    read=read,
    create=create,
    update=update,
    delete=delete,
    deletes=("backup:DeleteBackupSelection -",),
    parent="backup_plan_id",
    belongs_to="backup.plan.id",
    within=within,
    replace_first="delete",
)


def ensure_backup_selection(
    session: ClientFactory,
    spec: BackupSelectionSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the selection if it is missing, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
