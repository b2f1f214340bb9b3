"""Ids of EC2's objects: new ones are not visible everywhere at once, and all must be there."""

from __future__ import annotations

from functools import partial

from provisioner.strict.rule import After, Answer, Call, Rule
from provisioner.strict.rules._ec2 import CREATES, DESCRIBES, Noun, texts
from provisioner.strict.world import World

VISIBLE_SECONDS = 3.0
NOUN_OF = "ec2.noun-of"
"""Id → what it is of."""
ROUTES = {
    "NatGatewayId": ("InvalidNatGatewayID.NotFound", "The natGateway ID '{}' does not exist"),
    "InternetGatewayId": ("InvalidGatewayID.NotFound", "The gateway ID '{}' does not exist"),
}
"""Calls about routes spell these two otherwise."""


def _note(noun: Noun, world: World, call: Call, answer: Answer) -> None:
    del call
    for id_ in noun.made_in(answer):
        world.note("ec2.created", id_)
        world.notes(NOUN_OF)[id_] = noun


def _refuse_young(world: World, call: Call) -> Answer | None:
    """Refuse a call about what was made a moment ago; ids in filters don't count."""
    given = {
        name: value for name, value in call.params.items() if name not in {"Filters", "Filter"}
    }
    for text in texts(given):
        if world.age("ec2.created", text) < VISIBLE_SECONDS:
            noun: Noun = world.notes(NOUN_OF)[text]
            if call.operation in {"CreateRoute", "ReplaceRoute"} and noun.id in ROUTES:
                code, message = ROUTES[noun.id]
                world.refuse(code, message.format(text))
            noun.missing(world, text)
    return None


def _hide_young(noun: Noun, world: World, call: Call, answer: Answer) -> None:
    del call
    answer[noun.member] = [
        item
        for item in answer[noun.member]
        if world.age("ec2.created", str(item.get(noun.id))) >= VISIBLE_SECONDS
    ]


def _refuse_unknown(noun: Noun, world: World, call: Call, answer: Answer) -> None:
    """One id that is not there fails the whole call."""
    found = {str(item.get(noun.id)) for item in answer[noun.member]}
    for id_ in call.params.get(noun.ids, ()):
        if id_ not in found:
            noun.missing(world, id_)


WATCHES: dict[str, After] = {name: partial(_note, noun) for name, noun in CREATES.items()}
RULES = (
    Rule(
        name="ec2.new-ids",
        source="EC2: eventual consistency; EC2 Developer Guide, Eventual consistency in the API",
        says="For seconds after a create the id is unknown: any call about it is refused with "
        "Invalid…ID.NotFound, and a Describe with filters leaves the object out.",
        before={"ec2.*": _refuse_young},
        after={name: partial(_hide_young, noun) for name, noun in DESCRIBES.items()},
    ),
    Rule(
        name="ec2.describe-by-ids",
        source="EC2: Describe by ids; EC2 API Reference, Common errors",
        says="A Describe by ids fails as a whole if one of them is not there.",
        after={name: partial(_refuse_unknown, noun) for name, noun in DESCRIBES.items()},
    ),
)
