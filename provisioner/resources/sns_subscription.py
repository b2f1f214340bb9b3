"""sns.subscription: who gets a topic's messages.

A subscription by mail waits for its reader to confirm it; until then AWS does not show its
attributes, and it can't be changed or deleted and vanishes by itself after some days. An apply does
not wait for that.
API: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.target import Target
from provisioner.errors import ForeignObjectError
from provisioner.lifecycle import (
    CREATE,
    IMMUTABLE,
    SECRET,
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
    differences,
    settings_of,
)
from provisioner.lifecycle.canonical import JSON_TEXT
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Arn, unresolved

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

PENDING = ("PendingConfirmation", "pending confirmation")
DELETED = "Deleted"
TO_ARNS = frozenset({"sqs", "lambda", "firehose"})
"""Protocols whose endpoints are ARNs, which are no secrets."""
ABSENT = ("NotFound", "NotFoundException", "ResourceNotFound")
UNSEEN = frozenset({"filter_policy", "raw_message_delivery", "redrive_policy"})
"""What AWS does not show of a subscription that nobody has confirmed."""


class SnsSubscriptionSpec(Spec):
    """A subscription: topic, protocol and endpoint name it."""

    topic_arn: Annotated[Arn, IMMUTABLE, Wait.EXISTS]
    """The topic: `${alerts.arn}`."""
    protocol: Annotated[
        Literal["email", "email-json", "sqs", "lambda", "http", "https", "sms", "firehose"],
        IMMUTABLE,
    ]
    endpoint: Annotated[str, IMMUTABLE, SECRET, Wait.NAME]
    """An address, an ARN or a URL. It is treated as a secret, since a URL may carry a token."""
    filter_policy: Annotated[dict[str, Json] | None, CREATE, JSON_TEXT] = None
    """Only messages whose attributes fit are delivered."""
    raw_message_delivery: Annotated[bool, CREATE] = False
    redrive_policy: Annotated[str | None, CREATE, Wait.EXISTS] = None
    """The ARN of a queue for what can't be delivered: `${failed.arn}`."""


ATTRIBUTES = {
    "id": "topic ARN, protocol and endpoint, joined by |; of an endpoint that is no ARN its digest",
    "arn": "the subscription's ARN; missing until it is confirmed",
}


def identity(spec: SnsSubscriptionSpec, target: Target) -> str | None:
    """Topic, protocol and endpoint, none of which AWS makes."""
    del target
    if unresolved(spec.topic_arn) or unresolved(spec.endpoint):
        return f"{spec.topic_arn}|{spec.protocol}|{spec.endpoint}"
    return _id(spec.topic_arn, spec.protocol, spec.endpoint)


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One listing per topic; one call more for each that is confirmed."""
    sns = aws.client("sns")
    topics = sorted({id_.partition("|")[0] for id_ in ids})
    listed = aws.gather([partial(_subscriptions, sns, topic) for topic in topics])
    wanted = set(ids)
    return _observed(aws, [one for found in listed for one in found.values() if one.id in wanted])


def create(aws: Aws, spec: SnsSubscriptionSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Subscribe with all attributes.

    AWS may answer success for a subscription that is there with attributes of its own, and a
    subscription can't carry our tags: so what then stands must be what was sent.
    """
    del tags
    attributes = {}
    if spec.filter_policy:
        attributes["FilterPolicy"] = json.dumps(spec.filter_policy)
    if spec.raw_message_delivery:
        attributes["RawMessageDelivery"] = "true"
    if spec.redrive_policy:
        attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": spec.redrive_policy})
    sns = aws.client("sns")
    answer = sns.subscribe(
        TopicArn=spec.topic_arn,
        Protocol=spec.protocol,
        Endpoint=spec.endpoint,
        Attributes=attributes,
    )
    id_ = str(identity(spec, aws.target))
    arn = answer["SubscriptionArn"]
    made = _Listed(id_, arn, spec.topic_arn, spec.protocol, spec.endpoint)
    stands = None if made.pending else _settings(sns, made)
    if stands and differences(SnsSubscriptionSpec, settings_of(spec), Observed(stands, {})):
        raise ForeignObjectError(
            f"sns.subscription {id_}: AWS answered that it was made, but it has settings of "
            "somebody else.",
            hint="Choose another endpoint, or adopt it.",
        )
    return id_, Observed(settings_of(spec), {"id": id_} | ({} if made.pending else {"arn": arn}))


