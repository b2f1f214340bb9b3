"""sqs.queue: a queue, encrypted, for TLS only, with a place for what can't be processed.

CreateQueue answers success for a queue that exists with the same attributes, so whose it is, is
looked up before. A deleted queue answers for up to a minute, and holds its name as long.
API: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, cast

from botocore.exceptions import ClientError
from pydantic import Field, model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.facets import read_present
from provisioner.aws.failures import absent_is_success, code_of, unless_absent
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    COMPUTED,
    CREATE,
    IMMUTABLE,
    Changes,
    Json,
    Observed,
    Owner,
    Patience,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
    lags,
    of_stack,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Arn, PolicyDocument, Shape, Tags, policy_text
from provisioner.resources._policies import joined, parsed, parted, refusal, without_tls

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ABSENT = (
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.QueueDoesNotExist",
)
NUMBERS = {
    "visibility_timeout": "VisibilityTimeout",
    "message_retention_period": "MessageRetentionPeriod",
    "delay_seconds": "DelaySeconds",
    "receive_message_wait_time_seconds": "ReceiveMessageWaitTimeSeconds",
    "maximum_message_size": "MaximumMessageSize",
    "kms_data_key_reuse_period_seconds": "KmsDataKeyReusePeriodSeconds",
}
ACTIONS = "sqs:*"
UNENCRYPTED = "none"
"""What a queue shows as its key that neither a key nor SQS itself encrypts: AWS makes none such."""
VISIBLE = 30.0
"""Seconds within which a queue is found that was just made."""
AGREEING = 3
"""So many reads in a row have to find no queue: SQS answers from several places."""
LAGS = lags(60)
"""For up to a minute reads show now what was set and now what was there before."""


class Redrive(Spec):
    """Where messages go that were received too often."""

    dead_letter_target_arn: Arn
    """The dead-letter queue: `${failed.arn}`."""
    max_receive_count: Annotated[int, Field(ge=1, le=1000)] = 5


class SqsQueueSpec(Spec):
    """A queue. Its configuration is sent with its creation."""

    queue_name: Annotated[
        str, IMMUTABLE, Shape(r"[A-Za-z0-9_-]+(\.fifo)?", longest=80, says="letters, digits, - _")
    ]
    fifo_queue: Annotated[bool, IMMUTABLE] = False
    """The name ends in `.fifo` then."""
    visibility_timeout: Annotated[int, CREATE, LAGS, Field(ge=0, le=43200)] = 30
    """Seconds a received message stays hidden from others."""
    message_retention_period: Annotated[int, CREATE, LAGS, Field(ge=60, le=1209600)] = 345600
    """Seconds; 14 days (1209600) suits a dead-letter queue."""
    delay_seconds: Annotated[int, CREATE, LAGS, Field(ge=0, le=900)] = 0
    receive_message_wait_time_seconds: Annotated[int, CREATE, LAGS, Field(ge=0, le=20)] = 0
    maximum_message_size: Annotated[int | None, CREATE, COMPUTED, LAGS, Field(ge=1024)] = None
    """Bytes; unset: AWS's limit."""
    kms_key: Annotated[str | None, CREATE, LAGS, Wait.EXISTS] = None
    """The key that encrypts messages: `${data_key.arn}`. Unset: a key of SQS's own."""
    kms_data_key_reuse_period_seconds: Annotated[
        int | None, CREATE, COMPUTED, LAGS, Field(ge=60, le=86400)
    ] = None
    redrive_policy: Annotated[Redrive | None, LAGS] = None
    policy: Annotated[PolicyDocument | None, LAGS] = None
    """Who may send and receive, besides the account's own IAM policies."""
    tls_only: Annotated[bool, LAGS] = True
    """Refuse every call without TLS."""
    tags: Tags = {}

    @model_validator(mode="after")
    def _fifo_by_name(self) -> SqsQueueSpec:
        if self.fifo_queue != self.queue_name.endswith(".fifo"):
            message = "the name of a FIFO queue ends in .fifo, and no other name does"
            raise ValueError(message)
        return self


