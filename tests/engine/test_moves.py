"""`moved_from`: another address, the same object. Nothing is deleted, nothing made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import boto3
import pytest

from provisioner.api.plans import plan
from provisioner.api.runs import apply, rollback
from provisioner.errors import ForeignObjectError, ManifestError, PlanError
from provisioner.inventory import Record
from provisioner.lifecycle.ensure import Action
from provisioner.manifest import load
from provisioner.operations.desk import Options
from provisioner.planning.resemblance import resemblances
from provisioner.stack import Handle, Stack
from provisioner.views.plans import plan_lines
from provisioner.views.plans.document import plan_document
from tests.conftest import VirtualClock
from tests.e2e.alive import alive
from tests.engine.test_runs import refusing
from tests.engine.test_story import counts, writes
from tests.faults.stage import Stage
from tests.faults.weather import Killed, Moment, Struck, silence_the_dead


def ward(
    named: Mapping[str, str] = MappingProxyType({}),
    was: Mapping[str, str] = MappingProxyType({}),
    *,
    cidr: str = "16",
) -> Stack:
    """A key and a queue that needs it, a network and a group, a log group and what has no tags.

    Args:
        named: what of it has another address.
        was: by address, what it says of where it was.
        cidr: of the network; a change is a replace.
    """
    stack = Stack("ward", tags={"Team": "care"})

    def add(name: str, kind: str, **settings: Any) -> Handle:
        address = named.get(name, name)
        return stack.add(address, kind, moved_from=was.get(address, ()), **settings)

    key = add("key", "kms.key", alias="alias/ward")
    net = add("net", "ec2.vpc", cidr_block=f"10.0.0.0/{cidr}")
    add("queue", "sqs.queue", queue_name="ward", kms_key=key.arn)
    add("group", "ec2.security_group", group_name="ward", description="in", vpc_id=net.id)
    logs = add("logs", "logs.log_group", log_group_name="/ward", retention_in_days=30)
    add(
        "errors",
        "logs.metric_filter",
        log_group_name=logs.name,
        filter_name="errors",
        filter_pattern="ERROR",
        metric_transformation={
            "metric_name": "errors",
            "metric_namespace": "ward",
            "metric_value": "1",
        },
    )
    return stack


NEW = {"key": "seal", "net": "network", "logs": "entries", "errors": "faults"}
OLD = {new: old for old, new in NEW.items()}


def renamed(**other: Any) -> Stack:
    """Four addresses of six are others."""
    return ward(NEW, OLD, **other)


@pytest.fixture
def stage(session: boto3.Session) -> Stage:
    return Stage(session, ward())


def edges(records: dict[str, Record]) -> dict[str, set[str]]:
    return {a: {edge.address for edge in r.edges} for a, r in records.items() if r.edges}


def owners(session: boto3.Session) -> set[str]:
    """The addresses on the tags of everything, as AWS has them."""
    kms: Any = session.client("kms")
    sqs: Any = session.client("sqs")
    ec2: Any = session.client("ec2")
    logs: Any = session.client("logs")
    tags: list[dict[str, str]] = []
    for alias in kms.list_aliases()["Aliases"]:
        if alias["AliasName"] == "alias/ward":
            listed = kms.list_resource_tags(KeyId=alias["TargetKeyId"])["Tags"]
            tags.append({one["TagKey"]: one["TagValue"] for one in listed})
    tags += [
        sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
        for url in sqs.list_queues().get("QueueUrls", [])
    ]
    for answer, member in (
        (ec2.describe_vpcs(), "Vpcs"),
        (ec2.describe_security_groups(), "SecurityGroups"),
    ):
        tags += [{t["Key"]: t["Value"] for t in one.get("Tags", [])} for one in answer[member]]
    for group in logs.describe_log_groups()["logGroups"]:
        tags.append(
            logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
        )
    return {one["provisioner:address"] for one in tags if "provisioner:address" in one}


def test_a_rename_keeps_every_object(stage: Stage, session: boto3.Session) -> None:
    """Records, edges and tags have the new address; the objects are the old ones; then nothing."""
    stage.up()
    before, ids = alive(session), {a: r.id for a, r in stage.records().items()}
    stage.stack = renamed()
    planned = plan(session, stage.stack, stage.options)
    assert {c.address: str(c.action) for c in planned.changes if not c.idle} == dict.fromkeys(
        ("seal", "network", "entries", "faults"), "move"
    )
    assert not planned.empty
    report = stage.up()
    assert report
    assert counts(report.check()) == {"moved": 4, "unchanged": 2}
    assert writes(report) == 3  # one tag call for each that can carry tags
    assert alive(session) == before
    records = stage.records()
    assert {r.id for r in records.values()} == {*ids.values()}
    assert records["seal"].id == ids["key"]
    assert records["seal"].status == "ready"
    assert edges(records) == {
        "queue": {"seal"},
        "group": {"network"},
        "faults": {"entries"},
    }
    assert owners(session) == {"seal", "network", "entries", "queue", "group"}
    again = stage.up()
    assert again
    assert (writes(again), counts(again)) == (0, {"unchanged": 6})
    down = stage.down()
    assert down
    assert counts(down.check()) == {"deleted": 6}
    assert alive(session) == {}


def test_a_move_that_was_done_says_nothing_more(stage: Stage, session: boto3.Session) -> None:
    """moved_from may stay in the manifest, and go; on an empty account it is no matter."""
    stage.stack = renamed()
    assert counts(_done(stage)) == {"created": 6}
    assert plan(session, renamed(), stage.options).empty
    assert plan(session, ward(NEW), stage.options).empty


def test_a_move_with_a_change_is_both(stage: Stage, session: boto3.Session) -> None:
    """A field that differs, too, is updated in place; one that can't be is still a replace."""
    stage.up()
    stack = ward({"key": "seal"}, {"seal": "key"}, cidr="20")
    wanted = stack.resources["seal"]
    told = {**wanted.settings, "description": "ours"}
    stack.resources["seal"] = replace(wanted, settings=told)
    planned = plan(session, stack, stage.options)
    seal, net = planned.change("seal"), planned.change("net")
    assert seal
    assert net
    assert (seal.action, seal.reason) == (Action.UPDATE, "moved from key")
    assert net.action is Action.REPLACE


