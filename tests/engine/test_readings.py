"""Outputs of one stack in another: resolved when planned, kept from being taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from provisioner.api.listings import expired, stacks
from provisioner.api.plans import plan, plan_removal
from provisioner.api.rescues import move, recover
from provisioner.api.runs import apply, teardown
from provisioner.api.runs import rollback as undo
from provisioner.aws.clients import connect
from provisioner.cli import run
from provisioner.errors import BlockedError, ManifestError, MovedOnError
from provisioner.inventory import Holder, Inventory, MemoryStore
from provisioner.inventory.dynamodb import DynamoStore
from provisioner.inventory.reading import Uses, both, rows
from provisioner.inventory.records import Used
from provisioner.inventory.store import Gone, Row
from provisioner.manifest import load
from provisioner.operations.desk import Options
from provisioner.stack import Stack
from provisioner.stack.selection import Selection
from tests.conftest import VirtualClock

TABLE = "provisioner-inventory"


def news(*, output: str = "topic", name: str = "news", more: bool = False) -> Stack:
    """A stack that others read."""
    stack = Stack("news")
    topic = stack.add("topic", "sns.topic", name=name)
    if more:
        stack.add("spare", "sns.topic", name="spare")
    if output:
        stack.output(output, topic.arn)
    stack.output("greeting", "a literal ${ stays")
    return stack


def paper(*, reads: str = "${stack.news.topic}") -> Stack:
    """A stack that reads it."""
    stack = Stack("paper")
    stack.add("inbox", "sqs.queue", queue_name="inbox")
    if reads:
        stack.add(
            "letters", "sns.subscription", topic_arn=reads, protocol="sqs", endpoint="${inbox.arn}"
        )
    return stack


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock)


def subscribed(session: boto3.Session) -> list[str]:
    found = session.client("sns").list_subscriptions()["Subscriptions"]
    return sorted(one["TopicArn"].rpartition(":")[2] for one in found)


def topics(session: boto3.Session) -> set[str]:
    found = session.client("sns").list_topics()["Topics"]
    return {topic["TopicArn"].rpartition(":")[2] for topic in found}


def readers(session: boto3.Session, stack: str = "news") -> list[str]:
    """Who stands as a reader in the table, read past our own code."""
    found = session.client("dynamodb").query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": f"STACK#{stack}"}, ":sk": {"S": "READER#"}},
    )
    return [item["sk"]["S"].removeprefix("READER#") for item in found["Items"]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every call that leaves for AWS from now on."""
    made: list[str] = []
    send: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def recorded(self: Any, operation: str, parameters: Any) -> Any:
        made.append(f"{self.meta.service_model.service_name}.{operation}")
        return send(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    return made


def test_an_output_is_known_when_the_reader_is_planned(
    session: boto3.Session, options: Options
) -> None:
    """The plan shows its value, the object gets it, and a second apply finds no change."""
    made = apply(session, news(), options).check()
    planned = plan(session, paper(), options).resource("letters")
    assert planned is not None
    assert planned.settings["topic_arn"] == made.outputs["topic"]
    apply(session, paper(), options).check()
    assert subscribed(session) == ["news"]
    assert plan(session, paper(), options).empty
    assert readers(session) == ["paper"]


def test_an_output_that_changed_shows_in_the_readers_plan(
    session: boto3.Session, options: Options, clock: VirtualClock
) -> None:
    """By itself, since its value is another one."""
    apply(session, news(more=True), options).check()
    apply(session, paper(), options).check()
    clock.sleep(1)  # runs are told apart by their time
    moved = news(more=True)
    moved.output("topic", "${spare.arn}")
    apply(session, moved, options).check()
    change = plan(session, paper(), options).change("letters")
    assert change is not None
    assert change.action == "replace"
    apply(session, paper(), options).check()
    assert subscribed(session) == ["spare"]


@pytest.mark.parametrize(
    ("reads", "told"),
    [
        ("${stack.nevs.topic}", r"letters\.topic_arn: there is no stack 'nevs'.*'news'"),
        ("${stack.news.topics}", r"stack news has no output 'topics'\. Did you mean 'topic'"),
        ("${stack.news.zzz}", r"It has: topic, greeting"),
        ("${stack.news}", r"write \$\{stack\.NAME\.OUTPUT\}"),
    ],
)
def test_what_is_not_there_is_told_before_anything_is_made(
    reads: str, told: str, session: boto3.Session, options: Options
) -> None:
    """With the nearest name, by plan and by apply."""
    apply(session, news(), options).check()
    with pytest.raises(ManifestError, match=told):
        plan(session, paper(reads=reads), options)
    with pytest.raises(ManifestError, match=told):
        apply(session, paper(reads=reads), options)
    assert session.client("sqs").list_queues().get("QueueUrls", []) == []


def test_a_stack_that_is_read_is_not_torn_down(session: boto3.Session, options: Options) -> None:
    """Refused before the first delete, with the place of use; as long as its reader is there."""
    apply(session, news(), options).check()
    apply(session, paper(), options).check()
    planned = plan_removal(session, "news", options)
    told = "used by stack paper: ${stack.news.topic} in paper.letters.topic_arn"
    assert [one.what for one in planned.obstacles[""]] == [told]
    with pytest.raises(BlockedError, match="used by stack paper"):
        teardown(session, "news", options)
    assert topics(session) == {"news"}
    teardown(session, "paper", options).check()
    assert readers(session) == []
    teardown(session, "news", options).check()
    assert topics(session) == set()


def test_an_output_that_is_read_is_not_taken_away(session: boto3.Session, options: Options) -> None:
    """Neither by leaving it out nor by another name; what nobody reads may go."""
    apply(session, news(), options).check()
    apply(session, paper(), options).check()
    gone = news(output="")
    assert plan(session, gone, options).blocked
    for stack in (gone, news(output="subject")):
        with pytest.raises(BlockedError, match="Nothing was changed"):
            apply(session, stack, options)
    less = news()
    del less.outputs["greeting"]
    apply(session, less, options).check()
    apply(session, paper(reads=""), options).check()
    assert (readers(session), subscribed(session)) == ([], [])
    apply(session, gone, options).check()


def test_only_what_is_used_is_kept_from_a_part_or_a_rollback(
    session: boto3.Session, options: Options
) -> None:
    """An undo that would delete the object of an output is refused, one of another is not."""
    first = apply(session, news(), options).check()
    spare = apply(session, news(more=True), options).check()
    apply(session, paper(), options).check()
    undo(session, "news", spare.run, options).check()
    assert topics(session) == {"news"}
    with pytest.raises(BlockedError, match="used by stack paper"):
        undo(session, "news", first.run, options)
    apply(session, news(more=True), options).check()
    for target, blocked in (("topic", True), ("spare", False)):
        part = replace(options, select=Selection(target=frozenset({target})))
        assert plan_removal(session, "news", part).blocked == blocked
    assert topics(session) == {"news", "spare"}


def test_stacks_that_expired_go_before_what_they_use(
    session: boto3.Session, options: Options, clock: VirtualClock
) -> None:
    """In one go, whatever their names."""
    short = replace(options, ttl=60)
    for stack in (news(), paper()):
        apply(session, stack, short).check()
    clock.sleep(120)
    order = [one.name for one in expired(session, options)]
    assert order == ["paper", "news"]
    for name in order:
        teardown(session, name, options, if_expired=True).check()
    assert topics(session) == set()


def test_a_use_is_written_before_the_first_create(
    session: boto3.Session, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a run that then makes nothing it is taken back; of one that makes a part it stays."""
    apply(session, news(), options).check()
    seen: list[list[str]] = []
    send: Any = BaseClient._make_api_call  # type: ignore[attr-defined]
    refused = {"CreateQueue", "Subscribe"}

    def watched(self: Any, operation: str, parameters: Any) -> Any:
        if operation in refused:
            seen.append(readers(session))
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, operation)
        return send(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", watched)
    assert apply(session, paper(), options).result == "failed"
    assert (seen[0], readers(session)) == (["paper"], [])
    refused.remove("Subscribe")
    assert apply(session, paper(), options).result == "partial"
    assert (subscribed(session), readers(session)) == (["news"], ["paper"])
    with pytest.raises(BlockedError, match="used by stack paper"):
        teardown(session, "news", options)


def test_a_teardown_that_comes_between_refuses_the_reader(
    session: boto3.Session, options: Options
) -> None:
    """What was read may be gone: the reader's intents are refused, and nothing is made."""
    apply(session, news(), options).check()

    def meanwhile(_: object) -> bool:
        teardown(session, "news", options).check()
        return True

    with pytest.raises(MovedOnError, match="news"):
        apply(session, paper(), options, approve=meanwhile)
    assert session.client("sqs").list_queues().get("QueueUrls", []) == []
    assert stacks(session, options) == ()
    with pytest.raises(ManifestError, match="no stack 'news'"):
        apply(session, paper(), options)


def test_a_stack_that_is_being_torn_down_is_not_read(
    session: boto3.Session, options: Options, clock: VirtualClock
) -> None:
    """Its outputs are about to be gone."""
    apply(session, news(), options).check()
    inventory = Inventory(DynamoStore(connect(session, clock=clock)), clock)
    holder = Holder(who="ada", host="laptop", command="teardown", run="r1")
    with inventory.open("news", holder) as journal:
        with pytest.raises(BlockedError, match="being torn down by ada"):
            plan(session, paper(), options)
        journal.close("declined", {})
    assert not plan(session, paper(), options).empty


def test_reading_costs_two_calls_a_stack_and_knowing_the_readers_none(
    session: boto3.Session, options: Options, calls: list[str]
) -> None:
    """Readers come with the records; a stack that reads nothing makes no call more."""
    apply(session, news(), options).check()
    apply(session, paper(), options).check()

    def of_inventory(act: Callable[[], object]) -> list[str]:
        calls.clear()
        act()
        return [call.partition(".")[2] for call in calls if call.startswith("dynamodb.")]

    assert of_inventory(lambda: plan(session, news(), options)) == ["Query"]
    reading = of_inventory(lambda: plan(session, paper(), options))
    assert sorted(reading) == ["GetItem", "Query", "Query"]
    assert of_inventory(lambda: apply(session, news(), options).check()) == [
        "UpdateItem",
        "Query",
        "TransactWriteItems",
    ]


def test_a_reader_that_was_lost_blocks_nothing(session: boto3.Session, options: Options) -> None:
    """A row whose stack is gone, such as one of a restored table, is no use."""
    apply(session, news(), options).check()
    session.client("dynamodb").put_item(
        TableName=TABLE,
        Item={
            "pk": {"S": "STACK#news"},
            "sk": {"S": "READER#ghost"},
            "body": {"S": '{"stack": "ghost", "uses": [{"output": "topic", "where": ["a.b"]}]}'},
        },
    )
    teardown(session, "news", options).check()
    assert topics(session) == set()


def test_a_manifest_names_other_stacks_by_variables(
    session: boto3.Session, options: Options, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`stacks` gives a short name; a value that does not fit is told with its place."""
    apply(session, news(), options).check()
    file = tmp_path / "paper.yaml"
    file.write_text(
        "stack: paper\n"
        "variables: {name: news}\n"
        "stacks: {source: '${var.name}'}\n"
        "resources:\n"
        "  inbox:\n"
        "    kind: sqs.queue\n"
        "    queue_name: inbox\n"
        "    visibility_timeout: 30\n"
        "    tags: {Topic: '${stack.source.topic}', Said: '${stack.source.greeting}'}\n"
        "outputs: {topic: 'of ${stack.source.topic}'}\n"
    )
    report = apply(session, Stack.of(load(file)), options).check()
    sqs = session.client("sqs")
    tags = sqs.list_queue_tags(QueueUrl=sqs.get_queue_url(QueueName="inbox")["QueueUrl"])["Tags"]
    arn = f"arn:aws:sns:{session.region_name}:123456789012:news"
    assert (tags["Topic"], tags["Said"]) == (arn, "a literal ${ stays")
    assert report.outputs["topic"] == f"of {arn}"
    [one] = [one for one in stacks(session, options) if one.name == "paper"]
    assert one.standing is not None
    assert [used.output for used in one.standing.uses["news"]] == ["greeting", "topic"]
    file.write_text(file.read_text().replace("inbox\n    vis", "${stack.source.topic}\n    vis"))
    assert run(["validate", str(file)]) == 0
    assert run(["graph", str(file)]) == 0
    assert run(["orphans", "paper", "--manifest", str(file)]) == 0
    assert run(["plan", str(file)]) == 1  # an ARN is no name
    told = capsys.readouterr().err
    assert "paper.yaml:7:5: inbox.queue_name" in told


def test_a_plan_that_takes_an_output_away_says_so(
    session: boto3.Session, options: Options, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the place of use and what to do, and a code that stops a pipeline."""
    apply(session, news(), options).check()
    apply(session, paper(), options).check()
    file = tmp_path / "news.yaml"
    file.write_text("stack: news\nresources: {topic: {kind: sns.topic, name: news}}\n")
    assert run(["plan", str(file)]) == 1
    told = capsys.readouterr().out
    assert "used by stack paper: ${stack.news.topic} in paper.letters.topic_arn." in told
    assert "Tear down paper first" in told
    assert "Blocked: nothing will be changed" in told


def test_a_use_moves_with_the_resource_that_has_it(
    session: boto3.Session, options: Options
) -> None:
    """The stack that gets it is the reader from then on."""
    apply(session, news(), options).check()
    apply(session, paper(), options).check()
    move(session, "paper", ["inbox", "letters"], "post", options)
    assert readers(session) == ["post"]
    with pytest.raises(BlockedError, match=r"post\.letters\.topic_arn"):
        teardown(session, "news", options)
    teardown(session, "post", options).check()
    assert readers(session) == []
    teardown(session, "news", options).check()


def test_recover_knows_what_a_manifest_reads(session: boto3.Session, options: Options) -> None:
    """The records made again are as an apply wrote them."""
    apply(session, news(), options).check()
    apply(session, paper(), options).check()
    session.client("dynamodb").delete_item(
        TableName=TABLE,
        Key={"pk": {"S": "STACK#paper"}, "sk": {"S": "RESOURCE#inbox"}},
    )
    recover(session, "paper", paper(), options)
    assert plan(session, paper(), options).empty
    assert readers(session) == ["paper"]


def test_a_use_is_widened_before_and_narrowed_after() -> None:
    """What was used stays written as long as anything may use it still."""
    old, new = Used(output="a", value=[1]), Used(output="b", value={"c": 2})
    assert both({"n": (old,)}, {"n": (new,), "m": (new,)}) == {"m": (new,), "n": (old, new)}
    [gone, row] = rows("paper", {"m": (old,), "n": (old,)}, {"n": (new,)})
    assert gone == Gone("STACK#m", "READER#paper")
    assert isinstance(row, Row)
    assert (row.pk, row.sk) == ("STACK#n", "READER#paper")
    assert [*rows("paper", {"n": (old,)}, {"n": (old,)})] == []


def test_the_memory_store_refuses_what_moved_on(clock: VirtualClock) -> None:
    """As the table does."""
    inventory = Inventory(MemoryStore(), clock)
    holder = Holder(who="ada", host="laptop", command="apply", run="r1")
    with inventory.open("news", holder) as journal:
        journal.close("succeeded", {})
    with inventory.open("paper", holder.model_copy(update={"run": "r2"})) as journal:
        journal.use(Uses({"news": (Used(output="topic"),)}, {"news": 0}))
        with pytest.raises(MovedOnError):
            journal.intend([])
        journal.close("failed", {})
    assert inventory.holdings("news").readers == ()
