"""sns.topic: a topic, encrypted if a key is named, for TLS only.

CreateTopic answers success for a topic that exists, so whose it is, is looked up before, and its
tags are checked afterwards.
Services that publish to an encrypted topic need its key's leave as well: a key that does not admit
CloudWatch makes an alarm silent.
API: https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal, cast

from pydantic import model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.facets import read_present
from provisioner.aws.failures import absent_is_success
from provisioner.aws.tags import tag_dict, tag_list
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    COMPUTED,
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
    of_stack,
)
from provisioner.lifecycle.canonical import JSON_TEXT, as_policy
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import PolicyDocument, Shape, Tags, policy_text
from provisioner.resources._policies import joined, parsed, parted, refusal, without_tls

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

ABSENT = ("NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException")
PUBLISH = "sns:Publish"
OWNERS = (
    "SNS:GetTopicAttributes",
    "SNS:SetTopicAttributes",
    "SNS:AddPermission",
    "SNS:RemovePermission",
    "SNS:DeleteTopic",
    "SNS:Subscribe",
    "SNS:ListSubscriptionsByTopic",
    "SNS:Publish",
)
DEFAULT_POLICY = "__default_policy_ID"
DEFAULT_STATEMENT = "__default_statement_ID"


class SnsTopicSpec(Spec):
    """A topic. What it can be born with is sent with its creation."""

    name: Annotated[
        str, IMMUTABLE, Shape(r"[A-Za-z0-9_-]+(\.fifo)?", longest=256, says="letters, digits, - _")
    ]
    fifo_topic: Annotated[bool, IMMUTABLE] = False
    """The name ends in `.fifo` then."""
    display_name: Annotated[str | None, CREATE, Shape(longest=100)] = None
    kms_key: Annotated[str | None, CREATE, Wait.EXISTS] = None
    """The key that encrypts messages: `${alerts_key.arn}`. Unset: not encrypted at rest."""
    policy: PolicyDocument | None = None
    """Who may publish, besides the account itself."""
    tls_only: bool = True
    """Refuse publishing without TLS."""
    tracing_config: Annotated[Literal["PassThrough", "Active"] | None, CREATE, COMPUTED] = None
    delivery_policy: Annotated[dict[str, Json] | None, JSON_TEXT] = None
    tags: Tags = {}

    @model_validator(mode="after")
    def _fifo_by_name(self) -> SnsTopicSpec:
        if self.fifo_topic != self.name.endswith(".fifo"):
            message = "the name of a FIFO topic ends in .fifo, and no other name does"
            raise ValueError(message)
        return self


ATTRIBUTES = {"id": "the ARN", "arn": "the ARN", "name": "the name, as metrics carry it"}


def identity(spec: SnsTopicSpec, target: Target) -> str | None:
    """The ARN follows from the name."""
    return target.arn("sns", spec.name)


def predict(spec: SnsTopicSpec, target: Target) -> Mapping[str, str]:
    """Everything."""
    arn = target.arn("sns", spec.name)
    return {"id": arn, "arn": arn, "name": spec.name}


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """Two calls a topic, which SNS has no batch for; one for a topic that is not there."""
    sns = aws.client("sns")
    found = read_present(aws, ids, partial(_attributes, sns), [partial(_tags, sns)])
    return {arn: _observed(arn, facts) for arn, facts in found.items()}


def create(aws: Aws, spec: SnsTopicSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the topic; its policy names it and follows."""
    attributes = {}
    if spec.fifo_topic:
        attributes["FifoTopic"] = "true"
    if spec.display_name:
        attributes["DisplayName"] = spec.display_name
    if spec.kms_key:
        attributes["KmsMasterKeyId"] = spec.kms_key
    if spec.tracing_config:
        attributes["TracingConfig"] = spec.tracing_config
    arn = aws.client("sns").create_topic(
        Name=spec.name, Attributes=attributes, Tags=[{**tag} for tag in tag_list(tags)]
    )["TopicArn"]
    born = {"name", "fifo_topic", "display_name", "kms_key", "tracing_config"}
    settings: dict[str, Json] = spec.model_dump(mode="json", include=born, exclude_none=True)
    settings["tls_only"] = False
    return arn, Observed(settings, predict(spec, aws.target), tags)


