"""The layer between a session and its emulator, with rules made up for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError

from provisioner import strict

QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/a"


def rule(name: str, **looks: Any) -> strict.Rule:
    """A rule that nobody knows."""
    return strict.Rule(name=name, source="a test; none", says="Something.", **looks)


@pytest.fixture
def under(session: boto3.Session, clock: strict.VirtualClock) -> Callable[..., strict.Strict]:
    """Attaches made-up rules to the AWS in memory."""

    def attach(*rules: strict.Rule) -> strict.Strict:
        return strict.attach(session, clock=clock, rules=rules)

    return attach


def refusing(code: str, **more: Any) -> Any:
    """A look that refuses every call."""

    def look(world: strict.World, call: strict.Call, answer: Any = None) -> None:
        world.refuse(code, f"{call} was refused", **more)

    return look


def queue(session: boto3.Session, name: str = "a") -> str:
    """Make a queue."""
    return session.client("sqs").create_queue(QueueName=name)["QueueUrl"]


def queues(layer: strict.Strict) -> list[str]:
    """The queues that the emulator really has."""
    return list(layer.world.client("sqs").list_queues().get("QueueUrls", []))


def test_a_refusal_is_awss_error_and_the_emulator_hears_nothing(under: Any) -> None:
    """Code, message, status and modelled class are as AWS's own."""
    layer = under(rule("t.full", before={"kms.CreateKey": refusing("LimitExceededException")}))
    kms = layer.session.client("kms")
    with pytest.raises(kms.exceptions.LimitExceededException, match=r"kms\.CreateKey") as caught:
        kms.create_key()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert layer.world.client("kms").list_keys()["Keys"] == []
    assert [(name, str(call)) for name, call in layer.refusals] == [("t.full", "kms.CreateKey")]


def test_a_modelled_name_may_differ_from_the_code(under: Any) -> None:
    """SQS answers its old code beside the modelled name."""
    refuse = refusing(
        "AWS.SimpleQueueService.QueueDeletedRecently", modelled="QueueDeletedRecently"
    )
    layer = under(rule("t.name", before={"sqs.CreateQueue": refuse}))
    with pytest.raises(ClientError) as caught:
        queue(layer.session)
    error: Any = caught.value.response["Error"]
    assert error["Code"] == "AWS.SimpleQueueService.QueueDeletedRecently"
    assert error["QueryErrorCode"] == "QueueDeletedRecently"


def test_an_error_may_follow_the_work(under: Any) -> None:
    """The queue is there although the call failed."""
    layer = under(
        rule("t.late", after={"sqs.CreateQueue": refusing("InternalFailure", status=500)})
    )
    with pytest.raises(ClientError, match="InternalFailure"):
        queue(layer.session)
    assert len(queues(layer)) == 1


def test_a_rule_may_answer_in_awss_place(under: Any) -> None:
    """Its answer comes back, later rules see it, and the emulator hears nothing."""

    def answer(world: strict.World, call: strict.Call) -> dict[str, Any]:
        return {"QueueUrl": QUEUE}

    def shout(world: strict.World, call: strict.Call, answer: dict[str, Any]) -> None:
        answer["QueueUrl"] = answer["QueueUrl"].upper()

    layer = under(
        rule("t.answer", before={"sqs.CreateQueue": answer}),
        rule("t.shout", after={"sqs.*": shout}),
    )
    assert queue(layer.session) == QUEUE.upper()
    assert queues(layer) == []


def test_a_rule_may_change_what_is_sent(under: Any) -> None:
    """The emulator stores the changed value; the call knows what was given."""
    given = []

    def rename(world: strict.World, call: strict.Call) -> None:
        call.params["QueueName"] = "b"
        given.append(call.given["QueueName"])

    layer = under(rule("t.rename", before={"sqs.CreateQueue": rename}))
    queue(layer.session)
    assert [url.rpartition("/")[2] for url in queues(layer)] == ["b"]
    assert given == ["a"]


def test_rules_are_switched_by_name_and_pattern(under: Any) -> None:
    """Off, on and only, while clients live; an unknown name is told with its neighbour."""
    refuse = {"sqs.CreateQueue": refusing("No")}
    layer = under(rule("t.one", before=refuse), rule("t.two", before=refuse))
    sqs = layer.session.client("sqs")
    layer.off("t.*")
    sqs.create_queue(QueueName="a")
    assert layer.on("t.two").rules == ("t.two",)
    with pytest.raises(ClientError, match="No"):
        sqs.create_queue(QueueName="b")
    assert layer.only("t.one").rules == ("t.one",)
    assert layer.only().rules == ()
    with pytest.raises(strict.UnknownRuleError, match=r"Did you mean 't\.two'"):
        layer.off("t.twoo")


