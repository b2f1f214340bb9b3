"""Records that are lost are made again from what AWS shows; what can't be told is said."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import boto3
import pytest

from provisioner.api.runs import teardown
from provisioner.errors import (
    BlockedError,
    DamagedRecordError,
    InventoryError,
    LeaseHeldError,
    PlanError,
    ProtectedError,
)
from provisioner.inventory import Holder
from provisioner.operations.desk import Desk
from provisioner.stack import Stack
from tests.faults.stage import empty
from tests.faults.weather import (
    Killed,
    Moment,
    Refused,
    Side,
    Struck,
    Trouble,
    killed_at,
    silence_the_dead,
)
from tests.recovery.ruin import Ruin, clinic, denying, lasting, unprotected
from tests.walks import one_in


@pytest.fixture
def ruin() -> Iterator[Ruin]:
    """A stack that is up, on an AWS whose every service has been called once.

    The emulator loads a service at its first call; several at once trip over CPython 3.11's parser.
    """
    with empty(clinic()) as stage:
        made = Ruin(stage.session, stage.stack)
        assert made.alive() == {}
        report = made.up()
        assert report is not None
        report.check()
        yield made


def torn_down(ruin: Ruin) -> None:
    """A teardown leaves nothing; protection is lifted first, as a person has to."""
    report = teardown(ruin.clients, ruin.stack.name, ruin.options)
    assert (report.result, ruin.alive()) == ("succeeded", {}), report.outcome.failed


def test_with_the_manifest_the_records_are_as_an_apply_wrote_them(ruin: Ruin) -> None:
    """Table gone: the same addresses, edges, tags, protection; then nothing is to be changed."""
    before = ruin.rows()
    ruin.lose_the_table()
    assert ruin.mended(ruin.stack).result == "succeeded"
    after = ruin.rows()
    assert lasting(after) == lasting(before)
    for address in ("records", "key"):
        local = {"empty_on_delete", "deletion_window_days"} & set(before[address]["settings"])
        assert {n: after[address]["settings"][n] for n in local} == {
            n: before[address]["settings"][n] for n in local
        }
    assert all(change.idle for change in ruin.planned().changes)
    with pytest.raises(ProtectedError, match="net"):
        teardown(ruin.clients, "clinic", ruin.options)
    ruin.stack = unprotected(ruin.stack)
    assert ruin.up() is not None
    torn_down(ruin)


def test_without_the_manifest_a_teardown_leaves_nothing(ruin: Ruin) -> None:
    """Tags and parents are enough; the order comes from ids and ARNs."""
    ruin.lose_the_table()
    mended = ruin.mended()
    assert mended.result == "succeeded"
    assert {(one.address, one.field, one.taken) for one in mended.recovery.unknown} == {
        ("key", "deletion_window_days", 30),
        ("records", "empty_on_delete", False),
    }
    rows = ruin.rows()
    assert [edge["address"] for edge in rows["group"]["edges"]] == ["net"]
    assert rows["reads"]["edges"] == [{"address": "patients", "stage": "configure"}]
    [hook] = [row for row in rows.values() if row["kind"] == "sns.subscription"]
    assert hook["address"].startswith("subscription_")
    assert [edge["address"] for edge in hook["edges"]] == ["alerts"]
    torn_down(ruin)


def test_a_bucket_is_not_emptied_unless_a_manifest_says_so(ruin: Ruin) -> None:
    """What is not known is taken as the safe default: the records stay."""
    s3 = ruin.client("s3")
    s3.put_object(Bucket="clinic-records", Key="patient", Body=b"1")
    ruin.lose_the_table()
    ruin.mended()
    with pytest.raises(BlockedError, match="holds 1 version"):
        ruin.down()
    assert s3.get_object(Bucket="clinic-records", Key="patient")["Body"].read() == b"1"
    ruin.mended(unprotected(ruin.stack))
    torn_down(ruin)


def test_what_was_recovered_without_the_manifest_gets_its_addresses_with_it(ruin: Ruin) -> None:
    """Two recoveries end where one with the manifest does."""
    before = lasting(ruin.rows())
    ruin.lose_the_table()
    ruin.mended()
    second = ruin.mended(ruin.stack)
    assert set(ruin.rows()) == set(before)
    assert len(second.recovery.moved) == 2
    plan = ruin.planned()
    assert plan.empty
    assert ruin.up() is not None
    assert lasting(ruin.rows()) == before


def test_good_records_are_kept_to_the_letter(ruin: Ruin) -> None:
    """Only what is missing is made again; whoever needs it still names it."""
    before = ruin.rows()
    ruin.lose("key")
    mended = ruin.mended(ruin.stack)
    assert [record.address for record in mended.recovery.records] == ["key"]
    after = ruin.rows()
    assert {a: row for a, row in after.items() if a != "key"} == {
        a: row for a, row in before.items() if a != "key"
    }
    assert lasting(after) == lasting(before)


@pytest.mark.parametrize("body", ["{", "[]", '{"address": "key"}', '{"version": "?"}', ""])
def test_a_damaged_record_stops_a_run_until_it_is_mended(ruin: Ruin, body: str) -> None:
    """The run names the record and the mend; the mend is what it says."""
    before = lasting(ruin.rows())
    ruin.put("key", body)
    with pytest.raises(DamagedRecordError, match="STACK#clinic RESOURCE#key") as stopped:
        ruin.up()
    assert "recover clinic" in stopped.value.hint
    with pytest.raises(DamagedRecordError):
        ruin.down()
    assert ruin.mended(ruin.stack).result == "succeeded"
    assert lasting(ruin.rows()) == before


def test_a_damaged_record_of_nothing_is_dropped(ruin: Ruin) -> None:
    """No object carries its tags, and everything was read: the run is stopped no longer."""
    ruin.put("ghost", "{")
    mended = ruin.mended(ruin.stack)
    assert mended.recovery.dropped == ("ghost",)
    assert "ghost" not in ruin.rows()
    assert ruin.planned().empty


def test_a_record_of_a_newer_version_is_not_overwritten(ruin: Ruin) -> None:
    """It is not damaged; what this version does not understand it leaves alone."""
    newer = {**ruin.rows()["key"], "version": 99, "more": True}
    ruin.put("key", newer)
    with pytest.raises(InventoryError, match="newer"):
        ruin.mended(ruin.stack)
    assert ruin.rows()["key"] == newer


def test_what_can_not_be_read_is_named_and_nothing_is_concluded(ruin: Ruin) -> None:
    """A damaged record whose object may be among it is kept; the next recovery makes the rest."""
    before = lasting(ruin.rows())
    ruin.lose_the_table()
    ruin.mended(ruin.stack)
    for address in ("records", "alerts"):
        ruin.lose(address)
    ruin.put("ghost", "{")
    mended = ruin.mended(ruin.stack, denying("s3"))
    assert mended.result == "partial"
    [unread] = mended.recovery.unread
    assert (unread.kind, unread.code) == ("s3.bucket", "AccessDenied")
    stopped = ruin.addresses()
    assert ("ghost" in stopped, "records" in stopped, "alerts" in stopped) == (True, False, True)
    assert ruin.mended(ruin.stack).recovery.dropped == ("ghost",)
    assert lasting(ruin.rows()) == before


def test_edges_to_what_was_not_read_at_first_are_added(ruin: Ruin) -> None:
    """Keys unread: their users are recorded without them, and name them once they are read."""
    ruin.lose_the_table()
    assert ruin.mended(trouble=denying("kms")).result == "partial"
    assert "key" not in {edge["address"] for edge in ruin.rows()["patients"].get("edges", ())}
    assert ruin.mended().result == "succeeded"
    for user in ("patients", "records", "alerts"):
        assert "key" in {edge["address"] for edge in ruin.rows()[user]["edges"]}
    torn_down(ruin)


def test_what_somebody_else_closed_to_us_hides_nothing_of_ours(ruin: Ruin) -> None:
    """One key of others can't be read: ours are found all the same, and the kind is named."""
    before = lasting(ruin.rows())
    theirs = ruin.client("kms").create_key()["KeyMetadata"]["KeyId"]

    def closed(moment: Moment) -> Struck:
        asked = moment.side == "before" and moment.call.operation == "ListResourceTags"
        wanted = asked and moment.asked.get("KeyId") == theirs
        return Refused("AccessDeniedException") if wanted else None

    ruin.lose_the_table()
    mended = ruin.mended(ruin.stack, closed)
    assert mended.result == "partial"
    assert [(one.kind, one.code) for one in mended.recovery.unread] == [
        ("kms.key", "AccessDeniedException")
    ]
    assert lasting(ruin.rows()) == before


