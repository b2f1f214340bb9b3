"""Make the inventory's table: on demand, encrypted, restorable, hard to delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from provisioner.aws.clients import Aws
from provisioner.aws.failures import code_of
from provisioner.errors import AnswerLostError, InventoryError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LIMIT = 120.0
EVERY = 1.0


def make_table(aws: Aws, name: str) -> None:
    """Create the table and wait until it can be used. Two runs may do so at once.

    Raises:
        InventoryError: it did not get ready.
    """
    client: DynamoDBClient = aws.client("dynamodb")
    try:
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": attribute, "AttributeType": "S"}
                for attribute in ("pk", "sk", "arn")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-arn",
                    "KeySchema": [{"AttributeName": "arn", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            SSESpecification={"Enabled": True},
            DeletionProtectionEnabled=True,
            Tags=[{"Key": "Purpose", "Value": "provisioner inventory"}],
        )
    except AnswerLostError:
        make_table(aws, name)  # again: one that was made is only waited for
        return
    except ClientError as error:
        if code_of(error) != "ResourceInUseException":
            raise
    _wait(aws, client, name)
    client.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def _wait(aws: Aws, client: DynamoDBClient, name: str) -> None:
    started = aws.clock.monotonic()
    while True:
        try:
            status = client.describe_table(TableName=name)["Table"]["TableStatus"]
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            status = "CREATING"  # a new table may not be visible yet
        if status == "ACTIVE":
            return
        if aws.clock.monotonic() - started > LIMIT:
            raise InventoryError(f"The inventory table {name} is still {status}.")
        aws.clock.sleep(EVERY)