def test_the_history_tells_of_a_move(stage: Stage) -> None:
    """Each with the address it had, and the run that did it."""
    stage.up()
    stage.stack = renamed()
    report = _done(stage)
    run, events = stage._inventory().run("ward", report.run)
    assert run.changes == dict.fromkeys(("seal", "network", "entries", "faults"), "move")
    told = {event.address: event.message for event in events}
    assert told["seal"] == "moved from key"


def test_both_addresses_are_not_wanted(tmp_path: Any) -> None:
    """Offline: what is moved away from can't stay, and only one can have been it."""
    stack = ward()
    stack.add("seal", "kms.key", alias="alias/seal", moved_from="key")
    stack.add("lock", "kms.key", alias="alias/lock", moved_from=["old", "older"])
    stack.add("bolt", "kms.key", alias="alias/bolt", moved_from="old")
    with pytest.raises(ManifestError) as wrong:
        stack.check()
    assert [str(problem) for problem in wrong.value.problems] == [
        "seal.moved_from: 'key' is wanted, too. Take away either that resource or moved_from.",
        "lock.moved_from: bolt was moved from 'old', too. Only one of them can be it.",
        "bolt.moved_from: lock was moved from 'old', too. Only one of them can be it.",
    ]
    file = tmp_path / "s.yaml"
    file.write_text("stack: s\nresources:\n  a: {kind: kms.key, alias: alias/a, moved_from: 3}\n")
    with pytest.raises(ManifestError, match=r"s.yaml:3:\d+: a.moved_from wants names"):
        load(file)
    file.write_text("stack: s\nresources: {a: {kind: kms.key, alias: alias/a, moved_from: b}}")
    assert Stack.of(load(file)).resources["a"].moved_from == ("b",)


