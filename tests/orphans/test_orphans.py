"""What is ours and in no record is found, with the reason; nothing else is listed or touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import boto3
import pytest

from provisioner.api.runs import teardown
from provisioner.api.strays import adopt_orphans, delete_orphans, find_orphans
from provisioner.discovery.orphans import Orphan
from provisioner.errors import BlockedError, InventoryError, LeaseHeldError, PlanError
from provisioner.inventory import Holder
from provisioner.operations.desk import Desk
from provisioner.operations.hunt import Hunt
from provisioner.stack import Stack
from tests.faults.stage import empty
from tests.faults.weather import Side, Trouble, fair, killed_at, silence_the_dead
from tests.orphans.ground import Ground
from tests.recovery.ruin import clinic, denying, lasting, unprotected
from tests.walks import one_in


@pytest.fixture
def ground() -> Iterator[Ground]:
    """A stack that is up, on an AWS whose every service has been called once."""
    with empty(unprotected(clinic())) as stage:
        made = Ground(stage.session, stage.stack)
        assert made.alive() == {}
        report = made.up()
        assert report is not None
        report.check()
        yield made


def told(found: Hunt | Iterable[Orphan]) -> set[tuple[str, str, str]]:
    """Sign, kind and id of each."""
    listed = found.orphans if isinstance(found, Hunt) else found
    return {(str(one.sign), one.seen.kind.kind, one.seen.id) for one in listed}


def test_a_whole_stack_has_none(ground: Ground) -> None:
    """Neither as a stack nor in the account, with and without its manifest; nothing is written."""
    before = ground.rows()
    for name, wanted in (("clinic", None), ("clinic", ground.stack), ("", None)):
        found = ground.hunt(name, wanted)
        assert (found.orphans, found.unread, found.busy, found.damaged) == ((), (), (), ())
        assert not any(call.mutates for call in ground.last)
    assert ground.rows() == before


def test_what_carries_our_tags_and_has_no_record(ground: Ground) -> None:
    """Listed for the stack and for the account; adopted, it is recorded as it was."""
    before = lasting(ground.rows())
    ground.lose("patients")
    for found in (ground.hunt("clinic"), ground.hunt()):
        assert told(found) == {("tags", "dynamodb.table", "clinic-patients")}
        assert "patients, and there is no record" in found.orphans[0].why
    ground.take_in("clinic-patients", wanted=ground.stack)
    assert lasting(ground.rows()) == before
    assert all(change.idle for change in ground.planned().changes)


def test_of_a_lost_inventory_everything_is_listed(ground: Ground) -> None:
    """Whatever carries tags, and what belongs to it: as many as there were records."""
    ground.lose_the_table()
    found = ground.hunt()
    assert len(found.orphans) == len(ground.stack.resources)
    assert {str(one.sign) for one in found.orphans} == {"tags", "parent"}
    assert (
        "the inventory does not know" in found.orphans[0].why or found.orphans[0].sign == "parent"
    )


def test_a_twin_is_deleted_and_nothing_else(ground: Ground) -> None:
    """Two networks with the same tags: the one that is not recorded goes."""
    ec2 = ground.client("ec2")
    mine = ground.rows()["net"]["id"]
    [vpc] = ec2.describe_vpcs(VpcIds=[mine])["Vpcs"]
    twin = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[twin], Tags=vpc["Tags"])
    before, alive = ground.rows(), ground.alive()
    found = ground.hunt("clinic")
    assert told(found) == {("tags", "ec2.vpc", twin)}
    assert f"whose record is of {mine}" in found.orphans[0].why
    with pytest.raises(PlanError, match=f"that is {mine}, which exists"):
        ground.take_in(twin)
    assert ground.delete(twin).result == "succeeded"
    assert ground.alive() == {**alive, "vpc": [mine], **_without_default_groups(alive, ground)}
    assert ground.rows() == before


def _without_default_groups(alive: dict[str, list[str]], ground: Ground) -> dict[str, list[str]]:
    """A network's own group and list go with it."""
    now = ground.alive()
    return {kind: now[kind] for kind in ("group", "acl") if kind in now and kind in alive}


def test_what_belongs_to_ours_and_has_no_record(ground: Ground) -> None:
    """A subscription that somebody made by hand on our topic: listed; deleted if asked to."""
    sns = ground.client("sns")
    topic = ground.rows()["alerts"]["id"]
    theirs = "arn:aws:sqs:eu-central-1:1:theirs"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=theirs)
    before, id_ = ground.rows(), f"{topic}|sqs|{theirs}"
    assert told(ground.hunt("clinic")) == {("parent", "sns.subscription", id_)}
    assert ground.delete(id_).result == "succeeded"
    left = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [one["Protocol"] for one in left] == ["https"]
    assert ground.rows() == before


