"""The inventory in DynamoDB: one table per account and region for all stacks.

| pk           | sk                 | what                                            |
|--------------|--------------------|-------------------------------------------------|
| `STACK#name` | `LEASE`            | holder, fence, expires_at                       |
| `STACK#name` | `RESOURCE#address` | a record; `arn` is indexed by the GSI `by-arn`  |
| `STACK#name` | `RUN#id`           | a run                                           |
| `RUN#id`     | `EVENT#number`     | what a step of the run did                      |

All reads by key are consistent. Every write is a transaction that checks the fence of the lease.
The table is made when the first write finds none; to a reader a table that is not there is an
empty inventory, by AWS's own word (ResourceNotFoundException) and by nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from provisioner.aws.clients import Aws
from provisioner.aws.failures import code_of
from provisioner.errors import InventoryError, LeaseLostError
from provisioner.inventory.records import Holder, Lease
from provisioner.inventory.store import LEASE, RESOURCE, Gone, Row, stack_key
from provisioner.inventory.table import make_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

DEFAULT_TABLE = "provisioner-inventory"
BATCH = 99
"""Rows per transaction; the check of the fence is the hundredth."""
BATCH_BYTES = 3_000_000
ROW_BYTES = 380_000
"""DynamoDB takes 400 KB an item."""


class DynamoStore:
    """Rows in a DynamoDB table.

    Args:
        aws: clients; give them a ledger of their own to count the inventory's calls apart.
        table: its name.
    """

    def __init__(self, aws: Aws, table: str = DEFAULT_TABLE) -> None:
        self._aws = aws
        self._table = table

    @property
    def _client(self) -> DynamoDBClient:
        return self._aws.client("dynamodb")

    def take(self, stack: str, holder: Holder, *, now: float, until: float, since: str) -> Lease:
        """Take the lease if it is free or expired; makes the table if there is none."""
        try:
            return self._take(stack, holder, now, until, since)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
        make_table(self._aws, self._table)
        return self._take(stack, holder, now, until, since)

    def _take(self, stack: str, holder: Holder, now: float, until: float, since: str) -> Lease:
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(stack_key(stack), LEASE),
                UpdateExpression="SET holder = :h, expires_at = :u, since = :s ADD fence :one",
                ConditionExpression="attribute_not_exists(holder) OR expires_at < :now",
                ExpressionAttributeValues={
                    ":h": {"S": holder.model_dump_json()},
                    ":u": {"N": repr(until)},
                    ":s": {"S": since},
                    ":one": {"N": "1"},
                    ":now": {"N": repr(now)},
                },
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return self.lease(stack) or Lease(stack=stack)
        return _lease(stack, answer["Attributes"])

    def renew(self, stack: str, fence: int, until: float) -> None:
        """Keep the lease."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(stack_key(stack), LEASE),
                UpdateExpression="SET expires_at = :u",
                ConditionExpression="fence = :f AND attribute_exists(holder)",
                ExpressionAttributeValues={":u": {"N": repr(until)}, ":f": {"N": str(fence)}},
            )
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                raise _lost(stack) from None
            raise

    def break_lease(self, stack: str) -> None:
        """Take the lease from whoever holds it."""
        self._client.update_item(
            TableName=self._table,
            Key=_key(stack_key(stack), LEASE),
            UpdateExpression="ADD fence :one REMOVE holder, expires_at, since",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    def lease(self, stack: str) -> Lease | None:
        """Who holds a stack."""
        try:
            answer = self._client.get_item(
                TableName=self._table, Key=_key(stack_key(stack), LEASE), ConsistentRead=True
            )
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return None
            raise
        item = answer.get("Item")
        return _lease(stack, item) if item else None

    def rows(self, pk: str, prefix: str, *, newest_first: bool = False) -> list[Row]:
        """The rows of a partition whose sort key begins so."""
        return self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
            ConsistentRead=True,
            ScanIndexForward=not newest_first,
        )

    def by_arn(self, arn: str) -> list[Row]:
        """The resource rows with this ARN; an index is a moment behind the table."""
        return self._query(
            IndexName="by-arn",
            KeyConditionExpression="arn = :arn",
            ExpressionAttributeValues={":arn": {"S": arn}},
        )

    def stacks(self) -> tuple[str, ...]:
        """The names of all stacks."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            ProjectionExpression="pk",
            FilterExpression="sk = :lease OR begins_with(sk, :resource)",
            ExpressionAttributeValues={":lease": {"S": LEASE}, ":resource": {"S": RESOURCE}},
        )
        try:
            items = [item for page in pages for item in page["Items"]]
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return ()
            raise
        return tuple(sorted({item["pk"]["S"].removeprefix("STACK#") for item in items}))

    def write(
        self, stack: str, fence: int, rows: Sequence[Row | Gone], *, release: bool = False
    ) -> None:
        """Put and delete rows in transactions that check the fence."""
        batches = [*_batches(rows)] or [[]]
        for batch in batches:
            last = batch is batches[-1]
            guard = self._release(stack, fence) if release and last else self._check(stack, fence)
            self._transact(stack, [guard, *(self._write(row) for row in batch)])

    def _transact(self, stack: str, items: Sequence[TransactWriteItemTypeDef]) -> None:
        try:
            self._client.transact_write_items(TransactItems=items)
        except ClientError as error:
            reasons: Sequence[Mapping[str, Any]] = error.response.get("CancellationReasons", [])
            if reasons and reasons[0].get("Code") == "ConditionalCheckFailed":
                raise _lost(stack) from None
            raise

    def _check(self, stack: str, fence: int) -> TransactWriteItemTypeDef:
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": _key(stack_key(stack), LEASE),
                "ConditionExpression": "fence = :f AND attribute_exists(holder)",
                "ExpressionAttributeValues": {":f": {"N": str(fence)}},
            }
        }

    def _release(self, stack: str, fence: int) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self._table,
                "Key": _key(stack_key(stack), LEASE),
                "UpdateExpression": "REMOVE holder, expires_at, since",
                "ConditionExpression": "fence = :f",
                "ExpressionAttributeValues": {":f": {"N": str(fence)}},
            }
        }

    def _write(self, row: Row | Gone) -> TransactWriteItemTypeDef:
        if isinstance(row, Gone):
            return {"Delete": {"TableName": self._table, "Key": _key(row.pk, row.sk)}}
        if len(row.body.encode()) > ROW_BYTES:
            raise InventoryError(
                f"The record {row.sk} of {row.pk} has {len(row.body) // 1000} KB; DynamoDB takes "
                "400 KB.",
                hint="Move large texts (policies, definitions) out of the resource.",
            )
        item = {**_key(row.pk, row.sk), "body": {"S": row.body}}
        if row.arn:
            item["arn"] = {"S": row.arn}
        if row.kind:
            item["kind"] = {"S": row.kind}
        return {"Put": {"TableName": self._table, "Item": item}}

    def _query(self, **arguments: Any) -> list[Row]:
        pages = self._client.get_paginator("query").paginate(TableName=self._table, **arguments)
        try:
            return [_row(item) for page in pages for item in page["Items"]]
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return []
            raise


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _row(item: Mapping[str, Any]) -> Row:
    def text(name: str) -> str | None:
        return item[name]["S"] if name in item else None

    return Row(item["pk"]["S"], item["sk"]["S"], text("body") or "", text("arn"), text("kind"))


def _lease(stack: str, item: Mapping[str, Any]) -> Lease:
    holder = item.get("holder")
    return Lease(
        stack=stack,
        holder=Holder.model_validate_json(holder["S"]) if holder else None,
        fence=int(item.get("fence", {"N": "0"})["N"]),
        expires_at=float(item.get("expires_at", {"N": "0"})["N"]),
        since=item.get("since", {"S": ""})["S"],
    )


def _lost(stack: str) -> LeaseLostError:
    return LeaseLostError(
        f"Another run has taken over stack {stack}; this one stopped before its next write.",
        hint="Look at who holds it, then run the same command again.",
    )


def _batches(rows: Sequence[Row | Gone]) -> Iterator[list[Row | Gone]]:
    batch: list[Row | Gone] = []
    size = 0
    for row in rows:
        weight = len(row.body) if isinstance(row, Row) else 0
        if batch and (len(batch) == BATCH or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += weight
    if batch:
        yield batch