def test_detached_it_leaves_clients_alone_and_nothing_undone(under: Any) -> None:
    """What was put off is done; clients made before are free."""
    done = []

    def put_off(world: strict.World, call: strict.Call) -> None:
        world.later(3600, lambda: done.append(world.now))
        world.refuse("No", "no")

    layer = under(rule("t.late", before={"sqs.CreateQueue": put_off}))
    sqs = layer.session.client("sqs")
    with pytest.raises(ClientError, match="No"):
        sqs.create_queue(QueueName="a")
    assert done == []
    layer.detach()
    sqs.create_queue(QueueName="a")
    assert done == [3600]


def test_what_is_due_is_done_at_its_time(under: Any, clock: strict.VirtualClock) -> None:
    """Before the next call, in order, each at the second it was meant for."""
    done: list[tuple[str, float]] = []
    layer = under()
    world = layer.world

    def first() -> None:
        done.append(("first", world.now))
        world.note("t.first", "a")
        world.later(5, lambda: done.append(("then", world.now)))

    world.later(20, lambda: done.append(("last", world.now)))
    world.later(10, first)
    clock.sleep(60)
    layer.session.client("sqs").list_queues()
    assert done == [("first", 10), ("then", 15), ("last", 20)]
    assert world.age("t.first", "a") == 50
    assert world.age("t.first", "b") == float("inf")


def test_calls_of_other_threads_are_seen_while_they_are_under_way(under: Any) -> None:
    """Neither a finished call nor a refused nor a broken one counts."""
    seen: list[int] = []
    inside, leave = threading.Event(), threading.Event()

    def count(world: strict.World, call: strict.Call) -> None:
        seen.append(len(world.others(call, "sqs.CreateQueue")))

    def wait(**_: Any) -> None:
        inside.set()
        leave.wait(10)

    layer = under(rule("t.count", before={"sqs.CreateQueue": count}))
    slow = layer.session.client("sqs")
    slow.meta.events.register("before-send.sqs.CreateQueue", wait)
    other = layer.session.client("sqs")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slow.create_queue, QueueName="slow")
        assert inside.wait(10)
        other.create_queue(QueueName="b")
        leave.set()
        running.result()
    other.create_queue(QueueName="c")
    other.meta.events.register("before-send.sqs.CreateQueue", _break)
    with pytest.raises(EndpointConnectionError):
        other.create_queue(QueueName="d")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(slow.create_queue, QueueName="e").result()
    assert seen == [0, 1, 0, 0, 0]


def _break(**_: Any) -> None:
    raise EndpointConnectionError(endpoint_url="https://example.org")


def test_what_never_reaches_aws_meets_no_answer(under: Any) -> None:
    """A presigned URL is only words, and a call that botocore refuses has its own error."""
    layer = under(rule("t.none", before={"s3.GetObject": refusing("No")}))
    s3 = layer.session.client("s3")
    assert s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    with pytest.raises(ParamValidationError):
        s3.get_object(Bucket="b")
    with pytest.raises(ClientError, match="No"):
        s3.get_object(Bucket="b", Key="k")


def test_a_client_of_another_region_is_looked_at_there(under: Any) -> None:
    """A rule sees what the region of the call has."""
    found: list[list[str]] = []

    def look(world: strict.World, call: strict.Call) -> None:
        found.append(world.client("sqs").list_queues().get("QueueUrls", []))

    layer = under(rule("t.region", before={"sqs.ListQueues": look}))
    layer.session.client("sqs", region_name="us-west-2").create_queue(QueueName="west")
    layer.session.client("sqs").list_queues()
    layer.session.client("sqs", region_name="us-west-2").list_queues()
    assert [len(urls) for urls in found] == [0, 1]
    assert layer.world.account == "123456789012"


def test_a_role_grows_up(under: Any, clock: strict.VirtualClock) -> None:
    """A service takes on a role that is there, trusts it, and was made some seconds ago."""
    layer = under()
    iam = layer.session.client("iam")
    trust = '{"Statement": [{"Principal": {"Service": "lambda.amazonaws.com"}}]}'
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    world = layer.world
    assert not world.can_assume("lambda.amazonaws.com", arn)
    clock.sleep(30)
    assert world.can_assume("lambda.amazonaws.com", arn)
    assert not world.can_assume("backup.amazonaws.com", arn)
    assert not world.can_assume("lambda.amazonaws.com", arn + "2")
    iam.delete_role(RoleName="r")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    assert world.role_age(arn) == 0