ATTRIBUTES = {
    "id": "the name",
    "url": "the queue's URL",
    "arn": "the ARN",
    "name": "the name, as metrics carry it",
}


def identity(spec: SqsQueueSpec, target: Target) -> str | None:
    """The name."""
    del target
    return spec.queue_name


def predict(spec: SqsQueueSpec, target: Target) -> Mapping[str, str]:
    """The ARN."""
    return {"arn": target.arn("sqs", spec.queue_name), "name": spec.queue_name}


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """Two calls a queue, which SQS has no batch for; one for a queue that is not there."""
    sqs = aws.client("sqs")
    found = read_present(
        aws,
        ids,
        lambda name: _attributes(sqs, _url(aws, name)),
        [lambda name: _tags(sqs, _url(aws, name))],
    )
    return {name: _observed(aws, name, facts) for name, facts in found.items()}


def create(aws: Aws, spec: SqsQueueSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the queue with everything but its policies, which name it."""
    attributes = {
        member: str(value)
        for field, member in NUMBERS.items()
        if (value := getattr(spec, field)) is not None
    }
    if spec.fifo_queue:
        attributes["FifoQueue"] = "true"
    if spec.kms_key:
        attributes["KmsMasterKeyId"] = spec.kms_key
    aws.client("sqs").create_queue(
        QueueName=spec.queue_name,
        Attributes=attributes,  # type: ignore[arg-type]
        tags=dict(tags),
    )
    wanted = {"queue_name", "fifo_queue", "kms_key", *NUMBERS}
    settings: dict[str, Json] = spec.model_dump(mode="json", include=wanted, exclude_none=True)
    settings["tls_only"] = False
    return spec.queue_name, Observed(settings, _named(aws, spec.queue_name), tags)


def update(aws: Aws, id_: str, spec: SqsQueueSpec, changes: Changes) -> Phase:
    """One call carries every change."""
    sqs = aws.client("sqs")
    attributes = {
        NUMBERS[field]: str(getattr(spec, field)) for field in changes if field in NUMBERS
    }
    if "kms_key" in changes:
        attributes["KmsMasterKeyId"] = spec.kms_key or ""
        if not spec.kms_key:
            attributes["SqsManagedSseEnabled"] = "true"
    if "redrive_policy" in changes:
        attributes["RedrivePolicy"] = _redrive(spec.redrive_policy)
    if changes.keys() & {"policy", "tls_only"}:
        extra = [refusal(ACTIONS, [aws.target.arn("sqs", id_)])] if spec.tls_only else []
        policy = joined(spec.policy, extra)
        attributes["Policy"] = policy_text(policy) if policy else ""
    url = _url(aws, id_)
    _when_seen(
        aws,
        lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes),  # type: ignore[arg-type]
    )
    return Phase.READY


def poll(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """Whether the queues are gone: no queue only if several reads in a row find none."""
    sqs = aws.client("sqs")
    return {
        id_: Observed({}, {"id": id_})
        for id_ in ids
        if any(_answers(sqs, id_) for _ in range(AGREEING))
    }


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it with the messages in it."""
    with absent_is_success(*ABSENT):
        aws.client("sqs").delete_queue(QueueUrl=_url(aws, id_))


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    sqs = aws.client("sqs")
    url = _url(aws, id_)
    if added:
        _when_seen(aws, lambda: sqs.tag_queue(QueueUrl=url, Tags=dict(added)))
    if removed:
        _when_seen(aws, lambda: sqs.untag_queue(QueueUrl=url, TagKeys=[*removed]))


def tagged(aws: Aws, id_: str) -> Mapping[str, str] | None:
    """The tags alone."""
    tags = _tags(aws.client("sqs"), _url(aws, id_))
    return cast("Mapping[str, str]", tags["tags"]) if tags else None


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every queue; SQS can't filter by tag."""
    pages = (
        aws.client("sqs").get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 1000})
    )
    names = [url.rpartition("/")[2] for page in pages for url in page.get("QueueUrls", ())]
    found = read(aws, names)
    return of_stack(found, stack)