def test_a_bucket_without_its_tags(ground: Ground) -> None:
    """It has our name and no tag: adopted, a teardown leaves it; deleted, it is not emptied."""
    s3 = ground.client("s3")
    s3.delete_bucket_tagging(Bucket="clinic-records")
    s3.put_object(Bucket="clinic-records", Key="theirs", Body=b"1")
    found = ground.hunt("clinic")
    assert told(found) == {("name", "s3.bucket", "clinic-records")}
    with suppress(BlockedError):
        assert ground.delete("clinic-records").result == "failed"
    assert s3.get_object(Bucket="clinic-records", Key="theirs")["Body"].read() == b"1"
    ground.take_in("clinic-records")
    assert not ground.rows()["records"].get("owned", True)
    assert ground.hunt("clinic").orphans == ()
    report = teardown(ground.clients, "clinic", ground.options)
    assert report.result == "succeeded"
    assert ground.alive() == {"bucket": ["clinic-records"]}


def test_what_lives_again_after_its_delete(ground: Ground) -> None:
    """A late writer makes the log group again, without tags: the history knows the name."""
    report = teardown(ground.clients, "clinic", ground.options)
    assert (report.result, ground.alive()) == ("succeeded", {})
    logs = ground.client("logs")
    _written_late(ground, "/clinic/logs")
    logs.create_log_group(logGroupName="/others/logs")
    for found in (ground.hunt("clinic"), ground.hunt()):
        assert told(found) == {("name", "logs.log_group", "/clinic/logs")}
        assert "we deleted logs under this name" in found.orphans[0].why
    assert ground.delete("/clinic/logs").result == "succeeded"
    assert ground.alive() == {"log group": ["/others/logs"]}
    assert ground.rows() == {}


def _written_late(ground: Ground, name: str) -> None:
    """A service makes a log group; the emulator gives it its namesake's tags, AWS none."""
    logs = ground.client("logs")
    logs.create_log_group(logGroupName=name)
    [group] = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    arn = group["arn"].removesuffix(":*")
    tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
    logs.untag_resource(resourceArn=arn, tagKeys=[*tags])


def test_names_of_a_manifest(session: boto3.Session) -> None:
    """Before anything was applied: what stands under its names, told as not ours."""
    ground = Ground(session, unprotected(clinic()))
    assert ground.alive() == {}
    bucket: Any = {"LocationConstraint": "eu-central-1"}
    session.client("s3").create_bucket(Bucket="clinic-records", CreateBucketConfiguration=bucket)
    session.client("s3").create_bucket(Bucket="others", CreateBucketConfiguration=bucket)
    assert ground.hunt("clinic").orphans == ()
    found = ground.hunt("clinic", ground.stack)
    assert told(found) == {("name", "s3.bucket", "clinic-records")}
    assert "the manifest gives to records" in found.orphans[0].why


def test_what_can_not_be_read_is_no_orphan_and_is_not_touched(ground: Ground) -> None:
    """It is listed as unread, with AWS's code; asked for by id, it is refused."""
    key = ground.rows()["key"]["id"]
    ground.lose("key")
    found = ground.hunt("clinic", trouble=denying("kms"))
    assert found.orphans == ()
    assert [(one.kind, one.code) for one in found.unread] == [("kms.key", "AccessDenied")]
    with pytest.raises(PlanError, match="not among the orphans"):
        ground.delete(key, trouble=denying("kms"))
    state = ground.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    assert state == "Enabled"


@pytest.mark.parametrize("id_", ["clinic-patients", "others", "nothing"])
def test_nothing_is_deleted_that_is_not_listed(ground: Ground, id_: str) -> None:
    """Neither what is recorded, nor what is somebody else's, nor with it what is an orphan."""
    bucket: Any = {"LocationConstraint": "eu-central-1"}
    ground.client("s3").create_bucket(Bucket="others", CreateBucketConfiguration=bucket)
    ground.lose("reader")
    alive = ground.alive()
    for act in (ground.delete, ground.take_in):
        with pytest.raises(PlanError, match="not among the orphans"):
            act("clinic-reader", id_)
    assert ground.alive() == alive
    assert "reader" not in ground.rows()


def test_one_id_of_two_kinds_has_to_be_named_with_its_kind(ground: Ground) -> None:
    """A role and a bucket may have the same name."""
    bucket: Any = {"LocationConstraint": "eu-central-1"}
    s3 = ground.client("s3")
    s3.create_bucket(Bucket="clinic-reader", CreateBucketConfiguration=bucket)
    tags = [
        {"Key": "provisioner:stack", "Value": "clinic"},
        {"Key": "provisioner:address", "Value": "old"},
    ]
    s3.put_bucket_tagging(Bucket="clinic-reader", Tagging={"TagSet": tags})
    ground.lose("reader")
    with pytest.raises(PlanError, match=r"s3\.bucket/clinic-reader"):
        ground.delete("clinic-reader")
    assert ground.delete("s3.bucket/clinic-reader").result == "succeeded"
    assert ground.alive()["bucket"] == ["clinic-records"]
    assert ground.alive()["role"] == ["clinic-reader"]