def update(aws: Aws, id_: str, spec: SnsTopicSpec, changes: Changes) -> Phase:
    """One attribute per call."""
    sns = aws.client("sns")
    values = {
        "display_name": ("DisplayName", spec.display_name or ""),
        "kms_key": ("KmsMasterKeyId", spec.kms_key or ""),
        "tracing_config": ("TracingConfig", spec.tracing_config or "PassThrough"),
        "delivery_policy": (
            "DeliveryPolicy",
            json.dumps(spec.delivery_policy) if spec.delivery_policy else "",
        ),
    }
    for field, (name, value) in values.items():
        if field in changes:
            sns.set_topic_attributes(TopicArn=id_, AttributeName=name, AttributeValue=value)
    if changes.keys() & {"policy", "tls_only"}:
        text = policy_text(_policy(aws.target, id_, spec))
        sns.set_topic_attributes(TopicArn=id_, AttributeName="Policy", AttributeValue=text)
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it with its subscriptions."""
    with absent_is_success(*ABSENT):
        aws.client("sns").delete_topic(TopicArn=id_)


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    sns = aws.client("sns")
    if added:
        sns.tag_resource(ResourceArn=id_, Tags=[{**tag} for tag in tag_list(added)])
    if removed:
        sns.untag_resource(ResourceArn=id_, TagKeys=[*removed])


def tagged(aws: Aws, id_: str) -> Mapping[str, str] | None:
    """The tags alone."""
    found = _tags(aws.client("sns"), id_)
    return cast("Mapping[str, str]", found["tags"]) if found else None


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every topic; SNS can't filter by tag."""
    pages = aws.client("sns").get_paginator("list_topics").paginate()
    found = read(aws, [topic["TopicArn"] for page in pages for topic in page["Topics"]])
    return of_stack(found, stack)


def _policy(target: Target, arn: str, spec: SnsTopicSpec) -> dict[str, Json]:
    """A topic always has a policy: the default one, if nobody wants another."""
    extra = [refusal(PUBLISH, [arn])] if spec.tls_only else []
    wanted = spec.policy or _default_policy(target, arn)
    return joined(wanted, extra) or wanted


def _default_policy(target: Target, arn: str) -> dict[str, Json]:
    return {
        "Version": "2008-10-17",
        "Id": DEFAULT_POLICY,
        "Statement": [
            {
                "Sid": DEFAULT_STATEMENT,
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [*OWNERS],
                "Resource": arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": target.account}},
            }
        ],
    }


def _is_default(policy: Mapping[str, Json], account: str) -> bool:
    """Whether it says what AWS's own says, and nothing that somebody added to it."""
    document = as_policy({**policy})
    statements = document.get("Statement") if isinstance(document, dict) else None
    return policy.get("Id") == DEFAULT_POLICY and all(
        isinstance(one, dict)
        and one.get("Sid") == DEFAULT_STATEMENT
        and one.get("Condition") == {"StringEquals": {"aws:sourceowner": [account]}}
        for one in (statements if isinstance(statements, list) else [])
    )


def _attributes(sns: SNSClient, arn: str) -> dict[str, Json] | None:
    try:
        return {**sns.get_topic_attributes(TopicArn=arn)["Attributes"]}
    except sns.exceptions.NotFoundException:
        return None


def _tags(sns: SNSClient, arn: str) -> dict[str, Json] | None:
    try:
        return {"tags": {**tag_dict(sns.list_tags_for_resource(ResourceArn=arn).get("Tags"))}}
    except sns.exceptions.ResourceNotFoundException:
        return None


def _observed(arn: str, found: Mapping[str, Json]) -> Observed:
    name = arn.rpartition(":")[2]
    policy, tls_only = parted(parsed(found.get("Policy")), refusal(PUBLISH, [arn]))
    delivery = found.get("DeliveryPolicy")
    settings: dict[str, Json] = {
        "name": name,
        "fifo_topic": str(found.get("FifoTopic", "")).lower() == "true",
        "display_name": found.get("DisplayName") or None,
        "kms_key": found.get("KmsMasterKeyId") or None,
        "policy": None if policy is None or _is_default(policy, arn.split(":")[4]) else policy,
        "tls_only": tls_only,
        "tracing_config": found.get("TracingConfig"),
        "delivery_policy": json.loads(str(delivery)) if delivery else None,
    }
    tags = found.get("tags")
    named = {key: str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}
    return Observed(settings, {"id": arn, "arn": arn, "name": name}, named)


RESOURCE = ResourceType(
    kind="sns.topic",
    service="sns",
    spec=SnsTopicSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    chosen=lambda _: {"tracing_config": "PassThrough"},
    read=read,
    create=create,
    update=update,
    delete=delete,
    exposes=without_tls,
    retag=retag,
    search=search,
    deletes=("sns:DeleteTopic",),
    overwrites=True,
    tagged=tagged,
)


def ensure_sns_topic(
    session: ClientFactory, spec: SnsTopicSpec, *, owner: Owner | None = None, adopt: bool = False
) -> Result:
    """Create the topic if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