def update(aws: Aws, id_: str, spec: SnsSubscriptionSpec, changes: Changes) -> Phase:
    """One attribute per call; what is not confirmed yet takes none."""
    sns = aws.client("sns")
    known = _subscriptions(sns, spec.topic_arn).get(id_)
    if known is None or known.pending:
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
                SubscriptionArn=known.arn, AttributeName=name, AttributeValue=value
            )
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Unsubscribe; what was never confirmed vanishes by itself."""
    sns = aws.client("sns")
    known = _subscriptions(sns, id_.partition("|")[0]).get(id_)
    if known and not known.pending:
        with absent_is_success(*ABSENT):
            sns.unsubscribe(SubscriptionArn=known.arn)


def within(aws: Aws, parents: Sequence[str]) -> Mapping[str, Observed]:
    """All subscriptions of these topics."""
    sns = aws.client("sns")
    listed = aws.gather([partial(_subscriptions, sns, topic) for topic in parents])
    return _observed(aws, [one for found in listed for one in found.values()])


@dataclass(frozen=True, slots=True)
class _Listed:
    """A subscription as its topic lists it."""

    id: str
    arn: str
    topic: str
    protocol: str
    endpoint: str

    @property
    def pending(self) -> bool:
        """Nobody has confirmed it yet."""
        return self.arn in PENDING


def _id(topic: str, protocol: str, endpoint: str) -> str:
    """An address or a URL stands in it as a digest: ids are shown and recorded."""
    if protocol not in TO_ARNS:
        endpoint = "sha256:" + hashlib.sha256(endpoint.encode()).hexdigest()[:32]
    return f"{topic}|{protocol}|{endpoint}"


def _subscriptions(sns: SNSClient, topic: str) -> dict[str, _Listed]:
    """By id, of one topic; none if the topic is gone."""
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    try:
        listed = [one for page in pages for one in page["Subscriptions"]]
    except sns.exceptions.NotFoundException:
        return {}
    found = [
        _Listed(
            _id(topic, one["Protocol"], one["Endpoint"]),
            one["SubscriptionArn"],
            topic,
            one["Protocol"],
            one["Endpoint"],
        )
        for one in listed
    ]
    return {one.id: one for one in found if one.arn != DELETED}


def _observed(aws: Aws, listed: Sequence[_Listed]) -> dict[str, Observed]:
    """With the settings of each; one that went away meanwhile is left out."""
    sns = aws.client("sns")
    settings = aws.gather([partial(_settings, sns, one) for one in listed])
    return {
        one.id: Observed(
            found,
            {"id": one.id} | ({} if one.pending else {"arn": one.arn}),
            unseen=UNSEEN if one.pending else frozenset(),
        )
        for one, found in zip(listed, settings, strict=True)
        if found is not None
    }


def _settings(sns: SNSClient, one: _Listed) -> dict[str, Json] | None:
    settings: dict[str, Json] = {
        "topic_arn": one.topic,
        "protocol": one.protocol,
        "endpoint": one.endpoint,
    }
    if one.pending:
        return settings
    try:
        found = sns.get_subscription_attributes(SubscriptionArn=one.arn)["Attributes"]
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
    deletes=("sns:Unsubscribe -",),
    overwrites=True,
    parent="topic_arn",
    belongs_to="sns.topic.arn",
    within=within,
)


def ensure_sns_subscription(
    session: ClientFactory,
    spec: SnsSubscriptionSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the subscription if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
