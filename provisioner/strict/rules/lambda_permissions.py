"""Permissions on functions of Lambda: added one at a time."""

from __future__ import annotations

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._lambda import name_of
from provisioner.strict.world import World


def _refuse_parallel(world: World, call: Call) -> Answer | None:
    others = world.others(call, "lambda.*Permission")
    if any(name_of(one) == name_of(call) for one in others):
        message = "The function could not be updated due to a concurrent update operation."
        world.refuse("ResourceConflictException", message, 409)
    return None


RULES = (
    Rule(
        name="lambda.parallel-permissions",
        source="Lambda permission: AddPermission; Lambda API Reference, AddPermission",
        says="Permissions of one function that are added or removed at the same time are "
        "ResourceConflictException.",
        before={
            "lambda.AddPermission": _refuse_parallel,
            "lambda.RemovePermission": _refuse_parallel,
        },
    ),
)
UNPLAYED = (
    Unplayed(
        "A statement id that a function has already is ResourceConflictException.",
        "The embedded AWS refuses it itself; see the gaps of Lambda.",
    ),
    Unplayed(
        "Permissions that are added at the same time may be lost without a word.",
        "The refusal is played in its place: what is sent one after the other meets neither.",
    ),
)
