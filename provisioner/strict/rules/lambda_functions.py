"""Functions of Lambda: they come, change and go in their own time, one update after the other."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import After, Answer, Call, Rule, Unplayed
from provisioner.strict.rules._lambda import (
    CREATED,
    DELETED,
    DELETING_SECONDS,
    PENDING_SECONDS,
    UPDATED,
    UPDATING_SECONDS,
    VPC_PENDING_SECONDS,
    VPC_UPDATING_SECONDS,
    arn,
    configuration,
    in_vpc,
    name_of,
    which,
)
from provisioner.strict.rules._rates import exceeds
from provisioner.strict.world import World

VISIBLE_SECONDS = 2.0
UNTOLD = (
    "State",
    "StateReason",
    "StateReasonCode",
    "LastUpdateStatus",
    "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode",
    "RuntimeVersionConfig",
)
"""Members that ListFunctions leaves out."""
CHANGES = (
    "lambda.UpdateFunctionCode",
    "lambda.UpdateFunctionConfiguration",
    "lambda.PublishVersion",
)
NOT_NOW = "The operation cannot be performed at this time. "
LATECOMERS = (
    "lambda.AddPermission",
    "lambda.TagResource",
    "lambda.PutFunctionConcurrency",
    "lambda.CreateAlias",
    "lambda.CreateEventSourceMapping",
)
"""Calls about a function that may not know it yet."""


def _note_created(world: World, call: Call, answer: Answer) -> None:
    made = which(world, name_of(call))
    for what in (UPDATED, DELETED):
        world.forget(what, made)
    world.note(CREATED, made)


def _note_updated(world: World, call: Call, answer: Answer) -> None:
    world.note(UPDATED, which(world, name_of(call)))


def _pending(world: World, config: dict[str, Any]) -> bool:
    seconds = VPC_PENDING_SECONDS if in_vpc(config) else PENDING_SECONDS
    return world.age(CREATED, which(world, str(config["FunctionName"]))) < seconds


def _updating(world: World, config: dict[str, Any]) -> bool:
    seconds = VPC_UPDATING_SECONDS if in_vpc(config) else UPDATING_SECONDS
    return world.age(UPDATED, which(world, str(config["FunctionName"]))) < seconds


def _show_state(world: World, call: Call, answer: Answer) -> None:
    config = answer.get("Configuration", answer)
    if "FunctionName" not in config:
        return
    if _pending(world, config):
        config["State"], config["LastUpdateStatus"] = "Pending", "InProgress"
        config["StateReason"] = "The function is being created."
        config["StateReasonCode"] = "Creating"
    elif _updating(world, config):
        config["LastUpdateStatus"] = "InProgress"
        config["LastUpdateStatusReason"] = "The function is being created."
        config["LastUpdateStatusReasonCode"] = "Creating"


def _refuse_unsettled(world: World, call: Call) -> Answer | None:
    """A function takes an update when it is settled."""
    config = configuration(world, name_of(call))
    if config and _pending(world, config):
        message = f"{NOT_NOW}The function is currently in the following state: Pending"
        world.refuse("ResourceConflictException", message, 409)
    if config and _updating(world, config):
        message = f"{NOT_NOW}An update is in progress for resource: {config['FunctionArn']}"
        world.refuse("ResourceConflictException", message, 409)
    return None


def _delete(world: World, call: Call) -> Answer | None:
    """Answer that it is being deleted, and delete it when its time has come."""
    name = name_of(call)
    config = configuration(world, name)
    if not config or call.params.get("Qualifier"):
        return None
    if _updating(world, config):
        _refuse_unsettled(world, call)
    if world.age(DELETED, which(world, name)) >= DELETING_SECONDS:
        world.note(DELETED, which(world, name))
        world.later(DELETING_SECONDS, partial(_end, world, name))
    return {"StatusCode": 204}


def _end(world: World, name: str) -> None:
    with suppress(ClientError):  # somebody was faster
        world.client("lambda").delete_function(FunctionName=name)


def _show_deleting(world: World, call: Call, answer: Answer) -> None:
    config = answer.get("Configuration", answer)
    name = str(config.get("FunctionName", ""))
    if world.age(DELETED, which(world, name)) < DELETING_SECONDS:
        config["State"], config["StateReason"] = "Deleting", "The function is being deleted."


def _refuse_deleting(world: World, call: Call) -> Answer | None:
    if world.age(DELETED, which(world, name_of(call))) < DELETING_SECONDS:
        message = f"{NOT_NOW}The function is currently in the following state: Deleting"
        world.refuse("ResourceConflictException", message, 409)
    return None


def _leave_states_out(world: World, call: Call, answer: Answer) -> None:
    for config in answer["Functions"]:
        for member in UNTOLD:
            config.pop(member, None)


def _refuse_young(world: World, call: Call) -> Answer | None:
    """Not everybody knows a function that was made a moment ago."""
    name = name_of(call) or str(call.params.get("Resource", "")).rpartition(":")[2]
    if world.age(CREATED, which(world, name)) < VISIBLE_SECONDS:
        message = f"Function not found: {arn(world, name)}"
        world.refuse("ResourceNotFoundException", message, 404)
    return None


def _refuse_too_many(world: World, call: Call) -> Answer | None:
    reads = call.operation == "GetFunction"
    name, per_second = (str(call), 100.0) if reads else ("lambda", 15.0)
    if exceeds(world, name, per_second, per_second):
        world.refuse("TooManyRequestsException", "Rate exceeded", 429)
    return None


def _refuse_reserved(world: World, call: Call) -> Answer | None:
    """A new account has ten executions in all, and keeps them unreserved."""
    if call.params["ReservedConcurrentExecutions"] > 0:
        message = (
            "Specified ReservedConcurrentExecutions for function decreases account's "
            "UnreservedConcurrentExecution below its minimum value of [10]."
        )
        world.refuse("InvalidParameterValueException", message)
    return None


TELLING = ("lambda.GetFunction", "lambda.GetFunctionConfiguration")
ANSWERING = ("lambda.CreateFunction", "lambda.UpdateFunctionC*")
WATCHES: dict[str, After] = {
    "lambda.CreateFunction": _note_created,
    "lambda.UpdateFunctionC*": _note_updated,
}
RULES = (
    Rule(
        name="lambda.function-states",
        source="Lambda function: states; Lambda Developer Guide, Lambda function states",
        says="A function is Pending for seconds, in a VPC for a minute, after it was made, and "
        "its update InProgress; until that is over every further update is "
        "ResourceConflictException.",
        before={**dict.fromkeys(CHANGES, _refuse_unsettled)},
        after=dict.fromkeys((*TELLING, *ANSWERING), _show_state),
    ),
    Rule(
        name="lambda.deleting",
        source="Lambda function: delete; Lambda API Reference, DeleteFunction",
        says="A function that is deleted is still there for seconds, Deleting, takes no change, "
        "and holds its name; one that is being updated can't be deleted.",
        before={"lambda.DeleteFunction": _delete, **dict.fromkeys(CHANGES, _refuse_deleting)},
        after=dict.fromkeys(TELLING, _show_deleting),
    ),
    Rule(
        name="lambda.listed-without-state",
        source="Lambda function: ListFunctions; Lambda API Reference, ListFunctions",
        says="ListFunctions leaves out State, LastUpdateStatus and their reasons.",
        after={"lambda.ListFunctions": _leave_states_out},
    ),
    Rule(
        name="lambda.new-functions",
        source="Lambda function: after create; Lambda API Reference, AddPermission",
        says="For seconds after a function was made it is not there for permissions, tags and "
        "reservations (ResourceNotFoundException).",
        before=dict.fromkeys(LATECOMERS, _refuse_young),
    ),
    Rule(
        name="lambda.rate",
        source="Lambda: API requests; Lambda Developer Guide, Lambda quotas",
        says="Calls are taken at 15 a second, GetFunction at 100; more are "
        "TooManyRequestsException.",
        before={"lambda.*": _refuse_too_many},
    ),
    Rule(
        name="lambda.new-account",
        source="Lambda function: reserved concurrency; Lambda Developer Guide, Lambda quotas",
        says="A new account has so few executions at once that any reservation is "
        "InvalidParameterValueException.",
        before={"lambda.PutFunctionConcurrency": _refuse_reserved},
    ),
)
UNPLAYED = (
    Unplayed(
        "A function that can't be made ends as Failed, with the reason's code.",
        "The kind's tests play it; nothing of a stack makes AWS do so by itself.",
    ),
    Unplayed(
        "An idle function becomes Inactive after weeks.",
        "It concerns its next invocation alone.",
    ),
    Unplayed(
        "Code of 75 GB in all, environments of 4 KB, 5 layers, deprecated runtimes are refused.",
        "They are quotas; the errors are told as they are.",
    ),
    Unplayed(
        "A function that CloudFront replicates can't be deleted for hours.",
        "No kind makes one at an edge.",
    ),
)