def test_another_kind_and_two_objects_are_refused(stage: Stage, session: boto3.Session) -> None:
    """What can't be one object is told before anything is read of AWS, and nothing is changed."""
    stage.up()
    before = stage.records()
    stack = ward()
    del stack.resources["queue"]
    stack.add("topic", "sns.topic", name="t", moved_from="queue")
    with pytest.raises(PlanError, match=r"can't be moved from queue: that is a sqs.queue"):
        apply(session, stack, stage.options)
    apply(session, _with(ward(), "spare"), stage.options).check()
    with pytest.raises(PlanError, match=r"spare and key have an object each"):
        apply(session, _with(_without(ward(), "key", "queue"), "spare", "key"), stage.options)
    assert before.items() <= stage.records().items()


def test_without_moved_from_a_rename_is_told_as_what_it_looks_like(
    stage: Stage, session: boto3.Session
) -> None:
    """A delete and a create with the same settings, in words and in JSON; nothing else does."""
    stage.up()
    stack = ward({"net": "network"})
    stack.add("other", "ec2.vpc", cidr_block="10.9.0.0/16")
    planned = plan(session, stack, stage.options)
    [one] = resemblances(planned)
    assert (one.address, one.former) == ("network", "net")
    text = "\n".join(line.plain for line in plan_lines(planned))
    assert "network looks like net renamed: moved_from: net" in text
    renames: Any = plan_document(planned)["renames"]
    assert [(r["address"], r["moved_from"]) for r in renames] == [("network", "net")]
    assert json.dumps(renames)


def test_an_object_with_a_name_of_its_own_says_what_it_is(
    stage: Stage, session: boto3.Session
) -> None:
    """The new address finds the object of the old one by its name; it is not a stranger's."""
    stage.up()
    stack = _without(ward(), "queue")
    stack.add("letters", "sqs.queue", queue_name="ward", kms_key="${key.arn}")
    with pytest.raises(ForeignObjectError, match="is queue, which is no longer wanted") as refused:
        plan(session, stack, stage.options)
    assert refused.value.hint == "If letters is its new address: moved_from: queue."


def test_a_rollback_leaves_a_move_and_names_it(stage: Stage, session: boto3.Session) -> None:
    """What the run changed beside it goes back; nothing that was moved is deleted or remade."""
    stage.up()
    before = alive(session)
    stage.stack = renamed()
    queue = stage.stack.resources["queue"]
    told = {**queue.settings, "visibility_timeout": 77}
    stage.stack.resources["queue"] = replace(queue, settings=told)
    run = _done(stage).run
    undone = rollback(session, "ward", run, stage.options).check()
    assert {(one.address, one.why) for one in undone.plan.lasting} >= {
        ("seal", "it was moved from key and keeps its new one")
    }
    assert alive(session) == before
    assert {"seal", "network", "entries", "faults"} < set(stage.records())
    url = session.client("sqs").get_queue_url(QueueName="ward")["QueueUrl"]
    attributes = session.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["VisibilityTimeout"]
    )["Attributes"]
    assert attributes["VisibilityTimeout"] == "30"


def test_a_new_resource_at_the_old_address_is_another_one(
    session: boto3.Session, clock: VirtualClock
) -> None:
    """Even while the tags of the moved object still name that address: the records know better."""
    options = Options(clock=clock)
    apply(session, ward(), options).check()
    stack = renamed()
    with refusing(session, "kms.TagResource"):
        assert apply(session, stack, options).result == "partial"
    clock.sleep(600)
    both = ward(NEW)
    both.add("key", "kms.key", alias="alias/other")
    planned = plan(session, both, options)
    assert {c.address: str(c.action) for c in planned.changes if not c.idle} == {
        "seal": "move",
        "key": "create",
    }
    apply(session, both, options).check()
    kms = session.client("kms")
    targets = {a["AliasName"]: a.get("TargetKeyId") for a in kms.list_aliases()["Aliases"]}
    assert targets["alias/ward"] != targets["alias/other"]
    assert plan(session, both, options).empty


