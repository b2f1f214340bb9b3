"""What moto 5.2 leaves out of DynamoDB, filled.

- `UpdateTable` ignores `SSESpecification` and `TableClass`; no call answers the class.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

_create_table = DynamoHandler.create_table
_update_table = DynamoHandler.update_table
_describe = Table.describe


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


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    DynamoHandler.create_table = create_table  # type: ignore[method-assign]
    DynamoHandler.update_table = update_table  # type: ignore[method-assign]
    Table.describe = describe  # type: ignore[method-assign]
