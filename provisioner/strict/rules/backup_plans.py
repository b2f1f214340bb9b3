"""Plans and selections of AWS Backup: tokens, names, roles, and what lags."""

from __future__ import annotations

import copy
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._policies import may
from provisioner.strict.world import World

VISIBLE_SECONDS = 4.0
LAG_SECONDS = 6.0
"""So long a plan counts as having the selection that was deleted."""
TOKENS = "backup.tokens"
"""Operation and token → the answer of the first call."""
CREATED = "backup.selection-created"
LET_GO = "backup.selection-deleted"
NAMES = "backup.plan-names"
"""Plan → the name it was given, where the emulator has it under another."""
INVALID = "InvalidParameterValueException"
SERVICE = "backup.amazonaws.com"
TESTS = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike")


def _again(world: World, call: Call) -> Answer | None:
    """Answer what the first call with this token made."""
    known = world.notes(TOKENS).get(_key(call))
    return copy.deepcopy(known) if known else None


def _remember(world: World, call: Call, answer: Answer) -> None:
    if call.params.get("CreatorRequestId"):
        kept = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
        world.notes(TOKENS).setdefault(_key(call), copy.deepcopy(kept))


def _key(call: Call) -> str:
    return f"{call.region} {call} {call.params.get('CreatorRequestId')}"


def _plans(world: World) -> dict[str, dict[str, Any]]:
    """The documents of all plans, under the names they were given."""
    client = world.client("backup")
    found = {}
    for page in client.get_paginator("list_backup_plans").paginate():
        for plan in page["BackupPlansList"]:
            id_ = plan["BackupPlanId"]
            document = client.get_backup_plan(BackupPlanId=id_)["BackupPlan"]
            found[id_] = {**document, "BackupPlanName": _name(world, id_, document)}
    return found


def _name(world: World, id_: str, holder: dict[str, Any]) -> str:
    return str(world.notes(NAMES).get(id_, holder["BackupPlanName"]))


def _take_name(world: World, call: Call) -> Answer | None:
    """Take a name that another plan has, unless the plans are the same altogether."""
    wanted = call.params["BackupPlan"]
    others = [
        plan
        for plan in _plans(world).values()
        if plan["BackupPlanName"] == wanted["BackupPlanName"]
    ]
    if any(_includes(plan, wanted) for plan in others):
        message = "Backup plan with the same plan document already exists"
        world.refuse("AlreadyExistsException", message)
    if others:
        other_name = f"{wanted['BackupPlanName']}.{len(world.notes(NAMES)) + 1}"
        call.params["BackupPlan"] = {**wanted, "BackupPlanName": other_name}
        world.notes(NAMES)["next"] = wanted["BackupPlanName"]
    return None


def _includes(there: Any, wanted: Any) -> bool:
    """Whether a plan says everything that another one says; AWS fills in the rest."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(
            _includes(there.get(name), item) for name, item in wanted.items()
        )
    if isinstance(wanted, list):
        return len(there) == len(wanted) and all(
            _includes(one, other) for one, other in zip(there, wanted, strict=True)
        )
    return bool(there == wanted)


def _note_name(world: World, call: Call, answer: Answer) -> None:
    if name := world.notes(NAMES).pop("next", None):
        world.notes(NAMES)[answer["BackupPlanId"]] = name


def _show_name(world: World, call: Call, answer: Answer) -> None:
    plan = answer["BackupPlan"]
    plan["BackupPlanName"] = _name(world, call.params["BackupPlanId"], plan)


def _show_names(world: World, call: Call, answer: Answer) -> None:
    for plan in answer["BackupPlansList"]:
        plan["BackupPlanName"] = _name(world, plan["BackupPlanId"], plan)


def _forget_name(world: World, call: Call) -> Answer | None:
    """A plan that is changed has the name that the new version says."""
    world.notes(NAMES).pop(call.params["BackupPlanId"], None)
    return None


def _refuse_role(world: World, call: Call) -> Answer | None:
    """Refuse a role that Backup can't take on by now, or that may not look for tagged things."""
    selection = call.params["BackupSelection"]
    role = selection["IamRoleArn"]
    if not world.can_assume(SERVICE, role):
        world.refuse(INVALID, f"IAM Role {role} cannot be assumed by AWS Backup")
    if not may(world, role, "tag:GetResources"):
        world.refuse(INVALID, f"IAM Role {role} is not authorized to call tag:GetResources")
    return None


def _selections(world: World, plan: str) -> list[dict[str, Any]]:
    client = world.client("backup")
    try:
        listed = client.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    except ClientError:
        return []
    return [*listed]


