"""Tables that the cases stand on."""

from __future__ import annotations

from typing import Any

from provisioner import Stack
from tests.strict.case import Client

NAME = "strict-patients"
BY_NAME = {"index_name": "by-name", "key": {"partition": "name"}}
BY_WARD = {"index_name": "by-ward", "key": {"partition": "ward"}}
CAPACITY = {"read_capacity_units": 2, "write_capacity_units": 1}


def table(client: Client, name: str = NAME, **request: Any) -> None:
    """Make a table."""
    client("dynamodb").create_table(
        **{
            "TableName": name,
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            **request,
        }
    )


def stack(**settings: Any) -> Stack:
    """One table, that may be deleted."""
    made = Stack("strict")
    made.add(
        "table",
        "dynamodb.table",
        **{
            "table_name": NAME,
            "key": {"partition": "pk"},
            "deletion_protection": False,
            **settings,
        },
    )
    return made
