"""What a table of DynamoDB takes in one call, and how soon."""

from __future__ import annotations

from functools import partial

import pytest

from provisioner import apply
from provisioner.engine.report import RunFailedError
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._identity import settle
from tests.strict.cases._tables import BY_NAME, BY_WARD, CAPACITY, NAME, stack, table


def change_many_sides(client: Client) -> None:
    """Change the stream and the protection of a table in one call."""
    table(client)
    settle()
    client("dynamodb").update_table(
        TableName=NAME,
        DeletionProtectionEnabled=False,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )


def many_sides(ground: Ground) -> None:
    """A table whose sides all differ, indexes included, gets there one after the other."""
    ground.through(
        stack(global_secondary_indexes=[BY_NAME]),
        stack(
            global_secondary_indexes=[BY_WARD],
            stream_view_type="KEYS_ONLY",
            table_class="STANDARD_INFREQUENT_ACCESS",
            point_in_time_recovery=False,
        ),
        stack(
            stream_view_type="NEW_IMAGE",
            billing_mode="PROVISIONED",
            provisioned_throughput=CAPACITY,
        ),
    )


def set_the_same(client: Client) -> None:
    """Set the throughput that a table has."""
    capacity = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 1}
    table(client, BillingMode="PROVISIONED", ProvisionedThroughput=capacity)
    settle()
    client("dynamodb").update_table(TableName=NAME, ProvisionedThroughput=capacity)


def only_what_differs(ground: Ground) -> None:
    """Throughput and key are sent when they differ."""
    provisioned = partial(stack, billing_mode="PROVISIONED")
    ground.through(
        provisioned(provisioned_throughput=CAPACITY),
        provisioned(provisioned_throughput=CAPACITY, table_class="STANDARD_INFREQUENT_ACCESS"),
        provisioned(provisioned_throughput={**CAPACITY, "read_capacity_units": 5}),
    )


def restorable_at_once(client: Client) -> None:
    """Make a table and have it restorable."""
    table(client)
    client("dynamodb").update_continuous_backups(
        TableName=NAME, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def expire_twice(client: Client) -> None:
    """Have a table's items expire, whether they do so already or not."""
    table(client)
    expiry = {"Enabled": True, "AttributeName": "ends"}
    for _ in range(2):
        client("dynamodb").update_time_to_live(TableName=NAME, TimeToLiveSpecification=expiry)


def expire_otherwise(ground: Ground) -> None:
    """Items expire by another attribute an hour after it was asked for, as the run says."""
    ground.up(stack(ttl_attribute="ends"))
    ground.clock.sleep(3600)
    with pytest.raises(RunFailedError, match="once an hour"):
        apply(ground.session, stack(ttl_attribute="until"), ground.options).check()
    ground.clock.sleep(3600)
    ground.up(stack(ttl_attribute="until"))
    found = ground.plain("dynamodb").describe_time_to_live(TableName=NAME)
    assert found["TimeToLiveDescription"]["AttributeName"] == "until"
    ground.down(stack())


CASES = [
    Case("dynamodb.one-change", change_many_sides, "ValidationException", many_sides),
    Case("dynamodb.no-change", set_the_same, "ValidationException", only_what_differs),
    Case(
        "dynamodb.backups-not-ready",
        restorable_at_once,
        "ContinuousBackupsUnavailableException",
        lambda ground: ground.through(stack()),
    ),
    Case("dynamodb.time-to-live", expire_twice, "ValidationException", expire_otherwise),
]