def _note_created(world: World, call: Call, answer: Answer) -> None:
    world.note(CREATED, answer["SelectionId"])


def _refuse_new(world: World, call: Call) -> Answer | None:
    if world.age(CREATED, call.params["SelectionId"]) < VISIBLE_SECONDS:
        message = f"Backup selection not found: {call.params['SelectionId']}"
        world.refuse("ResourceNotFoundException", message, 404)
    return None


def _hide_new(world: World, call: Call, answer: Answer) -> None:
    answer["BackupSelectionsList"] = [
        one
        for one in answer["BackupSelectionsList"]
        if world.age(CREATED, one["SelectionId"]) >= VISIBLE_SECONDS
    ]


def _note_let_go(world: World, call: Call, answer: Answer) -> None:
    world.note(LET_GO, call.params["BackupPlanId"])


def _refuse_selecting(world: World, call: Call) -> Answer | None:
    """Keep a plan that has selections, or had one a moment ago."""
    plan = call.params["BackupPlanId"]
    if _selections(world, plan) or world.age(LET_GO, plan) < LAG_SECONDS:
        message = "Related backup plan selections must be deleted prior to backup plan deletion"
        world.refuse("InvalidRequestException", message)
    return None


def _fill_in(world: World, call: Call, answer: Answer) -> None:
    """Answer empty lists where nothing was sent."""
    selection = answer["BackupSelection"]
    for member in ("Resources", "NotResources", "ListOfTags"):
        selection.setdefault(member, [])
    given = selection.get("Conditions", {})
    selection["Conditions"] = {test: given.get(test, []) for test in TESTS}


CREATES = ("backup.CreateBackupVault", "backup.CreateBackupPlan", "backup.CreateBackupSelection")
RULES = (
    Rule(
        name="backup.tokens",
        source="Backup vault, plan, selection: CreatorRequestId; AWS Backup API Reference, "
        "CreateBackupPlan",
        says="A create with a CreatorRequestId that was used before answers what that made.",
        before=dict.fromkeys(CREATES, _again),
        after=dict.fromkeys(CREATES, _remember),
    ),
    Rule(
        name="backup.plan-names",
        source="Backup plan: name; AWS Backup API Reference, CreateBackupPlan",
        says="Several plans may have one name; only the same plan altogether is refused "
        "(AlreadyExistsException).",
        before={"backup.CreateBackupPlan": _take_name, "backup.UpdateBackupPlan": _forget_name},
        after={
            "backup.CreateBackupPlan": _note_name,
            "backup.GetBackupPlan": _show_name,
            "backup.ListBackupPlans": _show_names,
        },
    ),
    Rule(
        name="backup.selection-role",
        source="Backup selection: role; AWS Backup Developer Guide, IAM service roles",
        says="A role that was made seconds ago, or may not do its work by now, is refused "
        "(InvalidParameterValueException, cannot be assumed, is not authorized to call).",
        before={"backup.CreateBackupSelection": _refuse_role},
    ),
    Rule(
        name="backup.new-selections",
        source="Backup selection: create; AWS Backup API Reference, GetBackupSelection",
        says="A selection is unknown (ResourceNotFoundException) and unlisted for some seconds "
        "after it was made.",
        before={
            "backup.GetBackupSelection": _refuse_new,
            "backup.DeleteBackupSelection": _refuse_new,
        },
        after={
            "backup.CreateBackupSelection": _note_created,
            "backup.ListBackupSelections": _hide_new,
        },
    ),
    Rule(
        name="backup.plan-selections",
        source="Backup plan: delete; AWS Backup API Reference, DeleteBackupPlan",
        says="A plan can't be deleted while it has selections, nor for some seconds after the last "
        "one is gone (InvalidRequestException).",
        before={"backup.DeleteBackupPlan": _refuse_selecting},
        after={"backup.DeleteBackupSelection": _note_let_go},
    ),
    Rule(
        name="backup.empty-lists",
        source="Backup selection: read; AWS Backup API Reference, GetBackupSelection",
        says="A selection reads back with empty lists, of conditions, too, where nothing was sent.",
        after={"backup.GetBackupSelection": _fill_in},
    ),
)
UNPLAYED = (
    Unplayed(
        "A plan reads back with windows, a time zone and ids of its rules filled in, and a deleted "
        "one with the date of its deletion.",
        "The emulator does so by itself.",
    ),
    Unplayed(
        "What goes cold is kept for 90 days (InvalidParameterValueException).",
        "The kind refuses it before.",
    ),
    Unplayed(
        "A selection by tag passes over kinds of resource that the region has not opted in.",
        "It is a setting of the account, which the library never changes.",
    ),
)
