"""What moto 5.2 leaves out of DynamoDB, filled.

- `UpdateTable` ignores `SSESpecification` and `TableClass`; no call answers the class.
- A stream that was switched off can't be switched on again.
- `TransactWriteItems` copies the whole table, and brings the copy back when it is cancelled: slow,
  and what others wrote meanwhile is lost. Here it copies the items that it touches.
"""

from __future__ import annotations

import copy
import threading
import time
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

_create_table = DynamoHandler.create_table
_update_table = DynamoHandler.update_table
_describe = Table.describe
_update_table_streams = DynamoDBBackend.update_table_streams
_transact_write_items = DynamoDBBackend.transact_write_items
_handle_transaction = DynamoHandler.transact_write_items
_ONE_AT_A_TIME = threading.RLock()
TOKEN_SECONDS = 600


def _keep(handler: Any) -> None:
    """Put what moto ignores on the table."""
    table = handler.dynamodb_backend.tables.get(handler.body["TableName"])
    if table is not None and "TableClass" in handler.body:
        table.table_class = handler.body["TableClass"]
    if table is not None and "SSESpecification" in handler.body:
        table.sse_specification = handler.body["SSESpecification"]


def create_table(self: Any) -> ActionResult:
    """Keep the class."""
    answer: ActionResult = _create_table(self)
    table = self.dynamodb_backend.tables[self.body["TableName"]]
    table.table_class = self.body.get("TableClass", "STANDARD")
    return answer


def update_table(self: Any) -> ActionResult:
    """Change class and encryption, too."""
    _keep(self)
    answer: ActionResult = _update_table(self)
    return answer


def describe(self: Any, *args: Any, **named: Any) -> dict[str, Any]:
    """Answer the class."""
    answer: dict[str, Any] = _describe(self, *args, **named)
    for table in answer.values():
        table["TableClassSummary"] = {"TableClass": getattr(self, "table_class", "STANDARD")}
    return answer


def update_table_streams(self: Any, table: Any, stream_specification: dict[str, Any]) -> None:
    """Take a stream that is off for one that can begin anew."""
    if not (table.stream_specification or {}).get("StreamEnabled"):
        table.latest_stream_label = None
    _update_table_streams(self, table, stream_specification)


def handle_transaction(self: Any) -> ActionResult:
    """Do what a token stands for once."""
    items, token = self.body["TransactItems"], self.body.get("ClientRequestToken")
    kept = self.dynamodb_backend.__dict__.setdefault("transactions", {})
    now = time.monotonic()
    for old in [old for old, (_, _, at) in kept.items() if at < now - TOKEN_SECONDS]:
        del kept[old]
    if token in kept:
        same, answer, _ = kept[token]
        if same == items:
            return answer
        raise DynamodbException(
            "IdempotentParameterMismatchException", "Token was used with other parameters"
        )
    answer = _handle_transaction(self)
    if token:
        kept[token] = (items, answer, now)
    return answer


def transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
    """One transaction at a time, undone item by item."""
    with _ONE_AT_A_TIME:
        operations = [next(iter(item.values())) for item in transact_items]
        tables = {name: self.tables[name] for name in self.tables}
        before = [
            (tables[one["TableName"]], key, copy.deepcopy(self.get_item(one["TableName"], key)))
            for one in operations
            if one.get("TableName") in tables
            for key in [_key(tables[one["TableName"]], one)]
        ]
        touched = {id(table): table for table, _, _ in before}.values()
        for table in touched:
            table.__deepcopy__ = lambda _, same=table: same
        try:
            _transact_write_items(self, transact_items)
        except Exception:
            for table, key, item in before:
                _put_back(table, key, item)
            raise
        finally:
            for table in touched:
                del table.__deepcopy__


def _key(table: Any, operation: dict[str, Any]) -> dict[str, Any]:
    given = operation.get("Key") or operation.get("Item", {})
    names = [table.hash_key_attr, *([table.range_key_attr] if table.range_key_attr else [])]
    return {name: given[name] for name in names if name in given}


def _put_back(table: Any, key: dict[str, Any], item: Any) -> None:
    partition = DynamoType(key[table.hash_key_attr])
    place, name = table.items, partition
    if table.range_key_attr:
        place, name = table.items[partition], DynamoType(key[table.range_key_attr])
    if item is None:
        place.pop(name, None)
    else:
        place[name] = item


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    DynamoHandler.create_table = create_table  # type: ignore[method-assign]
    DynamoHandler.update_table = update_table  # type: ignore[method-assign]
    DynamoHandler.transact_write_items = handle_transaction  # type: ignore[method-assign]
    Table.describe = describe  # type: ignore[method-assign]
    DynamoDBBackend.transact_write_items = transact_write_items  # type: ignore[method-assign]
    DynamoDBBackend.update_table_streams = update_table_streams  # type: ignore[method-assign]