def survives(settings: Settings, now: datetime) -> str:
    """The name."""
    del settings, now
    return "its name can't be used again for 60 seconds"


def _url(aws: Aws, name: str) -> str:
    """The URL of a queue of this account, which follows from its name.

    Its host is the client's endpoint: through an endpoint of one's own it is that one.
    """
    return f"{aws.client('sqs').meta.endpoint_url.rstrip('/')}/{aws.target.account}/{name}"


def _named(aws: Aws, name: str) -> dict[str, str]:
    arn = aws.target.arn("sqs", name)
    return {"id": name, "url": _url(aws, name), "arn": arn, "name": name}


def _answers(sqs: SQSClient, name: str) -> bool:
    """Whether SQS knows a queue of this name."""
    return unless_absent(partial(sqs.get_queue_url, QueueName=name), *ABSENT) is not None


def _when_seen(aws: Aws, write: Callable[[], object]) -> None:
    """Write to a queue that is there, even if SQS does not find it yet."""
    started = aws.clock.monotonic()
    while True:
        try:
            write()
        except ClientError as error:
            late = aws.clock.monotonic() - started >= VISIBLE
            if late or code_of(error) not in ABSENT:
                raise
            aws.clock.sleep(1)
        else:
            return


def _attributes(sqs: SQSClient, url: str) -> dict[str, Json] | None:
    try:
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    except sqs.exceptions.QueueDoesNotExist:
        return None
    return {str(name): value for name, value in answer.get("Attributes", {}).items()}


def _tags(sqs: SQSClient, url: str) -> dict[str, Json] | None:
    try:
        return {"tags": {**sqs.list_queue_tags(QueueUrl=url).get("Tags", {})}}
    except sqs.exceptions.QueueDoesNotExist:
        return None


def _observed(aws: Aws, name: str, found: Mapping[str, Json]) -> Observed:
    arn = aws.target.arn("sqs", name)
    policy, tls_only = parted(parsed(found.get("Policy")), refusal(ACTIONS, [arn]))
    settings: dict[str, Json] = {
        field: int(str(found[member])) for field, member in NUMBERS.items() if member in found
    }
    settings |= {
        "queue_name": name,
        "fifo_queue": found.get("FifoQueue") == "true",
        "kms_key": found.get("KmsMasterKeyId") or _without_key(found),
        "redrive_policy": _redrive_of(found.get("RedrivePolicy")),
        "policy": policy,
        "tls_only": tls_only,
    }
    tags = found.get("tags")
    named = {key: str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}
    return Observed(settings, _named(aws, name), named)


def _without_key(found: Mapping[str, Json]) -> str | None:
    """None is SQS's own encryption; it is on unless somebody has switched it off."""
    return UNENCRYPTED if found.get("SqsManagedSseEnabled") == "false" else None


def _redrive(redrive: Redrive | None) -> str:
    if redrive is None:
        return ""
    return json.dumps(
        {
            "deadLetterTargetArn": redrive.dead_letter_target_arn,
            "maxReceiveCount": redrive.max_receive_count,
        }
    )


def _redrive_of(text: Json) -> Json:
    if not isinstance(text, str) or not text:
        return None
    redrive = json.loads(text)
    return {
        "dead_letter_target_arn": redrive["deadLetterTargetArn"],
        "max_receive_count": int(redrive["maxReceiveCount"]),
    }


RESOURCE = ResourceType(
    kind="sqs.queue",
    service="sqs",
    spec=SqsQueueSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    chosen=lambda _: {"maximum_message_size": 1048576, "kms_data_key_reuse_period_seconds": 300},
    read=read,
    create=create,
    update=update,
    delete=delete,
    exposes=without_tls,
    retag=retag,
    search=search,
    deletes=("sqs:DeleteQueue",),
    overwrites=True,
    tagged=tagged,
    poll=poll,
    gone=Patience(every=5, typical=30, limit=180),
    survives=survives,
)


def ensure_sqs_queue(
    session: ClientFactory, spec: SqsQueueSpec, *, owner: Owner | None = None, adopt: bool = False
) -> Result:
    """Create the queue if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