def test_a_stack_that_is_being_worked_on_is_left_out(ground: Ground) -> None:
    """What its run is about to record is no orphan; the list says who works on it."""
    ground.lose("patients")
    inventory = Desk(ground.clients, ground.options).inventory
    holder = Holder(who="ada", host="laptop", command="apply", run="")
    with inventory.open("clinic", holder) as journal:
        for found in (ground.hunt("clinic"), ground.hunt()):
            assert found.orphans == ()
            assert [lease.holder.who for lease in found.busy if lease.holder] == ["ada"]
        at_once = replace(ground.options, lock_timeout=0)
        for act in (delete_orphans, adopt_orphans):
            with pytest.raises(LeaseHeldError, match="ada"):
                act(ground.clients, "clinic", ["clinic-patients"], None, at_once)
        journal.close("succeeded", {})
    assert len(ground.hunt("clinic").orphans) == 1
    assert ground.alive()["table"] == ["clinic-patients"]


def test_what_an_open_intent_will_settle_is_no_orphan(ground: Ground) -> None:
    """A run died between a create and its record: the next run knows what it made."""
    ground.put("net", {**ground.rows()["net"], "status": "intended", "id": None})
    assert ground.hunt("clinic").orphans == ()


def test_a_damaged_record_is_mended_and_not_hunted(ground: Ground) -> None:
    """Its object may have the best of records in a moment."""
    ground.put("net", "{")
    found = ground.hunt("clinic")
    assert (found.orphans, found.damaged) == ((), ("clinic",))
    with pytest.raises(InventoryError):
        ground.delete(ground.stack.name)


def test_what_scripts_made_is_only_counted(ground: Ground) -> None:
    """They keep no records; asked for by name, their stack is a stack."""
    from provisioner.resources.sqs_queue import SqsQueueSpec, ensure_sqs_queue

    ensure_sqs_queue(ground.session, SqsQueueSpec(queue_name="inbox"))
    assert (ground.hunt().orphans, ground.hunt().scripts) == ((), 1)
    assert told(ground.hunt("standalone")) == {("tags", "sqs.queue", "inbox")}


def test_what_another_stack_has_adopted_is_not_ours(ground: Ground) -> None:
    """A name of ours that lives again may be theirs by right."""
    teardown(ground.clients, "clinic", ground.options)
    _written_late(ground, "/clinic/logs")
    theirs = Stack("theirs")
    theirs.add("logs", "logs.log_group", log_group_name="/clinic/logs")
    other = Ground(ground.session, theirs, clock=ground.clock)
    assert told(other.hunt("theirs", theirs)) == {("name", "logs.log_group", "/clinic/logs")}
    adopt_orphans(other.clients, "theirs", ["/clinic/logs"], theirs, other.options)
    assert other.rows()["logs"]["owned"] is False
    assert other.hunt("clinic").orphans == ()


def test_killed_at_any_call_the_same_command_finishes(ground: Ground) -> None:
    """Two orphans being deleted: what was begun is still listed, and the same words end it."""
    silence_the_dead()
    alive = ground.alive()
    ids = ("clinic-more", "/clinic/more")
    ground.scatter(*ids)
    assert ground.delete(*ids).result == "succeeded"
    calls, rows = ground.last, ground.rows()
    assert ground.alive() == alive
    points: list[tuple[int, Side]] = [
        (number, side)
        for number, call in enumerate(calls, 1)
        for side in (("before", "after") if call.mutates else ("before",))
    ]
    for number, side in points[:: one_in(7)]:
        ground.scatter(*ids)
        assert ground.attempt(*ids, trouble=killed_at(number, side)) is None
        again = ground.attempt(*ids)
        assert again is not None, (number, side)
        assert again.result == "succeeded", (number, side)
        assert (ground.alive(), ground.rows()) == (alive, rows), (number, side)
    assert ground.hunt("clinic").orphans == ()


def test_intents_stand_before_the_first_delete(ground: Ground) -> None:
    """When the first object goes, the inventory says already what is about to."""
    ground.scatter("clinic-more", "/clinic/more")
    seen: list[set[str]] = []

    def look(moment: Any) -> None:
        if moment.side == "before" and moment.call.operation.startswith("Delete") and not seen:
            ground.weather.trouble = fair
            leaving = {a for a, row in ground.rows().items() if row["status"] == "deleting"}
            seen.append(leaving)

    trouble: Trouble = look
    assert ground.delete("clinic-more", "/clinic/more", trouble=trouble).result == "succeeded"
    assert seen == [{"more", "more_logs"}]


def test_a_delete_of_orphans_is_not_undone(ground: Ground) -> None:
    """What it deleted was no state that anybody recorded."""
    from provisioner.api.runs import rollback

    ground.scatter("clinic-more", "/clinic/more")
    run = ground.delete("clinic-more").run
    with pytest.raises(PlanError, match="can't be undone"):
        rollback(ground.clients, "clinic", run, ground.options)
    assert (
        delete_orphans(ground.clients, "clinic", ["/clinic/more"], None, ground.options).result
        == "succeeded"
    )
    assert find_orphans(ground.clients, "clinic", None, ground.options).orphans == ()
