"""The Resource Groups Tagging API."""

from __future__ import annotations

from provisioner import Stack
from provisioner.registry import kind_of
from tests.strict.case import Case, Client, Ground


def look_for_what_was_made(client: Client) -> None:
    """Find a topic by its tag as soon as it was made."""
    tags = [{"Key": "Team", "Value": "care"}]
    topic = client("sns").create_topic(Name="strict", Tags=tags)["TopicArn"]
    found = client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "Team", "Values": ["care"]}]
    )["ResourceTagMappingList"]
    assert [entry["ResourceARN"] for entry in found] == [topic]


def found_at_once(ground: Ground) -> None:
    """What a stack has made is found by its tags at once, and gone when it is gone."""
    made = Stack("strict")
    made.add("topic", "sns.topic", name="strict")
    made.add("table", "backup.vault", backup_vault_name="strict")
    ground.apply(made)
    for kind in ("sns.topic", "backup.vault"):
        search = kind_of(kind).search
        assert search
        assert len(search(ground.aws, "strict")) == 1
    ground.take_down(made)
    for kind in ("sns.topic", "backup.vault"):
        search = kind_of(kind).search
        assert search
        assert search(ground.aws, "strict") == {}


CASES = [Case("tagging.index-lags", look_for_what_was_made, "", found_at_once)]