def test_old_tags_shown_for_a_moment_are_no_stranger_s(
    session: boto3.Session, clock: VirtualClock
) -> None:
    """AWS may answer with the tags of before for seconds; that is waited for."""

    def mail(address: str, moved_from: str = "") -> Stack:
        stack = Stack("mail")
        stack.add(address, "sqs.queue", queue_name="mail", moved_from=moved_from or ())
        return stack

    options = Options(clock=clock)
    apply(session, mail("old"), options).check()
    assert counts(apply(session, mail("new", "old"), options).check()) == {"moved": 1}
    until = clock.monotonic() + 10

    def yesterday(parsed: dict[str, Any], **_: Any) -> None:
        if clock.monotonic() < until:
            parsed["Tags"]["provisioner:address"] = "old"

    session.events.register("after-call.sqs.ListQueueTags", yesterday)
    again = apply(session, mail("new", "old"), options).check()
    assert (writes(again), counts(again)) == (0, {"unchanged": 1})
    assert clock.monotonic() >= until


def test_there_and_back_is_as_if_nothing_had_been(stage: Stage, session: boto3.Session) -> None:
    """The tags of before are those of now again; nothing goes on moving."""
    stage.up()
    before = alive(session)
    stage.stack = renamed()
    _done(stage)
    stage.stack = ward(was=NEW)
    assert counts(_done(stage)) == {"moved": 4, "unchanged": 2}
    again = stage.up()
    assert again
    assert (writes(again), counts(again)) == (0, {"unchanged": 6})
    assert owners(session) == {"key", "net", "logs", "queue", "group"}
    assert alive(session) == before


def test_a_stale_moved_from_takes_nobody_s_record(stage: Stage, session: boto3.Session) -> None:
    """The old address had another resource since: two objects, and that is said."""
    stage.up()
    stage.stack = ward({"key": "seal"}, {"seal": "key"})
    _done(stage)
    stage.stack = _with(ward({"key": "seal"}), "key")
    _done(stage)
    with pytest.raises(PlanError, match="seal and key have an object each"):
        plan(session, ward({"key": "seal"}, {"seal": "key"}), stage.options)
    assert {"seal", "key"} < set(stage.records())


def test_more_renames_than_one_transaction_holds(session: boto3.Session) -> None:
    """Killed between two of them, each object is still known, under one address or the other."""

    def many(prefix: str, was: str = "") -> Stack:
        stack = Stack("many")
        for number in range(60):
            stack.add(
                f"{prefix}{number}",
                "ec2.elastic_ip",
                moved_from=f"{was}{number}" if was else (),
            )
        return stack

    silence_the_dead()
    stage = Stage(session, many("a"), patient=False)
    stage.up()
    before = alive(session)
    stage.stack = many("b", "a")

    def between(moment: Moment) -> Struck:
        first = str(moment.call) == "dynamodb.TransactWriteItems"
        return Killed() if first and moment.side == "after" else None

    stage.up(between)
    known = stage.records()
    assert {record.id for record in known.values()} == set(before["address"])
    assert {address[0] for address in known} == {"a", "b"}
    report = _done(stage)
    assert "created" not in counts(report)
    assert set(stage.records()) == set(stage.stack.resources)
    assert alive(session) == before
    again = stage.up()
    assert again
    assert (writes(again), counts(again)) == (0, {"unchanged": 60})


def _done(stage: Stage) -> Any:
    report = stage.up()
    assert report
    return report.check()


def _with(stack: Stack, address: str, moved_from: str = "") -> Stack:
    stack.add(address, "kms.key", alias=f"alias/{address}", moved_from=moved_from or ())
    return stack


def _without(stack: Stack, *addresses: str) -> Stack:
    for address in addresses:
        del stack.resources[address]
    return stack
