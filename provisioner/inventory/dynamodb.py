"""The inventory in DynamoDB: one table per account and region for all stacks.

| pk           | sk                 | what                                            |
|--------------|--------------------|-------------------------------------------------|
| `STACK#name` | `LEASE`            | holder, fence, beat, lasts, expires_at, since;  |
|              |                    | unlocked: the fence of which it was taken away; |
|              |                    | standing, and `arn`, by which the GSI lists     |
|              |                    | the stacks of which something is left           |
| `STACK#name` | `READER#stack`     | what another stack uses of this one's outputs   |
| `STACK#name` | `RESOURCE#address` | a record; `arn` is indexed by the GSI `by-arn`  |
| `STACK#name` | `RUN#id`           | a run                                           |
| `RUN#id`     | `EVENT#number`     | what a step of the run did                      |
| `RUN#id`     | `BEFORE#address`   | the record as it was before the run, to undo it |

All reads by key are consistent. Every write is a transaction that checks the fence of the lease.
The table is made when the first write finds none; to a reader a table that is not there is an
empty inventory, by AWS's own word (ResourceNotFoundException) and by nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from provisioner.aws.clients import Aws
from provisioner.aws.failures import code_of, translated
from provisioner.errors import DamagedRecordError, InventoryError, LeaseLostError
from provisioner.inventory.records import Holder, Lease, Standing
from provisioner.inventory.store import (
    LEASE,
    NO_OTHERS,
    RESOURCE,
    STACK,
    Gone,
    Row,
    moved_on,
    stack_key,
)
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
NEVER = (-1, -1)
"""The sign of no lease."""
FREE = "holder, expires_at, since, lasts, beat"
"""What is left of a lease that nobody holds is its fence, and how the stack stands."""
LISTED = "stacks"
"""What every lease in the index has in place of an ARN."""


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

    @translated("the inventory")
    def take(self, wanted: Lease, *, ended: float, dead: Lease | None = None) -> Lease:
        """Take a lease that is free; makes the table if there is none."""
        try:
            return self._take(wanted, ended, dead)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
        make_table(self._aws, self._table)
        return self._take(wanted, ended, dead)

    def _take(self, wanted: Lease, ended: float, dead: Lease | None) -> Lease:
        """One conditional write; refused, it answers with the lease that stands in its way.

        Sent again after a lost answer, it is refused by the lease that it took the first time.
        """
        fence, beat = dead.sign if dead else NEVER
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(stack_key(wanted.stack), LEASE),
                UpdateExpression="SET holder = :holder, since = :since, expires_at = :until, "
                "lasts = :lasts, beat = :none, arn = :listed ADD fence :one",
                ConditionExpression="attribute_not_exists(holder) OR expires_at < :ended "
                "OR (fence = :fence AND beat = :beat)",
                ExpressionAttributeValues={
                    ":holder": {"S": wanted.holder.model_dump_json() if wanted.holder else ""},
                    ":since": {"S": wanted.since},
                    ":until": {"N": repr(wanted.expires_at)},
                    ":lasts": {"N": repr(wanted.lasts)},
                    ":listed": {"S": LISTED},
                    ":none": {"N": "0"},
                    ":one": {"N": "1"},
                    ":ended": {"N": repr(ended)},
                    ":fence": {"N": str(fence)},
                    ":beat": {"N": str(beat)},
                },
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return _lease(wanted.stack, _standing(error))
        return _lease(wanted.stack, answer["Attributes"])

    @translated("the inventory")
    def renew(self, stack: str, fence: int, until: float) -> None:
        """Keep the lease."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(stack_key(stack), LEASE),
                UpdateExpression="SET expires_at = :until ADD beat :one",
                ConditionExpression="fence = :fence AND attribute_exists(holder)",
                ExpressionAttributeValues={
                    ":until": {"N": repr(until)},
                    ":one": {"N": "1"},
                    ":fence": {"N": str(fence)},
                },
            )
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                raise _lost(stack) from None
            raise

    @translated("the inventory")
    def break_lease(self, stack: str, fence: int) -> bool:
        """Take the lease from its holder. Doing so twice is doing so once."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(stack_key(stack), LEASE),
                UpdateExpression=f"SET unlocked = :fence REMOVE {FREE}",
                ConditionExpression="fence = :fence",
                ExpressionAttributeValues={":fence": {"N": str(fence)}},
            )
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    @translated("the inventory")
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

    @translated("the inventory")
    def rows(
        self,
        pk: str,
        prefix: str,
        *,
        newest_first: bool = False,
        limit: int | None = None,
        after: str = "",
    ) -> list[Row]:
        """The rows of a partition whose sort key begins so."""
        bounds: dict[str, Any] = {"ExclusiveStartKey": _key(pk, after)} if after else {}
        if limit is not None:
            bounds["PaginationConfig"] = {"MaxItems": limit, "PageSize": limit}
        return self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
            ConsistentRead=True,
            ScanIndexForward=not newest_first,
            **bounds,
        )

    @translated("the inventory")
    def by_arn(self, arn: str) -> list[Row]:
        """The resource rows with this ARN; an index is a moment behind the table."""
        return self._query(
            IndexName="by-arn",
            KeyConditionExpression="arn = :arn",
            ExpressionAttributeValues={":arn": {"S": arn}},
        )

    @translated("the inventory")
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

    @translated("the inventory")
    def leases(self) -> tuple[Lease, ...]:
        """All leases in the index: one query, whatever else is in the table."""
        items = self._items(
            IndexName="by-arn",
            KeyConditionExpression="arn = :listed",
            ExpressionAttributeValues={":listed": {"S": LISTED}},
        )
        leases = [_lease(item["pk"]["S"].removeprefix(STACK), item) for item in items]
        live = (lease for lease in leases if lease.holder or lease.standing)
        return tuple(sorted(live, key=lambda lease: lease.stack))

    @translated("the inventory")
    def write(
        self,
        stack: str,
        fence: int,
        rows: Sequence[Row | Gone],
        *,
        release: bool = False,
        also: Mapping[str, int] = NO_OTHERS,
        standing: Standing | None = None,
        unmoved: Mapping[str, int] = NO_OTHERS,
    ) -> None:
        """Put and delete rows in transactions that check the fence."""
        batches = [*_batches(rows, BATCH - len(also) - len(unmoved))] or [[]]
        seen = [self._unmoved(name, its) for name, its in unmoved.items()]
        others = [self._check(name, its) for name, its in also.items()]
        for number, batch in enumerate(batches):
            last = number == len(batches) - 1
            told = standing if (last if release else number == 0) else None
            guard = self._guard(stack, fence, told, release=release and last)
            checks = [guard, *others, *(seen if number == 0 else [])]
            try:
                self._transact([*checks, *(self._write(row) for row in batch)])
            except _RefusedError as refused:
                held = refused.position <= len(others)
                raise (_lost(stack) if held else moved_on(unmoved)) from None

    def _transact(self, items: Sequence[TransactWriteItemTypeDef]) -> None:
        """All or nothing, and once: with its token, one whose answer was lost is not done again."""
        try:
            self._client.transact_write_items(
                TransactItems=items, ClientRequestToken=secrets.token_hex(16)
            )
        except ClientError as error:
            reasons: Sequence[Mapping[str, Any]] = error.response.get("CancellationReasons", [])
            for position, reason in enumerate(reasons):
                if reason.get("Code") == "ConditionalCheckFailed":
                    raise _RefusedError(position) from None
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

    def _unmoved(self, stack: str, fence: int) -> TransactWriteItemTypeDef:
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": _key(stack_key(stack), LEASE),
                "ConditionExpression": "fence = :f",
                "ExpressionAttributeValues": {":f": {"N": str(fence)}},
            }
        }

    def _guard(
        self, stack: str, fence: int, standing: Standing | None, *, release: bool
    ) -> TransactWriteItemTypeDef:
        """Check the fence; and with that tell how the stack stands, or let the lease go."""
        values: dict[str, Any] = {":f": {"N": str(fence)}}
        put: list[str] = []
        gone = [FREE] if release else []
        if standing and standing.empty:
            gone += ["standing", "arn"]
        elif standing:
            put += ["standing = :standing", "arn = :listed"]
            values |= {
                ":standing": {"S": standing.model_dump_json(exclude_defaults=True)},
                ":listed": {"S": LISTED},
            }
        if not (put or gone):
            return self._check(stack, fence)
        return {
            "Update": {
                "TableName": self._table,
                "Key": _key(stack_key(stack), LEASE),
                "UpdateExpression": " ".join(
                    f"{verb} {', '.join(parts)}"
                    for verb, parts in (("SET", put), ("REMOVE", gone))
                    if parts
                ),
                "ConditionExpression": "fence = :f AND attribute_exists(holder)",
                "ExpressionAttributeValues": values,
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
        return [_row(item) for item in self._items(**arguments)]

    def _items(self, **arguments: Any) -> list[Mapping[str, Any]]:
        pages = self._client.get_paginator("query").paginate(TableName=self._table, **arguments)
        try:
            return [item for page in pages for item in page["Items"]]
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return []
            raise


class _RefusedError(Exception):
    """A condition of a transaction did not hold.

    Attributes:
        position: of the first such one.
    """

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _row(item: Mapping[str, Any]) -> Row:
    def text(name: str) -> str | None:
        return item[name]["S"] if name in item else None

    return Row(item["pk"]["S"], item["sk"]["S"], text("body") or "", text("arn"), text("kind"))


def _lease(stack: str, item: Mapping[str, Any]) -> Lease:
    holder = item.get("holder")
    fence = int(item.get("fence", {"N": "0"})["N"])
    return Lease(
        stack=stack,
        holder=Holder.model_validate_json(holder["S"]) if holder else None,
        fence=fence,
        beat=int(item.get("beat", {"N": "0"})["N"]),
        lasts=float(item.get("lasts", {"N": "0"})["N"]),
        expires_at=float(item.get("expires_at", {"N": "0"})["N"]),
        since=item.get("since", {"S": ""})["S"],
        unlocked=int(item.get("unlocked", {"N": "-1"})["N"]) == fence - 1,
        standing=_standing_of(stack, item["standing"]["S"]) if "standing" in item else None,
    )


def _standing_of(stack: str, text: str) -> Standing:
    try:
        return Standing.model_validate_json(text)
    except ValidationError as error:
        raise DamagedRecordError(
            f"What is written of stack {stack} beside its lease is damaged: "
            f"{str(error).splitlines()[0]}.",
            hint="Take the attribute `standing` off that item; the next run writes it anew.",
        ) from None


def _standing(error: ClientError) -> Mapping[str, Any]:
    """The item that stood in the way of a conditional write."""
    item: Mapping[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
    return item


def _lost(stack: str) -> LeaseLostError:
    return LeaseLostError(
        f"Another run has taken over stack {stack}; this one stopped before its next write.",
        hint="Look at who holds it, then run the same command again.",
    )


def _batches(rows: Sequence[Row | Gone], most: int) -> Iterator[list[Row | Gone]]:
    batch: list[Row | Gone] = []
    size = 0
    for row in rows:
        weight = len(row.body) if isinstance(row, Row) else 0
        if batch and (len(batch) == most or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += weight
    if batch:
        yield batch
