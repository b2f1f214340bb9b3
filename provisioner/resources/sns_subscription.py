"""sns.subscription: who gets a topic's messages.

A subscription by mail waits for its reader to confirm it; until then it can't be changed or
deleted and vanishes by itself after some days. An apply does not wait for that.
API: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.target import Target
from provisioner.canonical import JSON_TEXT
from provisioner.ensure import Result, ensure
from provisioner.fields import Arn
from provisioner.lifecycle import (
    CREATE,
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

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

PENDING = ("PendingConfirmation", "pending confirmation")
DELETED = "Deleted"
ABSENT = ("NotFound", "NotFoundException", "ResourceNotFound")


class SnsSubscriptionSpec(Spec):
    """A subscription: topic, protocol and endpoint name it."""

    topic_arn: Annotated[Arn, IMMUTABLE, Wait.EXISTS]
    """The topic: `${alerts.arn}`."""
    protocol: Annotated[
        Literal["email", "email-json", "sqs", "lambda", "http", "https", "sms", "firehose"],
        IMMUTABLE,
    ]
    endpoint: Annotated[str, IMMUTABLE, Wait.NAME]
    """An address, an ARN or a URL. A URL must not carry a secret: it is recorded."""
    filter_policy: Annotated[dict[str, Json] | None, CREATE, JSON_TEXT] = None
    """Only messages whose attributes fit are delivered."""
    raw_message_delivery: Annotated[bool, CREATE] = False
    redrive_policy: Annotated[str | None, CREATE, Wait.EXISTS] = None
    """The ARN of a queue for what can't be delivered: `${failed.arn}`."""


ATTRIBUTES = {
    "id": "topic ARN, protocol and endpoint, joined by |",
    "arn": "the subscription's ARN; missing until it is confirmed",
}


def identity(spec: SnsSubscriptionSpec, target: Target) -> str | None:
    """Topic, protocol and endpoint, none of which AWS makes."""
    del target
    return "|".join((spec.topic_arn, spec.protocol, spec.endpoint))


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One listing per topic; one call more for each that is confirmed."""
    sns = aws.client("sns")
    topics = sorted({id_.partition("|")[0] for id_ in ids})
    listed = aws.gather([partial(_subscriptions, sns, topic) for topic in topics])
    arns = {
        id_: arn
        for found in listed
        for id_, arn in found.items()
        if id_ in set(ids) and arn != DELETED
    }
    settings = aws.gather([partial(_settings, sns, id_, arn) for id_, arn in arns.items()])
    return {
        id_: Observed(found, {"id": id_} | ({} if arn in PENDING else {"arn": arn}))
        for (id_, arn), found in zip(arns.items(), settings, strict=True)
        if found is not None
    }


def create(aws: Aws, spec: SnsSubscriptionSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Subscribe with all attributes."""
    del tags
    attributes = {}
    if spec.filter_policy:
        attributes["FilterPolicy"] = json.dumps(spec.filter_policy)
    if spec.raw_message_delivery:
        attributes["RawMessageDelivery"] = "true"
    if spec.redrive_policy:
        attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": spec.redrive_policy})
    answer = aws.client("sns").subscribe(
        TopicArn=spec.topic_arn,
        Protocol=spec.protocol,
        Endpoint=spec.endpoint,
        Attributes=attributes,
    )
    id_ = str(identity(spec, aws.target))
    arn = answer["SubscriptionArn"]
    named = {"id": id_} | ({} if arn in PENDING else {"arn": arn})
    settings: dict[str, Json] = spec.model_dump(mode="json", exclude_none=True)
    return id_, Observed(settings, named)


def update(aws: Aws, id_: str, spec: SnsSubscriptionSpec, changes: Changes) -> Phase:
    """One attribute per call; what is not confirmed yet takes none."""
    sns = aws.client("sns")
    arn = _subscriptions(sns, spec.topic_arn).get(id_, PENDING[0])
    if arn in PENDING:
        return Phase.READY
    redrive = {"deadLetterTargetArn": spec.redrive_policy}
    values = {
        "filter_policy": ("FilterPolicy", json.dumps(spec.filter_policy or {})),
        "raw_message_delivery": ("RawMessageDelivery", json.dumps(spec.raw_message_delivery)),
        "redrive_policy": ("RedrivePolicy", json.dumps(redrive) if spec.redrive_policy else ""),
    }
    for field, (name, value) in values.items():
        if field in changes:
            sns.set_subscription_attributes(
                SubscriptionArn=arn, AttributeName=name, AttributeValue=value
            )
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Unsubscribe; what was never confirmed vanishes by itself."""
    sns = aws.client("sns")
    arn = _subscriptions(sns, id_.partition("|")[0]).get(id_)
    if arn and arn not in PENDING and arn != DELETED:
        with absent_is_success(*ABSENT):
            sns.unsubscribe(SubscriptionArn=arn)


def _subscriptions(sns: SNSClient, topic: str) -> dict[str, str]:
    """ARNs by id, of one topic; none if the topic is gone."""
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    try:
        return {
            "|".join((topic, one["Protocol"], one["Endpoint"])): one["SubscriptionArn"]
            for page in pages
            for one in page["Subscriptions"]
        }
    except sns.exceptions.NotFoundException:
        return {}


def _settings(sns: SNSClient, id_: str, arn: str) -> dict[str, Json] | None:
    topic, protocol, endpoint = id_.split("|", 2)
    settings: dict[str, Json] = {
        "topic_arn": topic,
        "protocol": protocol,
        "endpoint": endpoint,
        "raw_message_delivery": False,
    }
    if arn in PENDING:
        return settings
    try:
        found = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    except sns.exceptions.NotFoundException:
        return None
    redrive = found.get("RedrivePolicy")
    policy = found.get("FilterPolicy")
    return settings | {
        "raw_message_delivery": found.get("RawMessageDelivery", "false").lower() == "true",
        "filter_policy": json.loads(policy) if policy else None,
        "redrive_policy": json.loads(redrive).get("deadLetterTargetArn") if redrive else None,
    }


RESOURCE = ResourceType(
    kind="sns.subscription",
    service="sns",
    spec=SnsSubscriptionSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    read=read,
    create=create,
    update=update,
    delete=delete,
)


def ensure_sns_subscription(
    session: ClientFactory,
    spec: SnsSubscriptionSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the subscription if it is missing, correct it where it differs, else do nothing.

    See `provisioner.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
