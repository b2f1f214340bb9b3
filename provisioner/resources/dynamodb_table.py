"""dynamodb.table: a table with its indexes, restorable to any second and hard to delete.

AWS changes one thing of a table at a time, so what differs is sent one by one, each after the
table is active again.
API: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.facets import read_facets, read_present
from provisioner.aws.failures import absent_is_success, message_of, unless_absent
from provisioner.aws.tags import tag_dict, tag_list
from provisioner.aws.target import Target
from provisioner.errors import ProvisionerError
from provisioner.lifecycle import (
    COMPUTED,
    CREATE,
    IMMUTABLE,
    Changes,
    Json,
    Observed,
    Obstacle,
    Owner,
    Patience,
    Phase,
    ResourceType,
    Settings,
    Spec,
    of_stack,
)
from provisioner.lifecycle.canonical import UNORDERED
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Arn, Shape, Tags
from provisioner.quantities import counted, size
from provisioner.resources._dynamodb import index_change, observed_table, phase_of, table_request

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Name = Annotated[
    str, Shape(r"[A-Za-z0-9_.-]+", longest=255, shortest=3, says="letters, digits and _ . -")
]
ABSENT = ("ResourceNotFoundException", "ResourceNotFound", "TableNotFoundException")
SYSTEM_BACKUP_DAYS = 35


class Key(Spec):
    """The attributes that find an item."""

    partition: str
    sort: str | None = None


class Capacity(Spec):
    """Reads and writes per second, paid whether used or not."""

    read_capacity_units: Annotated[int, Field(ge=1)]
    write_capacity_units: Annotated[int, Field(ge=1)]


class Index(Spec):
    """A secondary index."""

    index_name: Name
    key: Key
    projection_type: Literal["ALL", "KEYS_ONLY", "INCLUDE"] = "ALL"
    non_key_attributes: Annotated[list[str], UNORDERED] = []
    """With INCLUDE: what is copied besides the keys."""
    provisioned_throughput: Capacity | None = None
    """Global indexes of a PROVISIONED table only."""


class DynamodbTableSpec(Spec):
    """A table."""

    table_name: Annotated[Name, IMMUTABLE]
    key: Annotated[Key, IMMUTABLE]
    attribute_types: Annotated[dict[str, Literal["S", "N", "B"]], CREATE, COMPUTED] = {}
    """Types of key attributes that are no text (S)."""
    global_secondary_indexes: Annotated[list[Index], CREATE, UNORDERED] = []
    local_secondary_indexes: Annotated[list[Index], IMMUTABLE, UNORDERED] = []
    billing_mode: Annotated[Literal["PAY_PER_REQUEST", "PROVISIONED"], CREATE] = "PAY_PER_REQUEST"
    provisioned_throughput: Annotated[Capacity | None, CREATE] = None
    """With PROVISIONED only."""
    kms_key: Annotated[Arn | None, CREATE] = None
    """The ARN of the key that encrypts it: `${data_key.arn}`. Unset: a key that AWS owns."""
    point_in_time_recovery: bool = True
    """Restorable to any second of the last 35 days."""
    ttl_attribute: str | None = None
    """The attribute that says when an item expires, in seconds since 1970."""
    stream_view_type: Annotated[
        Literal["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"] | None, CREATE
    ] = None
    table_class: Annotated[Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"], CREATE] = "STANDARD"
    deletion_protection: Annotated[bool, CREATE] = True
    """Refuse every delete. A teardown of the stack lifts it, as a step of its own."""
    tags: Tags = {}

    @model_validator(mode="after")
    def _throughput_by_mode(self) -> DynamodbTableSpec:
        if (self.billing_mode == "PROVISIONED") != (self.provisioned_throughput is not None):
            message = "provisioned_throughput belongs to billing_mode PROVISIONED, and it needs it"
            raise ValueError(message)
        return self


ATTRIBUTES = {
    "id": "the name",
    "name": "the name, as metrics carry it",
    "arn": "the ARN",
    "stream_arn": "the ARN of its stream, if it has one",
}


def identity(spec: DynamodbTableSpec, target: Target) -> str | None:
    """The name."""
    del target
    return spec.table_name


def predict(spec: DynamodbTableSpec, target: Target) -> Mapping[str, str]:
    """All but the stream's ARN."""
    return _attributes(spec.table_name, target)


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """Four calls a table; one for a table that is not there."""
    client = aws.client("dynamodb")
    others = [
        partial(_recovery, client),
        partial(_expiry, client),
        partial(_tags, client, aws.target),
    ]
    return {
        id_: _observed(aws.target, id_, found)
        for id_, found in read_present(aws, ids, partial(_table, client), others).items()
    }


