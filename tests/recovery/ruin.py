"""A stack whose inventory gets lost, and what is told of it through plain boto3."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.api.plans import plan
from provisioner.api.rescues import recover
from provisioner.inventory.dynamodb import DEFAULT_TABLE
from provisioner.inventory.lease import LASTS
from provisioner.operations.mending import Mended
from provisioner.planning.changes import Plan
from provisioner.stack import Setting, Stack
from tests.e2e.alive import alive
from tests.faults.stage import Stage
from tests.faults.weather import Killed, Moment, Refused, Struck, Trouble, fair

POLICY: Setting = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "${patients.arn}"}],
}
TRUST: Setting = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def clinic() -> Stack:
    """Names and made ids, a secret, what can't be tagged, and what a teardown has to be told."""
    stack = Stack("clinic", tags={"Team": "care"})
    key = stack.add("key", "kms.key", alias="alias/clinic", deletion_window_days=7)
    stack.add(
        "records", "s3.bucket", bucket_name="clinic-records", kms_key=key.arn, empty_on_delete=True
    )
    stack.add(
        "patients",
        "dynamodb.table",
        table_name="clinic-patients",
        key={"partition": "pk"},
        kms_key=key.arn,
    )
    stack.add("reads", "iam.policy", policy_name="clinic-reads", policy=POLICY)
    stack.add(
        "reader",
        "iam.role",
        role_name="clinic-reader",
        assume_role_policy=TRUST,
        managed_policy_arns=["${reads.arn}"],
    )
    topic = stack.add("alerts", "sns.topic", name="clinic-alerts", kms_key=key.arn)
    stack.add(
        "hook",
        "sns.subscription",
        topic_arn=topic.arn,
        protocol="https",
        endpoint="https://example.org/hook?token=s3cr3t-4711",
    )
    group = stack.add("logs", "logs.log_group", log_group_name="/clinic/logs", retention_in_days=30)
    stack.add(
        "errors",
        "logs.metric_filter",
        log_group_name=group.name,
        filter_name="errors",
        filter_pattern="ERROR",
        metric_transformation={"metric_name": "Errors", "metric_namespace": "Clinic"},
    )
    vpc = stack.add("net", "ec2.vpc", cidr_block="10.0.0.0/16", protect=True)
    stack.add("group", "ec2.security_group", group_name="web", description="web", vpc_id=vpc.id)
    return stack


def unprotected(stack: Stack) -> Stack:
    """The same stack, with nothing protected."""
    free = Stack(stack.name, stack.tags)
    for one in stack.resources.values():
        settings: dict[str, Any] = dict(one.settings)
        free.add(one.address, one.kind.kind, **settings)
    return free


@dataclass
class Ruin(Stage):
    """A stage on which records get lost."""

    def mend(self, wanted: Stack | None = None, trouble: Trouble = fair) -> Mended | None:
        """Recover in a process of its own; None if it was killed."""
        self.weather.new_process(trouble)
        try:
            return recover(self.clients, self.stack.name, wanted, self.options)
        except Killed:
            self.clock.sleep(LASTS + 1)
            return None
        finally:
            self.last = self.weather.calls
            self.weather.new_process()

    def client(self, service: str) -> Any:
        """A plain boto3 client."""
        return self.clients.client(service)

    def alive(self) -> dict[str, list[str]]:
        """Everything but the inventory."""
        return alive(self.clients)

    def mended(self, wanted: Stack | None = None, trouble: Trouble = fair) -> Mended:
        """Recover in a process that lives to its end."""
        done = self.mend(wanted, trouble)
        assert done is not None
        return done

    def planned(self) -> Plan:
        """What an apply would do."""
        return plan(self.clients, self.stack, self.options)

    def lose_the_table(self) -> None:
        """Somebody lifts the table's protection and deletes it."""
        table = self.client("dynamodb")
        table.update_table(TableName=DEFAULT_TABLE, DeletionProtectionEnabled=False)
        table.delete_table(TableName=DEFAULT_TABLE)

    def rows(self, kind: str = "RESOURCE#") -> dict[str, dict[str, Any]]:
        """The rows of the stack, by what follows their kind."""
        pages = (
            self.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=DEFAULT_TABLE,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
                ExpressionAttributeValues={
                    ":pk": {"S": f"STACK#{self.stack.name}"},
                    ":sk": {"S": kind},
                },
            )
        )
        return {
            item["sk"]["S"].removeprefix(kind): json.loads(item["body"]["S"])
            for page in pages
            for item in page["Items"]
        }

    def addresses(self) -> set[str]:
        """The addresses that have a record, readable or not."""
        items = self.client("dynamodb").scan(TableName=DEFAULT_TABLE)["Items"]
        keys = {item["sk"]["S"] for item in items}
        return {key.removeprefix("RESOURCE#") for key in keys if key.startswith("RESOURCE#")}

    def put(self, address: str, body: Mapping[str, Any] | str) -> None:
        """Write a record by hand."""
        text = body if isinstance(body, str) else json.dumps(body)
        self.client("dynamodb").put_item(
            TableName=DEFAULT_TABLE,
            Item={
                "pk": {"S": f"STACK#{self.stack.name}"},
                "sk": {"S": f"RESOURCE#{address}"},
                "body": {"S": text},
            },
        )

    def lose(self, address: str) -> None:
        """Delete a record by hand."""
        self.client("dynamodb").delete_item(
            TableName=DEFAULT_TABLE,
            Key={
                "pk": {"S": f"STACK#{self.stack.name}"},
                "sk": {"S": f"RESOURCE#{address}"},
            },
        )


def lasting(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What of the records does not depend on when and by whom they were written."""
    passing = {"run", "created_at", "updated_at", "token", "settings"}
    return {
        address: {name: value for name, value in row.items() if name not in passing}
        for address, row in rows.items()
    }


def denying(service: str) -> Trouble:
    """The caller may neither look at what a service has nor ask the index of tags."""
    denied = {service, "resourcegroupstaggingapi"}

    def trouble(moment: Moment) -> Struck:
        refuses = moment.side == "before" and moment.call.service in denied
        return Refused("AccessDenied", 403) if refuses else None

    return trouble
