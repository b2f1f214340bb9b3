"""What a table of DynamoDB takes in one call, and how soon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.strict.rule import Answer, Call, Rule
from provisioner.strict.rules._dynamodb import CREATED, table, which
from provisioner.strict.world import World

BACKUPS_SECONDS = 30.0
"""So long after a table was made its backups are not ready."""
TTL_SECONDS = 3600.0
KINDS_OF_CHANGE: Mapping[str, str] = {
    "BillingMode": "throughput",
    "ProvisionedThroughput": "throughput",
    "OnDemandThroughput": "throughput",
    "WarmThroughput": "throughput",
    "GlobalSecondaryIndexUpdates": "index",
    "StreamSpecification": "stream",
    "SSESpecification": "encryption",
    "TableClass": "class",
    "DeletionProtectionEnabled": "protection",
    "ReplicaUpdates": "replicas",
}


def _refuse_many_changes(world: World, call: Call) -> Answer | None:
    """UpdateTable does one kind of thing."""
    indexes = call.params.get("GlobalSecondaryIndexUpdates", ())
    if len([one for one in indexes if "Update" not in one]) > 1:
        message = (
            "Subscriber limit exceeded: Only 1 online index can be created or deleted "
            "simultaneously per table"
        )
        world.refuse("LimitExceededException", message)
    kinds = {KINDS_OF_CHANGE[name] for name in call.params if name in KINDS_OF_CHANGE}
    if len(kinds) > 1:
        world.refuse(
            "ValidationException",
            "One or more parameter values were invalid: one kind of change is taken at a time, "
            f"not {', '.join(sorted(kinds))}",
        )
    return None


def _refuse_no_change(world: World, call: Call) -> Answer | None:
    """UpdateTable changes something."""
    known, params = table(world, call), call.params
    capacity = params.get("ProvisionedThroughput")
    have = known.get("ProvisionedThroughput", {})
    switches = params.get("BillingMode") not in {None, _mode(known)}
    if capacity and not switches and all(have.get(name) == capacity[name] for name in capacity):
        message = (
            "The provisioned throughput for the table will not change. The requested value "
            "equals the current value."
        )
        world.refuse("ValidationException", message)
    encryption = known.get("SSEDescription", {})
    wanted = params.get("SSESpecification", {})
    if wanted.get("Enabled") and wanted.get("KMSMasterKeyId") == encryption.get("KMSMasterKeyArn"):
        message = (
            "One or more parameter values were invalid: Table is already encrypted by given "
            "KMSMasterKeyId"
        )
        world.refuse("ValidationException", message)
    return None


def _mode(known: Mapping[str, Any]) -> str:
    return str(known.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"))


def _refuse_early_backups(world: World, call: Call) -> Answer | None:
    name = call.params["TableName"]
    if world.age(CREATED, which(world, name)) < BACKUPS_SECONDS:
        message = f"Backups are being enabled for the table: {name}. Please retry later"
        world.refuse("ContinuousBackupsUnavailableException", message)
    return None


def _refuse_ttl(world: World, call: Call) -> Answer | None:
    """Expiry is for one attribute, and changes once an hour."""
    name, wanted = call.params["TableName"], call.params["TimeToLiveSpecification"]
    answer = world.client("dynamodb").describe_time_to_live(TableName=name)
    have = answer["TimeToLiveDescription"]
    on = have["TimeToLiveStatus"] in {"ENABLED", "ENABLING"}
    message = ""
    if wanted["Enabled"] and on and have["AttributeName"] != wanted["AttributeName"]:
        message = (
            "TimeToLive is active on a different AttributeName: current AttributeName is "
            f"{have['AttributeName']}"
        )
    elif wanted["Enabled"] == on:
        message = f"TimeToLive is already {'enabled' if on else 'disabled'}"
    elif world.age("dynamodb.ttl", which(world, name)) < TTL_SECONDS:
        message = "Time to live has been modified multiple times within a fixed interval"
    if message:
        world.refuse("ValidationException", message)
    return None


def _note_ttl(world: World, call: Call, answer: Answer) -> None:
    world.note("dynamodb.ttl", which(world, call.params["TableName"]))


RULES = (
    Rule(
        name="dynamodb.one-change",
        source="Table: UpdateTable; DynamoDB API Reference, UpdateTable",
        says="UpdateTable takes one kind of change a call (ValidationException), and one index "
        "to make or delete (LimitExceededException).",
        before={"dynamodb.UpdateTable": _refuse_many_changes},
    ),
    Rule(
        name="dynamodb.no-change",
        source="Table: UpdateTable; DynamoDB API Reference, UpdateTable",
        says="UpdateTable to the throughput or key that a table has already is refused as "
        "ValidationException.",
        before={"dynamodb.UpdateTable": _refuse_no_change},
    ),
    Rule(
        name="dynamodb.backups-not-ready",
        source="Table: point-in-time recovery; DynamoDB API Reference, UpdateContinuousBackups",
        says="For half a minute after a table was made its recovery can't be switched: "
        "ContinuousBackupsUnavailableException.",
        before={"dynamodb.UpdateContinuousBackups": _refuse_early_backups},
    ),
    Rule(
        name="dynamodb.time-to-live",
        source="Table: time to live; DynamoDB API Reference, UpdateTimeToLive",
        says="Expiry that is on, or off, can't be switched so again, nor to another attribute, "
        "and it changes once an hour (ValidationException).",
        before={"dynamodb.UpdateTimeToLive": _refuse_ttl},
        after={"dynamodb.UpdateTimeToLive": _note_ttl},
    ),
)