def poll(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """The state alone: one call a table."""
    client = aws.client("dynamodb")
    found = read_facets(aws, ids, [partial(_table, client)])
    return {
        id_: Observed({}, {}, {}, Phase(str(one["phase"])), str(one["reason"]))
        for id_, one in found.items()
    }


def create(aws: Aws, spec: DynamodbTableSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Ask for the table with everything but recovery and expiry."""
    request = table_request(spec) | {"Tags": tag_list(tags)}
    answer = aws.client("dynamodb").create_table(**request)["TableDescription"]
    id_ = spec.table_name
    later = {"tags", "point_in_time_recovery", "ttl_attribute"}
    settings: dict[str, Json] = spec.model_dump(mode="json", exclude=later, exclude_none=True)
    settings["point_in_time_recovery"] = False
    phase, reason = phase_of({**answer})
    attributes = _attributes(id_, aws.target)
    if stream := answer.get("LatestStreamArn"):
        attributes["stream_arn"] = stream
    return id_, Observed(settings, attributes, tags, phase, reason)


def update(aws: Aws, id_: str, spec: DynamodbTableSpec, changes: Changes) -> Phase:
    """Recovery at once; of the rest the first, since AWS takes one at a time. Expiry comes last."""
    client = aws.client("dynamodb")
    if "point_in_time_recovery" in changes:
        client.update_continuous_backups(
            TableName=id_,
            PointInTimeRecoverySpecification={
                "PointInTimeRecoveryEnabled": spec.point_in_time_recovery
            },
        )
    if request := _next_change(spec, changes):
        client.update_table(**{"TableName": id_, **request})
        return Phase.PENDING
    if change := changes.get("ttl_attribute"):
        _expire(client, id_, str(change.before or ""), spec.ttl_attribute)
    return Phase.READY


def protection(settings: Settings) -> str:
    """Deletion protection."""
    return "deletion protection" if settings.get("deletion_protection") else ""


def lift(aws: Aws, id_: str) -> Phase:
    """Switch deletion protection off; the table takes some seconds to be active again."""
    client = aws.client("dynamodb")
    answer = unless_absent(partial(client.describe_table, TableName=id_), *ABSENT)
    if answer is None or not answer["Table"].get("DeletionProtectionEnabled"):
        return Phase.READY
    with absent_is_success(*ABSENT):
        client.update_table(TableName=id_, DeletionProtectionEnabled=False)
    return Phase.PENDING


def obstacles(
    aws: Aws,
    id_: str,
    settings: Settings,  # noqa: ARG001
    ids: frozenset[str],  # noqa: ARG001
) -> Sequence[Obstacle]:
    """What is in it, as AWS counts it every six hours; a table goes with its items."""
    answer = unless_absent(partial(aws.client("dynamodb").describe_table, TableName=id_), *ABSENT)
    table = answer["Table"] if answer else {}
    items = table.get("ItemCount", 0)
    if not items:
        return ()
    volume = size(table.get("TableSizeBytes", 0))
    return [Obstacle(f"{id_} holds about {counted(items, 'item')} ({volume})", blocks=False)]


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it with everything in it; refused as long as it is protected."""
    with absent_is_success(*ABSENT):
        aws.client("dynamodb").delete_table(TableName=id_)


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    client = aws.client("dynamodb")
    arn = _attributes(id_, aws.target)["arn"]
    if added:
        client.tag_resource(ResourceArn=arn, Tags=[{**tag} for tag in tag_list(added)])
    if removed:
        client.untag_resource(ResourceArn=arn, TagKeys=[*removed])


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every table; DynamoDB can't filter by tag."""
    pages = aws.client("dynamodb").get_paginator("list_tables").paginate()
    found = read(aws, [name for page in pages for name in page["TableNames"]])
    return of_stack(found, stack)


def survives(settings: Settings, now: datetime) -> str:
    """The backup that AWS makes of a restorable table."""
    if settings.get("point_in_time_recovery"):
        until = now + timedelta(days=SYSTEM_BACKUP_DAYS)
        return f"AWS keeps a system backup of it for 35 days, until {until:%Y-%m-%d}"
    return ""


def _expire(client: DynamoDBClient, name: str, before: str, after: str | None) -> None:
    """Switch expiry; to another attribute by way of none.

    Raises:
        ProvisionerError: AWS takes one change an hour, and this one has to wait.
    """
    try:
        for attribute, on in ((before, False), (after, True)):
            if attribute:
                client.update_time_to_live(
                    TableName=name,
                    TimeToLiveSpecification={"Enabled": on, "AttributeName": attribute},
                )
    except client.exceptions.ClientError as error:
        if "within a fixed interval" not in message_of(error):
            raise
        raise ProvisionerError(
            f"dynamodb.table {name}: AWS changes the expiry of items once an hour, and it was "
            "changed less than an hour ago.",
            hint="Run the same command again in an hour; until then items do not expire.",
        ) from error


def _next_change(spec: DynamodbTableSpec, changes: Changes) -> dict[str, Any] | None:
    """The UpdateTable request for the first of the changes; None if there is none."""
    for fields, request in _REQUESTS:
        if any(field in changes for field in fields):
            return request(spec, changes)
    return None


def _billing(spec: DynamodbTableSpec, changes: Changes) -> dict[str, Any]:
    """The mode, with the throughput of the table and its indexes if it has any."""
    del changes
    request: dict[str, Any] = {"BillingMode": spec.billing_mode}
    if spec.provisioned_throughput:
        whole = table_request(spec)
        request["ProvisionedThroughput"] = whole["ProvisionedThroughput"]
    return request


def _encryption(spec: DynamodbTableSpec, changes: Changes) -> dict[str, Any]:
    del changes
    key = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": spec.kms_key}
    return {"SSESpecification": key if spec.kms_key else {"Enabled": False}}


def _stream(spec: DynamodbTableSpec, changes: Changes) -> dict[str, Any]:
    """A stream of one view must end before one of another begins."""
    if changes["stream_view_type"].before or spec.stream_view_type is None:
        return {"StreamSpecification": {"StreamEnabled": False}}
    view = {"StreamEnabled": True, "StreamViewType": spec.stream_view_type}
    return {"StreamSpecification": view}


_REQUESTS: tuple[
    tuple[tuple[str, ...], Callable[[DynamodbTableSpec, Changes], dict[str, Any]]], ...
] = (
    (("billing_mode", "provisioned_throughput"), _billing),
    (("kms_key",), _encryption),
    (("table_class",), lambda spec, _: {"TableClass": spec.table_class}),
    (
        ("deletion_protection",),
        lambda spec, _: {"DeletionProtectionEnabled": spec.deletion_protection},
    ),
    (("stream_view_type",), _stream),
    (
        ("global_secondary_indexes",),
        lambda spec, changes: index_change(spec, changes["global_secondary_indexes"]),
    ),
)
"""What UpdateTable takes in one call, in the order it is sent."""


def _attributes(name: str, target: Target) -> dict[str, str]:
    return {"id": name, "name": name, "arn": target.arn("dynamodb", f"table/{name}")}


def _table(client: DynamoDBClient, name: str) -> dict[str, Json] | None:
    answer = unless_absent(partial(client.describe_table, TableName=name), *ABSENT)
    if answer is None:
        return None
    table: dict[str, Any] = {**answer["Table"]}
    phase, reason = phase_of(table)
    stream = table.get("LatestStreamArn")
    return {
        "settings": observed_table(table),
        "phase": str(phase),
        "reason": reason,
        "stream_arn": str(stream) if stream else None,
    }


def _recovery(client: DynamoDBClient, name: str) -> dict[str, Json] | None:
    answer = unless_absent(partial(client.describe_continuous_backups, TableName=name), *ABSENT)
    if answer is None:
        return None
    recovery = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    return {"point_in_time_recovery": recovery.get("PointInTimeRecoveryStatus") == "ENABLED"}


def _expiry(client: DynamoDBClient, name: str) -> dict[str, Json] | None:
    answer = unless_absent(partial(client.describe_time_to_live, TableName=name), *ABSENT)
    if answer is None:
        return None
    expiry = answer["TimeToLiveDescription"]
    on = expiry.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
    return {"ttl_attribute": expiry.get("AttributeName") if on else None}


def _tags(client: DynamoDBClient, target: Target, name: str) -> dict[str, Json] | None:
    arn = _attributes(name, target)["arn"]
    pages = client.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    tags = unless_absent(lambda: [tag for page in pages for tag in page["Tags"]], *ABSENT)
    return None if tags is None else {"tags": {**tag_dict(tags)}}


def _observed(target: Target, name: str, found: Mapping[str, Json]) -> Observed:
    table = found["settings"]
    settings: dict[str, Json] = {**table} if isinstance(table, dict) else {}
    settings["point_in_time_recovery"] = found["point_in_time_recovery"]
    settings["ttl_attribute"] = found["ttl_attribute"]
    attributes = _attributes(name, target)
    if stream := found["stream_arn"]:
        attributes["stream_arn"] = str(stream)
    tags = found["tags"]
    named = {key: str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}
    return Observed(settings, attributes, named, Phase(str(found["phase"])), str(found["reason"]))


RESOURCE = ResourceType(
    kind="dynamodb.table",
    service="dynamodb",
    spec=DynamodbTableSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    read=read,
    poll=poll,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    protection=protection,
    lift=lift,
    obstacles=obstacles,
    deletes=("dynamodb:DeleteTable",),
    lifts=("dynamodb:UpdateTable",),
    survives=survives,
    ready=Patience(every=2, typical=10, limit=1800),
    gone=Patience(every=2, typical=10, limit=900),
    holds_data=True,
    replace_first="delete",
    seconds=10,
)


def ensure_dynamodb_table(
    session: ClientFactory,
    spec: DynamodbTableSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the table if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
