"""A part of a stack: what was chosen is done with what it needs, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3
import pytest

from provisioner.api.plans import plan, plan_removal
from provisioner.api.runs import apply, teardown
from provisioner.engine.events import Event, StepStarted
from provisioner.errors import ForeignObjectError, PlanError, ProtectedError, ReplaceRefusedError
from provisioner.operations.desk import Desk, Options
from provisioner.planning.allowances import Allowances
from provisioner.planning.changes import Plan
from provisioner.stack import Stack
from provisioner.stack.selection import Selection
from provisioner.strict import Strict
from provisioner.views.plans import plan_lines
from provisioner.views.plans.document import plan_document
from tests.conftest import VirtualClock
from tests.e2e.alive import alive
from tests.engine.test_runs import refusing
from tests.engine.test_story import counts
from tests.faults.stage import Clients


def shop(*, timeout: int = 30, cidr: str = "16", name: str = "orders") -> Stack:
    """Two chains side by side: a key, a queue, an alarm; a network, a subnet, a group."""
    stack = Stack("shop", tags={"Team": "care"})
    key = stack.add("key", "kms.key", alias="alias/shop")
    queue = stack.add(
        "queue", "sqs.queue", queue_name=name, kms_key=key.arn, visibility_timeout=timeout
    )
    stack.add(
        "alarm",
        "cloudwatch.alarm",
        alarm_name="shop",
        namespace="AWS/SQS",
        metric_name="ApproximateAgeOfOldestMessage",
        dimensions={"QueueName": queue.name},
        statistic="Maximum",
        period=300,
        evaluation_periods=1,
        threshold=1.0,
        comparison_operator="GreaterThanThreshold",
    )
    vpc = stack.add("vpc", "ec2.vpc", cidr_block=f"10.0.0.0/{cidr}")
    stack.add(
        "subnet",
        "ec2.subnet",
        vpc_id=vpc.id,
        cidr_block="10.0.1.0/24",
        availability_zone="${region}a",
    )
    stack.add("group", "ec2.security_group", group_name="shop", description="in", vpc_id=vpc.id)
    return stack


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock, workers=1)


@pytest.fixture
def clients(session: boto3.Session) -> Any:
    """A session that makes each client once."""
    return Clients(session)


def choosing(options: Options, **chosen: Any) -> Options:
    """The same options with these addresses chosen."""
    select = Selection(**{name: frozenset(names) for name, names in chosen.items()})
    return Options(clock=options.clock, workers=1, allow=options.allow, select=select)


def busy(planned: Plan) -> dict[str, str]:
    return {c.address: str(c.action) for c in planned.changes if not c.idle}


def test_a_target_comes_with_what_it_needs_and_alone(clients: Any, options: Options) -> None:
    """A queue needs its key; an alarm on it and the network are left, and named."""
    chosen = choosing(options, target=["queue"])
    planned = plan(clients, shop(), chosen)
    assert busy(planned) == {"queue": "create", "key": "create"}
    assert planned.scope
    assert planned.scope.needed == ("key",)
    assert planned.scope.left == ("alarm", "vpc", "subnet", "group")
    text = "\n".join(line.plain for line in plan_lines(planned))
    assert "Only queue, with what that needs: key." in text
    assert "Left as it is: alarm, vpc, subnet, group." in text
    assert plan_document(planned)["scope"] == {
        "target": ["queue"],
        "exclude": [],
        "needed": ["key"],
        "left": ["alarm", "vpc", "subnet", "group"],
    }
    assert counts(apply(clients, shop(), chosen).check()) == {"created": 2}
    assert len(alive(clients)) == 2
    assert counts(apply(clients, shop(), options).check()) == {"created": 4, "unchanged": 2}


def test_what_is_excluded_takes_along_what_needs_it(clients: Any, options: Options) -> None:
    """Without the network no subnet; the rest is made."""
    chosen = choosing(options, exclude=["vpc"])
    planned = plan(clients, shop(), chosen)
    assert busy(planned) == {"key": "create", "queue": "create", "alarm": "create"}
    assert planned.scope
    assert planned.scope.left == ("subnet", "group")
    with pytest.raises(PlanError, match="group can't be done without what is excluded"):
        plan(clients, shop(), choosing(options, exclude=["vpc"], target=["group"]))


def test_a_replace_waits_for_those_that_use_it(clients: Any, options: Options) -> None:
    """A network that is replaced needs its subnet and group to move; excluding one leaves it."""
    apply(clients, shop(), options).check()
    stack = shop(cidr="20", timeout=60)
    one = plan(clients, stack, choosing(options, target=["vpc"]))
    assert set(busy(one)) == {"vpc", "subnet", "group"}
    none = plan(clients, stack, choosing(options, exclude=["subnet"]))
    assert busy(none) == {"queue": "update"}
    before = alive(clients)
    report = apply(clients, stack, choosing(options, exclude=["subnet"])).check()
    assert counts(report) == {"updated": 1, "unchanged": 2}
    assert alive(clients) == before


def test_a_teardown_of_a_part_takes_what_needs_it(clients: Any, options: Options) -> None:
    """A queue goes with the alarm that names it; key and network stay, and their records."""
    apply(clients, shop(), options).check()
    chosen = choosing(options, target=["queue"])
    assert set(busy(plan_removal(clients, "shop", chosen))) == {"queue", "alarm"}
    assert counts(teardown(clients, "shop", chosen).check()) == {"deleted": 2}
    assert clients.client("sqs").list_queues().get("QueueUrls", []) == []
    assert counts(apply(clients, shop(), options).check()) == {"created": 2, "unchanged": 4}
    assert counts(teardown(clients, "shop", options).check()) == {"deleted": 6}
    assert alive(clients) == {}


def test_what_is_left_out_is_not_refused(clients: Any, options: Options) -> None:
    """A foreign or protected object outside the chosen part is no matter."""
    clients.client("sqs").create_queue(QueueName="orders")
    with pytest.raises(ForeignObjectError):
        plan(clients, shop(), options)
    chosen = choosing(options, target=["group"])
    assert counts(apply(clients, shop(), chosen).check()) == {"created": 2}
    assert "provisioner:stack" not in clients.client("sqs").list_queue_tags(
        QueueUrl=clients.client("sqs").get_queue_url(QueueName="orders")["QueueUrl"]
    ).get("Tags", {})


def test_outputs_of_what_is_left_out_stay(clients: Any, options: Options) -> None:
    """An apply of one part forgets no output of another, even if that would be replaced."""
    stack = shop()
    stack.output("vpc", "${vpc.id}")
    first = apply(clients, stack, options).check().outputs
    other = shop(cidr="20", timeout=60)
    other.output("vpc", "${vpc.id}")
    report = apply(clients, other, choosing(options, target=["queue"])).check()
    assert report.outputs == first


def test_replace_makes_anew_what_does_not_differ(clients: Any, options: Options) -> None:
    """The object is another one afterwards; what holds data still has to be allowed by name."""
    apply(clients, shop(), options).check()
    [old] = clients.client("ec2").describe_subnets()["Subnets"][-1:]
    chosen = choosing(options, replace=["subnet"])
    planned = plan(clients, shop(), chosen)
    assert busy(planned) == {"subnet": "replace"}
    change = planned.change("subnet")
    assert change
    assert change.reason == "asked for"
    assert counts(apply(clients, shop(), chosen).check()) == {"replaced": 1, "unchanged": 5}
    ours = [
        subnet
        for subnet in clients.client("ec2").describe_subnets()["Subnets"]
        if subnet["CidrBlock"] == "10.0.1.0/24"
    ]
    assert len(ours) == 1
    assert ours[0]["SubnetId"] != old["SubnetId"]
    assert plan(clients, shop(), options).empty
    asked = choosing(options, replace=["key"])
    with pytest.raises(ReplaceRefusedError, match="key holds data and would be replaced"):
        plan(clients, shop(), asked)
    allowed = Options(
        clock=options.clock,
        allow=Allowances(replace=frozenset({"key"})),
        select=Selection(replace=frozenset({"key"})),
    )
    assert "key" in busy(plan(clients, shop(), allowed))


def test_a_protected_target_is_still_refused(clients: Any, options: Options) -> None:
    """Choosing is not allowing."""
    stack = shop()
    stack.add("safe", "sqs.queue", queue_name="safe", protect=True)
    apply(clients, stack, options).check()
    with pytest.raises(ProtectedError, match="safe is protected and would be replaced"):
        plan(clients, stack, choosing(options, replace=["safe"]))
    with pytest.raises(ProtectedError):
        teardown(clients, "shop", choosing(options, target=["safe"]))
    assert counts(teardown(clients, "shop", choosing(options, target=["alarm"])).check()) == {
        "deleted": 1
    }


def test_an_unknown_address_names_the_nearest(clients: Any, options: Options) -> None:
    """Nothing is planned, whichever option it was given to."""
    for option in ("target", "exclude", "replace"):
        with pytest.raises(PlanError, match=r"no resource 'queu'\. Did you mean 'queue'\?"):
            plan(clients, shop(), choosing(options, **{option: ["queu"]}))
    with pytest.raises(PlanError, match="no resource 'queue'"):
        plan_removal(clients, "shop", choosing(options, target=["queue"]))


def test_fail_fast_begins_nothing_more(session: boto3.Session, options: Options) -> None:
    """By default what does not need the failed step goes on; else the run ends there."""
    started: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, StepStarted):
            started.append(str(event.key))

    with refusing(session, "ec2.CreateVpc"):
        report = apply(
            session,
            shop(),
            Options(clock=options.clock, workers=1, fail_fast=True),
            listen=listen,
        )
        assert (report.result, started[-1]) == ("failed", "create vpc")
        assert counts(report)["failed"] == 1
        going_on = apply(session, shop(), options)
        assert counts(going_on) == {"created": 3, "failed": 1, "skipped": 2}
    assert counts(apply(session, shop(), options).check()) == {"created": 3, "unchanged": 3}


def gate(*, user: bool = False) -> Stack:
    """A NAT gateway, which takes minutes, and maybe routes that need it ready."""
    stack = Stack("gate")
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    subnet = stack.add(
        "subnet",
        "ec2.subnet",
        vpc_id=vpc.id,
        cidr_block="10.0.1.0/24",
        availability_zone="${region}a",
    )
    stack.add("internet", "ec2.internet_gateway", vpc_id=vpc.id)
    address = stack.add("address", "ec2.elastic_ip")
    nat = stack.add(
        "nat",
        "ec2.nat_gateway",
        subnet_id=subnet.id,
        allocation_id=address.id,
        depends_on=["internet"],
    )
    if user:
        stack.add(
            "routes",
            "ec2.route_table",
            vpc_id=vpc.id,
            routes=[{"destination_cidr_block": "0.0.0.0/0", "nat_gateway_id": nat.id}],
            depends_on=[nat],
        )
    return stack


def test_the_last_waits_may_be_left_to_the_next_run(
    strict_aws: Strict, strict_clock: VirtualClock
) -> None:
    """What nothing needs is left pending, and recorded so; the next run waits, and makes none."""
    clients: Any = Clients(strict_aws.session)
    options = Options(clock=strict_clock)
    started = strict_clock.monotonic()
    report = apply(clients, gate(), replace(options, wait="created")).check()
    assert counts(report) == {"created": 5}
    assert strict_clock.monotonic() - started < 60
    inventory = Desk.reader(clients, options).inventory
    record = inventory.records("gate")["nat"]
    assert (record.status, record.intended) == ("creating", None)
    planned = plan(clients, gate(), options)
    assert set(busy(planned)) == {"nat", "subnet"}
    assert planned.change("nat").reason == "it is not ready yet"  # type: ignore[union-attr]
    again = apply(clients, gate(), options).check()
    assert counts(again) == {"unchanged": 5}
    ready = inventory.records("gate")["nat"]
    assert (ready.id, ready.status) == (record.id, "ready")
    assert plan(clients, gate(), options).empty


def test_what_was_left_pending_is_torn_down_like_the_rest(
    strict_aws: Strict, strict_clock: VirtualClock
) -> None:
    """Its record knows the object, so nothing of it stays."""
    clients: Any = Clients(strict_aws.session)
    options = Options(clock=strict_clock)
    apply(clients, gate(), replace(options, wait="created")).check()
    assert counts(teardown(clients, "gate", options).check()) == {"deleted": 5}
    assert alive(strict_aws.world.session) == {}


def test_what_something_needs_is_waited_for_all_the_same(
    strict_aws: Strict, strict_clock: VirtualClock
) -> None:
    """What another resource needs ready is seen to its end."""
    clients: Any = Clients(strict_aws.session)
    options = Options(clock=strict_clock, wait="created")
    assert counts(apply(clients, gate(user=True), options).check()) == {"created": 6}
    records = Desk.reader(clients, options).inventory.records("gate")
    assert records["nat"].status == "ready"
