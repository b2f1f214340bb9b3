"""Ids of EC2's objects: new ones are not visible everywhere at once, and all must be there."""

from __future__ import annotations

from functools import partial

from provisioner.strict.rule import After, Answer, Call, Rule, Unplayed
from provisioner.strict.rules._ec2 import (
    CREATED,
    CREATES,
    DESCRIBES,
    INTERNET_GATEWAY,
    NAT_GATEWAY,
    Item,
    Noun,
    filters_of,
    texts,
)
from provisioner.strict.world import World

VISIBLE_SECONDS = 3.0
VALUES_PER_FILTER = 200
NOUN_OF = "ec2.noun-of"
"""Id → what it is of."""
IN_ROUTES = {
    NAT_GATEWAY: ("InvalidNatGatewayID.NotFound", "The natGateway ID '{}' does not exist"),
    INTERNET_GATEWAY: ("InvalidGatewayID.NotFound", "The gateway ID '{}' does not exist"),
}
"""Calls about routes spell these two otherwise."""


def _note(noun: Noun, world: World, call: Call, answer: Answer) -> None:
    for id_ in noun.made_in(answer):
        world.note(CREATED, id_)
        world.notes(NOUN_OF)[id_] = noun


def _refuse_young(world: World, call: Call) -> Answer | None:
    """Refuse a call about what was made a moment ago; ids in filters don't count."""
    filters = {"Filters", "Filter"}
    for text in texts({name: each for name, each in call.params.items() if name not in filters}):
        if world.age(CREATED, text) < VISIBLE_SECONDS:
            noun: Noun = world.notes(NOUN_OF)[text]
            if call.operation in {"CreateRoute", "ReplaceRoute"} and noun in IN_ROUTES:
                code, message = IN_ROUTES[noun]
                world.refuse(code, message.format(text))
            noun.missing(world, text)
    return None


def _hide_young(noun: Noun, world: World, call: Call, answer: Answer) -> None:
    """Leave out what is new, what a new VPC brought along, and where a new subnet belongs."""

    def known(item: Item, *ids: str) -> bool:
        return all(world.age(CREATED, str(item.get(id_))) >= VISIBLE_SECONDS for id_ in ids)

    answer[noun.member] = [item for item in answer[noun.member] if known(item, noun.id, "VpcId")]
    for item in answer[noun.member]:
        if "Associations" in item:
            item["Associations"] = [one for one in item["Associations"] if known(one, "SubnetId")]


def _refuse_unknown(noun: Noun, world: World, call: Call, answer: Answer) -> None:
    """One id that is not there fails the whole call."""
    found = {str(item.get(noun.id)) for item in answer[noun.member]}
    for id_ in call.params.get(noun.ids, ()):
        if id_ not in found:
            noun.missing(world, id_)


def _refuse_odd(noun: Noun, world: World, call: Call) -> Answer | None:
    """Refuse pages together with ids, and too long filters."""
    if call.params.get(noun.ids) and call.params.get("MaxResults"):
        message = f"The parameter {noun.ids} cannot be used with the parameter maxResults"
        world.refuse("InvalidParameterCombination", message)
    if sum(len(values) for values in filters_of(call).values()) > VALUES_PER_FILTER:
        message = "The maximum number of filter values specified on a single call is 200"
        world.refuse("FilterLimitExceeded", message)
    return None


WATCHES: dict[str, After] = {name: partial(_note, noun) for name, noun in CREATES.items()}
RULES = (
    Rule(
        name="ec2.new-ids",
        source="EC2: eventual consistency; EC2 Developer Guide, Eventual consistency in the API",
        says="For seconds after a create the id is unknown: any call about it is refused with "
        "Invalid…ID.NotFound, and a Describe with filters leaves it out, with what AWS made along.",
        before={"ec2.*": _refuse_young},
        after={name: partial(_hide_young, noun) for name, noun in DESCRIBES.items()},
    ),
    Rule(
        name="ec2.describe-by-ids",
        source="EC2: Describe by ids; EC2 API Reference, Common errors",
        says="A Describe by ids fails as a whole if one of them is not there.",
        after={name: partial(_refuse_unknown, noun) for name, noun in DESCRIBES.items()},
    ),
    Rule(
        name="ec2.describe-parameters",
        source="EC2: Describe parameters; EC2 API Reference, DescribeSubnets",
        says="A Describe takes no page size together with ids (InvalidParameterCombination), and "
        "no more than 200 filter values (FilterLimitExceeded).",
        before={name: partial(_refuse_odd, noun) for name, noun in DESCRIBES.items()},
    ),
)
UNPLAYED = (
    Unplayed(
        "Tags that are set later are found by filters some seconds after that.",
        "The tags that objects are found by go with the create call.",
    ),
    Unplayed(
        "One read shows a change and the next one does not.",
        "After its first seconds an object is read right; kinds never rely on one read of what "
        "they have just sent.",
    ),
    Unplayed(
        "Each operation has a token bucket of its own, and throttles with RequestLimitExceeded.",
        "The figures are not published; tests/faults throttles every operation.",
    ),
    Unplayed(
        "Calls without leave are refused with UnauthorizedOperation.",
        "Emulators take every caller for an administrator; the error is translated in one place.",
    ),
)
