"""A table between our fields and DynamoDB's: keys, attribute definitions, indexes, states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from provisioner.lifecycle import Difference, Json, Phase
from provisioner.lifecycle.canonical import without_empties


def table_request(spec: Any) -> dict[str, Any]:
    """The members of CreateTable, tags excepted."""
    request: dict[str, Any] = {
        "TableName": spec.table_name,
        "KeySchema": _schema(spec.key),
        "AttributeDefinitions": _definitions(spec),
        "BillingMode": spec.billing_mode,
        "TableClass": spec.table_class,
        "DeletionProtectionEnabled": spec.deletion_protection,
    }
    if spec.provisioned_throughput:
        request["ProvisionedThroughput"] = _throughput(spec.provisioned_throughput)
    if spec.global_secondary_indexes:
        request["GlobalSecondaryIndexes"] = [_index(i) for i in spec.global_secondary_indexes]
    if spec.local_secondary_indexes:
        request["LocalSecondaryIndexes"] = [_index(i) for i in spec.local_secondary_indexes]
    if spec.kms_key:
        key = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": spec.kms_key}
        request["SSESpecification"] = key
    if spec.stream_view_type:
        view = {"StreamEnabled": True, "StreamViewType": spec.stream_view_type}
        request["StreamSpecification"] = view
    return request


def index_change(spec: Any, change: Difference) -> dict[str, Any]:
    """One index taken away or, if none has to go, one added; AWS takes one at a time."""
    before, after = _by_name(change.before), _by_name(change.after)
    for name, index in before.items():
        if after.get(name) != index:
            return {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}
    name = next(name for name in after if name not in before)
    wanted = next(one for one in spec.global_secondary_indexes if one.index_name == name)
    standing = [one for one in spec.global_secondary_indexes if one.index_name in {*before, name}]
    return {
        "AttributeDefinitions": _definitions(spec, standing),
        "GlobalSecondaryIndexUpdates": [{"Create": _index(wanted)}],
    }


def observed_table(table: Mapping[str, Any]) -> dict[str, Json]:
    """What DescribeTable says, in the spec's terms."""
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    encryption = table.get("SSEDescription", {})
    encrypted = encryption.get("Status") in {"ENABLED", "ENABLING", "UPDATING"}
    stream = table.get("StreamSpecification", {})
    mode = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    capacity = _capacity(table.get("ProvisionedThroughput")) if mode == "PROVISIONED" else None
    return {
        "table_name": str(table["TableName"]),
        "key": _key(table["KeySchema"]),
        "attribute_types": {name: kind for name, kind in types.items() if kind != "S"},
        "global_secondary_indexes": [_seen(i) for i in table.get("GlobalSecondaryIndexes", ())],
        "local_secondary_indexes": [_seen(i) for i in table.get("LocalSecondaryIndexes", ())],
        "billing_mode": mode,
        "provisioned_throughput": capacity,
        "kms_key": encryption.get("KMSMasterKeyArn") if encrypted else None,
        "stream_view_type": stream.get("StreamViewType") if stream.get("StreamEnabled") else None,
        "table_class": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        "deletion_protection": bool(table.get("DeletionProtectionEnabled")),
    }


def phase_of(table: Mapping[str, Any]) -> tuple[Phase, str]:
    """The table's state, and that of its indexes and encryption."""
    state = str(table.get("TableStatus", "ACTIVE"))
    if state == "DELETING":
        return Phase.LEAVING, state
    if state == "INACCESSIBLE_ENCRYPTION_CREDENTIALS":
        return Phase.FAILED, "its key can't be used"
    if state != "ACTIVE":
        return Phase.PENDING, state
    for index in table.get("GlobalSecondaryIndexes", ()):
        if index.get("IndexStatus", "ACTIVE") != "ACTIVE":
            return Phase.PENDING, f"index {index['IndexName']} is {index['IndexStatus']}"
    if table.get("SSEDescription", {}).get("Status") == "UPDATING":
        return Phase.PENDING, "encryption is changing"
    return Phase.READY, ""


def _schema(key: Any) -> list[dict[str, str]]:
    schema = [{"AttributeName": key.partition, "KeyType": "HASH"}]
    return schema + ([{"AttributeName": key.sort, "KeyType": "RANGE"}] if key.sort else [])


def _definitions(spec: Any, indexes: Iterable[Any] | None = None) -> list[dict[str, str]]:
    """Exactly the attributes that keys use: AWS takes no more and no fewer."""
    standing = spec.global_secondary_indexes if indexes is None else indexes
    keys = [spec.key, *(one.key for one in (*standing, *spec.local_secondary_indexes))]
    names = {name for key in keys for name in (key.partition, key.sort) if name}
    return [
        {"AttributeName": name, "AttributeType": spec.attribute_types.get(name, "S")}
        for name in sorted(names)
    ]


def _throughput(capacity: Any) -> dict[str, int]:
    return {
        "ReadCapacityUnits": capacity.read_capacity_units,
        "WriteCapacityUnits": capacity.write_capacity_units,
    }


def _index(index: Any) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index.projection_type}
    if index.non_key_attributes:
        projection["NonKeyAttributes"] = index.non_key_attributes
    request = {
        "IndexName": index.index_name,
        "KeySchema": _schema(index.key),
        "Projection": projection,
    }
    if index.provisioned_throughput:
        request["ProvisionedThroughput"] = _throughput(index.provisioned_throughput)
    return request


def _seen(index: Mapping[str, Any]) -> dict[str, Json]:
    projection = index.get("Projection", {})
    return {
        "index_name": str(index["IndexName"]),
        "key": _key(index["KeySchema"]),
        "projection_type": projection.get("ProjectionType", "ALL"),
        "non_key_attributes": sorted(projection.get("NonKeyAttributes", ())),
        "provisioned_throughput": _capacity(index.get("ProvisionedThroughput")),
    }


def _key(schema: Iterable[Mapping[str, str]]) -> dict[str, Json]:
    names = {one["KeyType"]: one["AttributeName"] for one in schema}
    return {"partition": names["HASH"], "sort": names.get("RANGE")}


def _capacity(throughput: Mapping[str, Any] | None) -> dict[str, Json] | None:
    """On-demand tables answer zeros."""
    reads = int((throughput or {}).get("ReadCapacityUnits", 0))
    writes = int((throughput or {}).get("WriteCapacityUnits", 0))
    if not (reads or writes):
        return None
    return {"read_capacity_units": reads, "write_capacity_units": writes}


def _by_name(value: Json) -> dict[str, Json]:
    listed = value if isinstance(value, list) else []
    return {
        str(index["index_name"]): without_empties(index)
        for index in listed
        if isinstance(index, dict)
    }
