"""SSM's Parameter Store: rates, names that rest, one change at a time."""

from __future__ import annotations

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._rates import exceeds
from provisioner.strict.world import World

RATES = {
    "PutParameter": 3.0,
    "DeleteParameter": 3.0,
    "DeleteParameters": 3.0,
    "AddTagsToResource": 3.0,
    "DescribeParameters": 5.0,
    "GetParameter": 40.0,
    "GetParameters": 40.0,
}
"""Calls a second."""
RESTS_SECONDS = 30.0
DELETED = "ssm.deleted"
TEXT = (
    "The parameter already exists. To overwrite this value, set the overwrite option in the "
    "request to true."
)


def _refuse_too_many(world: World, call: Call) -> Answer | None:
    rate = RATES[call.operation]
    if exceeds(world, f"ssm.{call.operation}", rate, rate):
        world.refuse("ThrottlingException", "Rate exceeded")
    return None


def _note_deleted(world: World, call: Call, answer: Answer) -> None:
    for name in answer.get("DeletedParameters", [call.params.get("Name")]):
        world.note(DELETED, f"{world.region} {name}")


def _refuse_resting(world: World, call: Call) -> Answer | None:
    """Keep the name of a parameter that was deleted half a minute ago."""
    if world.age(DELETED, f"{world.region} {call.params['Name']}") < RESTS_SECONDS:
        world.refuse("ParameterAlreadyExists", TEXT)
    return None


def _refuse_parallel(world: World, call: Call) -> Answer | None:
    name = call.params["Name"]
    others = world.others(call, "ssm.PutParameter")
    if any(other.params.get("Name") == name for other in others):
        message = "There are concurrent updates for a resource that supports one update at a time."
        world.refuse("TooManyUpdates", message)
    return None


RULES = (
    Rule(
        name="ssm.rates",
        source="SSM parameter: throttling; AWS General Reference, Systems Manager endpoints and "
        "quotas",
        says="Parameters are put, deleted and tagged three times a second, and described five "
        "(ThrottlingException).",
        before={f"ssm.{operation}": _refuse_too_many for operation in RATES},
    ),
    Rule(
        name="ssm.name-rests",
        source="SSM parameter: delete; Systems Manager API Reference, DeleteParameters",
        says="The name of a deleted parameter has to rest for half a minute before it is used "
        "again (ParameterAlreadyExists).",
        before={"ssm.PutParameter": _refuse_resting},
        after={"ssm.DeleteParameter*": _note_deleted},
    ),
    Rule(
        name="ssm.one-change",
        source="SSM parameter: concurrency; Systems Manager API Reference, PutParameter",
        says="Changes of one parameter side by side are refused (TooManyUpdates).",
        before={"ssm.PutParameter": _refuse_parallel},
    ),
)
UNPLAYED = (
    Unplayed(
        "A parameter is made without Overwrite (ParameterAlreadyExists) and overwritten without "
        "tags (ValidationException); missing names are listed apart, in no error.",
        "The emulator does so by itself.",
    ),
    Unplayed(
        "A hundred versions are kept; a labelled oldest one refuses the next "
        "(ParameterMaxVersionLimitExceeded).",
        "The kind sets no labels.",
    ),
    Unplayed(
        "An image id is looked at after the answer, and the parameter shown when it is one.",
        "The kind's own test plays it.",
    ),
    Unplayed(
        "A StringList does not become another type, an Advanced parameter not Standard again.",
        "The kind refuses both before.",
    ),
)