def test_two_objects_with_the_same_tags_are_told_and_not_chosen(ruin: Ruin) -> None:
    """Neither gets the record; everything else does."""
    ec2 = ruin.client("ec2")
    [vpc] = ec2.describe_vpcs(Filters=[{"Name": "tag:provisioner:address", "Values": ["net"]}])[
        "Vpcs"
    ]
    twin = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[twin], Tags=vpc["Tags"])
    ruin.lose_the_table()
    mended = ruin.mended(ruin.stack)
    assert mended.result == "partial"
    assert {one.id for one in mended.recovery.told} == {vpc["VpcId"], twin}
    assert set(ruin.stack.resources) - set(ruin.rows()) == {"net"}


def test_what_is_not_ours_is_not_recovered(ruin: Ruin) -> None:
    """A bucket and an alias of the manifest's without our tags, a stranger's subscription."""
    s3, sns, kms = (
        ruin.client("s3"),
        ruin.client("sns"),
        ruin.client("kms"),
    )
    theirs = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.delete_alias(AliasName="alias/clinic")
    kms.create_alias(AliasName="alias/clinic", TargetKeyId=theirs)
    mine = ruin.rows()["key"]["id"]
    kms.untag_resource(KeyId=mine, TagKeys=["provisioner:stack"])
    tags = s3.get_bucket_tagging(Bucket="clinic-records")["TagSet"]
    others = [tag for tag in tags if not tag["Key"].startswith("provisioner:")]
    s3.put_bucket_tagging(Bucket="clinic-records", Tagging={"TagSet": others})
    [topic] = [one["TopicArn"] for one in sns.list_topics()["Topics"]]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-central-1:1:theirs")
    ruin.lose_the_table()
    mended = ruin.mended(ruin.stack)
    assert mended.result == "succeeded"
    told = {one.kind: one for one in mended.recovery.told}
    assert told["s3.bucket"].id == "clinic-records"
    assert not told["s3.bucket"].ours
    assert told["sns.subscription"].id.endswith("theirs")
    assert told["kms.key"].id == theirs
    assert set(ruin.stack.resources) - set(ruin.rows()) == {"records", "key"}
    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 2


