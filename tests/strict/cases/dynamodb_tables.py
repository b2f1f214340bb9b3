"""Tables of DynamoDB: their states, and how many at once."""

from __future__ import annotations

from provisioner import Stack
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._tables import BY_NAME, NAME, stack, table


def write_at_once(client: Client) -> None:
    """Make a table and put an item into it."""
    table(client)
    client("dynamodb").put_item(TableName=NAME, Item={"pk": {"S": "1"}})


def many_tables(client: Client) -> None:
    """Make 51 tables in a row."""
    for number in range(51):
        table(client, f"strict-{number}")


def many(ground: Ground) -> None:
    """51 tables are made in a row; then a stack like any other."""
    many_tables(ground.aws.client)  # type: ignore[arg-type]
    ground.clock.sleep(60)
    dynamodb = ground.plain("dynamodb")
    for number in range(51):
        dynamodb.delete_table(TableName=f"strict-{number}")
    ground.through(stack())


def read_many(client: Client) -> None:
    """Read the tags of a table twelve times in a row."""
    table(client)
    arn = client("dynamodb").describe_table(TableName=NAME)["Table"]["TableArn"]
    for _ in range(12):
        client("dynamodb").list_tags_of_resource(ResourceArn=arn)


def several(ground: Ground) -> None:
    """Seven tables are read whole, again and again."""
    made = Stack("strict")
    for number in range(7):
        made.add(
            f"table_{number}",
            "dynamodb.table",
            table_name=f"strict-{number}",
            key={"partition": "pk"},
            deletion_protection=False,
        )
    ground.through(made)


CASES = [
    Case(
        "dynamodb.table-states",
        write_at_once,
        "ResourceNotFoundException",
        lambda ground: ground.through(
            stack(), stack(stream_view_type="KEYS_ONLY", global_secondary_indexes=[BY_NAME])
        ),
    ),
    Case("dynamodb.tables-at-once", many_tables, "LimitExceededException", many),
    Case("dynamodb.read-rates", read_many, "ThrottlingException", several),
]
