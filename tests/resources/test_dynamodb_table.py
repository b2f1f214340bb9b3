"""dynamodb.table: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3
import pytest

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.resources.dynamodb_table import (
    RESOURCE,
    DynamodbTableSpec,
    ensure_dynamodb_table,
)
from tests.contract.case import Case


def _index(name: str, partition: str) -> dict[str, Json]:
    return {"index_name": name, "key": {"partition": partition, "sort": "when"}}


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {
        "table_name": "contract",
        "key": {"partition": "pk", "sort": "sk"},
        "attribute_types": {"when": "N"},
        "global_secondary_indexes": [_index("by-date", "day")],
        "tags": {"Name": "contract"},
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    return id_ in session.client("dynamodb").list_tables()["TableNames"]


def _key(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    return {"kms_key": session.client("kms").create_key()["KeyMetadata"]["Arn"]}


CASE = Case(
    kind="dynamodb.table",
    settings=_settings,
    alive=_alive,
    changes={
        "table_name": {"table_name": "other"},
        "key": {"key": {"partition": "id"}},
        "global_secondary_indexes": {"global_secondary_indexes": [_index("by-ward", "ward")]},
        "local_secondary_indexes": {
            "local_secondary_indexes": [
                {"index_name": "by-size", "key": {"partition": "pk", "sort": "size"}}
            ]
        },
        "billing_mode": {
            "billing_mode": "PROVISIONED",
            "provisioned_throughput": {"read_capacity_units": 5, "write_capacity_units": 5},
            "global_secondary_indexes": [
                {
                    **_index("by-date", "day"),
                    "provisioned_throughput": {
                        "read_capacity_units": 5,
                        "write_capacity_units": 5,
                    },
                }
            ],
        },
        "kms_key": {},
        "point_in_time_recovery": {"point_in_time_recovery": False},
        "ttl_attribute": {"ttl_attribute": "expires"},
        "stream_view_type": {"stream_view_type": "NEW_IMAGE"},
        "table_class": {"table_class": "STANDARD_INFREQUENT_ACCESS"},
        "deletion_protection": {"deletion_protection": False},
    },
    prepare={"kms_key": _key},
    exempt={"attribute_types": "belong to the keys; AWS compares nothing else"},
)


def test_it_is_restorable_and_protected_unless_it_says_otherwise(session: boto3.Session) -> None:
    """Nobody has to think of it."""
    spec = DynamodbTableSpec.model_validate({"table_name": "safe", "key": {"partition": "pk"}})
    ensure_dynamodb_table(session, spec)
    client = session.client("dynamodb")
    backups = client.describe_continuous_backups(TableName="safe")["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    assert client.describe_table(TableName="safe")["Table"]["DeletionProtectionEnabled"] is True


def test_a_protected_table_stays_until_that_is_lifted(session: boto3.Session, aws: Aws) -> None:
    """A delete alone lifts nothing, whatever the settings say; lifting twice is a success."""
    spec = DynamodbTableSpec.model_validate({"table_name": "safe", "key": {"partition": "pk"}})
    ensure_dynamodb_table(session, spec)
    with pytest.raises(Exception, match=r"(?i)protection"):
        RESOURCE.delete(aws, "safe", {"deletion_protection": True})
    assert _alive(session, "safe")
    assert RESOURCE.lift
    RESOURCE.lift(aws, "safe")
    RESOURCE.lift(aws, "safe")
    RESOURCE.delete(aws, "safe", {"deletion_protection": True})
    assert not _alive(session, "safe")
    RESOURCE.lift(aws, "safe")