def test_no_secret_is_written(ruin: Ruin) -> None:
    """The endpoint with its token is sealed, in records, runs and events."""
    ruin.lose_the_table()
    ruin.mended()
    scanned = ruin.client("dynamodb").scan(TableName="provisioner-inventory")
    assert "s3cr3t-4711" not in str(scanned)
    [hook] = [row for row in ruin.rows().values() if row["kind"] == "sns.subscription"]
    assert hook["settings"]["endpoint"].startswith("sealed:")


def test_nothing_is_written_for_a_stack_that_nobody_made(session: boto3.Session) -> None:
    """A slip of the pen makes neither a table nor a lease."""
    ruin = Ruin(session, Stack("clinik"))
    assert ruin.alive() == {}
    with pytest.raises(InventoryError, match="clinik"):
        ruin.mend()
    assert session.client("dynamodb").list_tables()["TableNames"] == []


def test_a_manifest_of_another_stack_is_refused(ruin: Ruin) -> None:
    """Its names are not these."""
    with pytest.raises(PlanError, match="other"):
        ruin.mend(Stack("other"))


def test_a_stack_that_is_being_worked_on_is_left_alone(ruin: Ruin) -> None:
    """The lease keeps a recovery out, and AWS is only read."""
    before = ruin.rows()
    inventory = Desk(ruin.clients, ruin.options).inventory
    holder = Holder(who="ada", host="laptop", command="apply", run="")
    with inventory.open("clinic", holder) as journal:
        with pytest.raises(LeaseHeldError, match="ada"):
            inventory.open("clinic", holder)
        journal.close("succeeded", {})
    ruin.mended(ruin.stack)
    assert not any(call.mutates for call in ruin.last if call.service != "dynamodb")
    assert ruin.rows() == before


@pytest.mark.parametrize("manifest", [True, False])
def test_killed_at_any_call_the_next_one_finishes(ruin: Ruin, *, manifest: bool) -> None:
    """Before every call of a recovery from nothing, and after each that writes."""
    silence_the_dead()
    wanted = ruin.stack if manifest else None
    ruin.lose_the_table()
    ruin.mended(wanted)
    expected, calls = lasting(ruin.rows()), ruin.last
    points: list[tuple[int, Side]] = [(n, "before") for n in range(1, len(calls) + 1)]
    points += [(n, "after") for n, call in enumerate(calls, 1) if call.mutates]
    for number, side in points[:: one_in(7)]:
        ruin.lose_the_table()
        assert ruin.mend(wanted, killed_at(number, side)) is None
        assert ruin.mended(wanted).result == "succeeded", (number, side)
        assert lasting(ruin.rows()) == expected, (number, side)
    if manifest:
        assert all(change.idle for change in ruin.planned().changes)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9])
def test_an_apply_that_was_killed_and_lost_its_inventory_goes_on(ruin: Ruin, share: float) -> None:
    """Half a stack and no table: recovered, applied, nothing twice, and nothing left behind."""
    silence_the_dead()
    whole = ruin.numbers()
    ruin.stack = unprotected(ruin.stack)
    ruin.up()
    torn_down(ruin)
    ruin.up()
    writes = sum(call.mutates and call.service != "dynamodb" for call in ruin.last)
    torn_down(ruin)
    assert ruin.up(_killed_after_write(1 + int(share * writes))) is None
    ruin.lose_the_table()
    assert ruin.mended(ruin.stack).result == "succeeded"
    report = ruin.up()
    assert report is not None
    report.check()
    assert ruin.numbers() == whole
    assert all(change.idle for change in ruin.planned().changes)
    torn_down(ruin)


def _killed_after_write(number: int) -> Trouble:
    """The process dies once AWS has done its nth write; those to the inventory do not count."""
    left = itertools.count(number, -1)

    def trouble(moment: Moment) -> Struck:
        counts = moment.side == "after" and moment.call.mutates
        last = counts and moment.call.service != "dynamodb" and next(left) == 1
        return Killed() if last else None

    return trouble
