"""Client tokens: a create that is sent again makes nothing new."""

from __future__ import annotations

import copy
from typing import Any

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.world import World

TOKENS = "ec2.client-tokens"
"""Operation and token → the parameters and the answer of the first call."""
CREATES = (
    "ec2.CreateNatGateway",
    "ec2.CreateRouteTable",
    "ec2.CreateVpcEndpoint",
    "ec2.CreateFlowLogs",
    "ec2.CreateNetworkInterface",
)


def _again(world: World, call: Call) -> Answer | None:
    """Answer the first call's result to a second one, unless it asks for something else."""
    key = _key(call)
    known = world.notes(TOKENS).get(key) if key else None
    if known is None:
        return None
    params, answer = known
    if params != call.given:
        message = (
            f"The client token {call.params['ClientToken']} was used before with other parameters."
        )
        world.refuse("IdempotentParameterMismatch", message)
    again: Answer = copy.deepcopy(answer)
    return again


def _remember(world: World, call: Call, answer: Answer) -> None:
    key = _key(call)
    if key and key not in world.notes(TOKENS):
        kept: dict[str, Any] = {
            name: copy.deepcopy(value)
            for name, value in answer.items()
            if name != "ResponseMetadata"
        }
        world.notes(TOKENS)[key] = (copy.deepcopy(call.given), kept)


def _key(call: Call) -> str:
    token = call.params.get("ClientToken")
    return f"{call.region} {call} {token}" if token else ""


RULES = (
    Rule(
        name="ec2.client-tokens",
        source="EC2: client tokens; EC2 Developer Guide, Ensuring idempotency",
        says="A create with a client token that was used before answers what that made, or "
        "IdempotentParameterMismatch if it asks for something else.",
        before=dict.fromkeys(CREATES, _again),
        after=dict.fromkeys(CREATES, _remember),
    ),
)
UNPLAYED = (
    Unplayed(
        "A token is forgotten after a day or so.",
        "No figure is documented; the kinds make a new one for each intent.",
    ),
)
