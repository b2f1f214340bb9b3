"""Attributes of SQS queues: they settle slowly, and some exclude each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._policies import strangers
from provisioner.strict.rules.sqs_queues import queue_of, url_of
from provisioner.strict.world import World

SETTLE_SECONDS = 12.0
CHANGED = "sqs.attributes-changed"
BEFORE = "sqs.attributes-before"
"""Queue → its attributes before they were set last, and how often they were read since."""
MOVING = ("Approximate", "LastModified", "Created")
"""Attributes that are no settings begin so."""
REFUSALS = "sqs.policy-refusals"


def _attributes(world: World, name: str) -> dict[str, str]:
    url = url_of(world, name)
    if not url:
        return {}
    found = world.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return {
        key: value
        for key, value in found.get("Attributes", {}).items()
        if not key.startswith(MOVING)
    }


def _remember(world: World, call: Call) -> Answer | None:
    name = queue_of(call)
    world.notes(BEFORE)[name] = {"old": _attributes(world, name), "reads": 0}
    return None


def _note_changed(world: World, call: Call, answer: Answer) -> None:
    world.note(CHANGED, queue_of(call))


def _flip(world: World, call: Call, answer: Answer) -> None:
    """Show what was before in every other answer."""
    name = queue_of(call)
    known: dict[str, Any] = world.notes(BEFORE).get(name, {})
    if not known or world.age(CHANGED, name) >= SETTLE_SECONDS:
        return
    known["reads"] += 1
    if known["reads"] % 2:
        answer["Attributes"] = _as_before(answer.get("Attributes", {}), known["old"], call)


def _as_before(now: Mapping[str, str], old: Mapping[str, str], call: Call) -> dict[str, str]:
    asked = call.params.get("AttributeNames", ())
    moving = {key: value for key, value in now.items() if key.startswith(MOVING)}
    return moving | {key: value for key, value in old.items() if "All" in asked or key in asked}


def _refuse_both(world: World, call: Call) -> Answer | None:
    """Take one kind of encryption."""
    given = call.params.get("Attributes", {})
    if given.get("KmsMasterKeyId") and given.get("SqsManagedSseEnabled") == "true":
        message = (
            "You can use one type of server-side encryption (SSE) at one time. You can either "
            "enable KMS SSE or SQS SSE."
        )
        world.refuse("InvalidAttributeValue", message, modelled="InvalidAttributeValue")
    return None


def _refuse_strangers(world: World, call: Call) -> Answer | None:
    """Refuse a policy that names whom AWS does not know yet; at times as if AWS had failed."""
    if not strangers(world, call.params.get("Attributes", {}).get("Policy")):
        return None
    refusals = world.notes(REFUSALS)
    name = queue_of(call)
    refusals[name] = refusals.get(name, 0) + 1
    if refusals[name] % 3 == 1:
        world.refuse("InternalFailure", "", 500)
    message = "Invalid value for the parameter Policy."
    world.refuse("InvalidAttributeValue", message, modelled="InvalidAttributeValue")


WRITES = ("sqs.SetQueueAttributes", "sqs.CreateQueue")
RULES = (
    Rule(
        name="sqs.attributes-settle",
        source="SQS queue: attributes; SQS API Reference, SetQueueAttributes",
        says="For up to a minute after attributes were set, reads answer now the new and now the "
        "old ones.",
        before={"sqs.SetQueueAttributes": _remember},
        after={"sqs.SetQueueAttributes": _note_changed, "sqs.GetQueueAttributes": _flip},
    ),
    Rule(
        name="sqs.one-encryption",
        source="SQS queue: encryption; SQS API Reference, SetQueueAttributes",
        says="A queue is encrypted by a KMS key or by SQS's own, not by both "
        "(InvalidAttributeValue).",
        before=dict.fromkeys(WRITES, _refuse_both),
    ),
    Rule(
        name="sqs.new-principals",
        source="SQS queue: policy; IAM User Guide, Troubleshooting IAM, changes are not always "
        "immediately visible",
        says="A policy that names a role made seconds ago is refused (InvalidAttributeValue), at "
        "times with a 500 InternalFailure without a message.",
        before=dict.fromkeys(WRITES, _refuse_strangers),
    ),
)
UNPLAYED = (
    Unplayed(
        "A change of the retention takes up to a quarter of an hour.",
        "It reads back like the others, and nothing is waited for that depends on it.",
    ),
    Unplayed(
        "Numbers in a redrive policy may read back as numbers or as texts.",
        "The equivalent forms of a setting are compared in a property test.",
    ),
)
