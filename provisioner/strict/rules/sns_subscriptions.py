"""SNS subscriptions: those that wait for their reader, and those that are gone but listed."""

from __future__ import annotations

from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.world import World

ASKED = frozenset({"email", "email-json", "http", "https"})
"""Protocols whose reader has to confirm."""
WAITS_SECONDS = 3 * 86400.0
LINGERS_SECONDS = 30.0
PENDING = "sns.pending"
"""Subscriptions that nobody has confirmed: ARN → True."""
LEAVING = "sns.leaving"
"""When a subscription was deleted: noted for its ARN."""
DELETED = "sns.deleted"
"""Deleted subscriptions as they were listed, by ARN."""


def _wait_for_reader(world: World, call: Call, answer: Answer) -> None:
    """A subscription by mail or URL is pending; its ARN is told to who asks for it."""
    arn = str(answer["SubscriptionArn"])
    if call.params["Protocol"] not in ASKED:
        return
    if arn not in world.notes(PENDING):
        world.notes(PENDING)[arn] = True
        world.later(WAITS_SECONDS, partial(_expire, world, arn))
    if world.notes(PENDING)[arn] and not call.params.get("ReturnSubscriptionArn"):
        answer["SubscriptionArn"] = "pending confirmation"


def _expire(world: World, arn: str) -> None:
    if world.notes(PENDING).get(arn):
        world.client("sns").unsubscribe(SubscriptionArn=arn)


def _confirm(world: World, call: Call) -> Answer | None:
    """Confirm the subscription whose ARN ends with the token: nobody reads the mail here."""
    arn = f"{call.params['TopicArn']}:{call.params['Token']}"
    if arn not in world.notes(PENDING):
        world.refuse("InvalidParameter", "Invalid parameter: Token")
    world.notes(PENDING)[arn] = False
    return {"SubscriptionArn": arn}


def _list_pending(world: World, call: Call, answer: Answer) -> None:
    for one in answer["Subscriptions"]:
        if world.notes(PENDING).get(one["SubscriptionArn"]):
            one["SubscriptionArn"] = "PendingConfirmation"


def _show_pending(world: World, call: Call, answer: Answer) -> None:
    if world.notes(PENDING).get(call.params["SubscriptionArn"]):
        answer["Attributes"]["PendingConfirmation"] = "true"


def _refuse_pending(world: World, call: Call) -> Answer | None:
    arn = str(call.params["SubscriptionArn"])
    parts = len(arn.split(":"))
    head = "Invalid parameter: SubscriptionArn Reason:"
    if parts < 6:
        message = f"{head} An ARN must have at least 6 elements, not {parts}"
        world.refuse("InvalidParameter", message)
    if world.notes(PENDING).get(arn) and call.operation == "Unsubscribe":
        message = f"{head} Cannot unsubscribe a subscription that is pending confirmation"
        world.refuse("InvalidParameter", message)
    return None


def _remember(world: World, call: Call) -> Answer | None:
    """Write down, as they are listed, the subscriptions that a call takes away."""
    for one in _leaving(world, call):
        arn = one["SubscriptionArn"]
        world.note(LEAVING, arn)
        world.notes(DELETED)[arn] = {**one, "SubscriptionArn": "Deleted"}
    return None


def _leaving(world: World, call: Call) -> list[dict[str, Any]]:
    sns = world.client("sns")
    try:
        if call.operation == "DeleteTopic":
            found = sns.list_subscriptions_by_topic(TopicArn=call.params["TopicArn"])
        else:
            found = sns.list_subscriptions()
    except ClientError:
        return []
    arn = call.params.get("SubscriptionArn")
    return [one for one in found["Subscriptions"] if arn in (None, one["SubscriptionArn"])]


def _list_deleted(world: World, call: Call, answer: Answer) -> None:
    topic = call.params.get("TopicArn")
    if answer.get("NextToken"):
        return
    answer["Subscriptions"] += [
        {**one}
        for arn, one in world.notes(DELETED).items()
        if world.age(LEAVING, arn) < LINGERS_SECONDS and topic in (None, one["TopicArn"])
    ]


RULES = (
    Rule(
        name="sns.pending-confirmation",
        source="SNS subscription: confirmation; SNS API Reference, Subscribe and Unsubscribe",
        says="A subscription by mail or URL is pending until its reader confirms it, within three "
        "days: Subscribe answers no ARN, lists show none, and it can't be deleted "
        "(InvalidParameter).",
        before={
            "sns.ConfirmSubscription": _confirm,
            "sns.Unsubscribe": _refuse_pending,
            "sns.*SubscriptionAttributes": _refuse_pending,
        },
        after={
            "sns.Subscribe": _wait_for_reader,
            "sns.ListSubscriptions*": _list_pending,
            "sns.GetSubscriptionAttributes": _show_pending,
        },
    ),
    Rule(
        name="sns.deleted-listed",
        source="SNS subscription: delete; SNS Developer Guide, Deleting a subscription and topic",
        says="A deleted subscription stays listed for a while; its ARN reads Deleted.",
        before={"sns.Unsubscribe": _remember, "sns.DeleteTopic": _remember},
        after={"sns.ListSubscriptions*": _list_deleted},
    ),
)
UNPLAYED = (
    Unplayed(
        "Subscribe answers the ARN of a subscription that is there with the same attributes and "
        "refuses others (InvalidParameter).",
        "The emulator does so by itself.",
    ),
    Unplayed(
        "A changed filter takes up to a quarter of an hour.",
        "It reads back at once; no message is sent in the tests.",
    ),
    Unplayed(
        "A queue or function that does not admit the topic gets nothing.",
        "AWS does not tell; the healthcare manifest's own tests look at the policies.",
    ),
)
