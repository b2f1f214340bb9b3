"""A teardown goes on past what fails, ends with exactly what is left and why, and goes on later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from provisioner.engine.events import RunFinished
from provisioner.stack import Stack
from provisioner.views.documents import event_document
from provisioner.views.results import report_lines
from tests.teardown.world import World

Meanwhile = Callable[[str, Callable[..., Any]], None]


def clinic() -> Stack:
    """A network whose subnet will not go, a key, and a queue that has to do with neither."""
    stack = Stack("clinic")
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    stack.add(
        "subnet",
        "ec2.subnet",
        vpc_id=vpc.id,
        cidr_block="10.0.1.0/24",
        availability_zone="${region}a",
    )
    stack.add("key", "kms.key", alias="alias/clinic")
    stack.add("inbox", "sqs.queue", queue_name="inbox")
    return stack


def refusing(meanwhile: Meanwhile) -> list[bool]:
    """AWS refuses to delete the subnet as long as there is something in this list."""
    holding = [True]

    def refuse(**_: Any) -> None:
        if holding:
            error = {"Error": {"Code": "UnauthorizedOperation", "Message": "not you"}}
            raise ClientError(error, "DeleteSubnet")  # type: ignore[arg-type]

    meanwhile("before-call.ec2.DeleteSubnet", refuse)
    return holding


def test_what_is_left_is_told_with_its_cause(world: World, meanwhile: Meanwhile) -> None:
    """What failed, what waits for that, and why the key stays; with ids."""
    world.up(clinic())
    ids = {kind: found[0] for kind, found in world.alive().items()}
    refusing(meanwhile)
    report = world.down("clinic")
    assert set(world.alive()) == {"vpc", "subnet", "kms"}
    left = {one.address: one for one in report.left}
    assert {address: one.id for address, one in left.items()} == {
        "vpc": ids["vpc"],
        "subnet": ids["subnet"],
        "key": ids["kms"],
    }
    assert "not you" in left["subnet"].why
    assert left["vpc"].why == "it waits for subnet: delete subnet failed"
    assert left["key"].why == "it stays as long as anything else does: delete subnet failed"
    assert {one.cause for one in report.left} == {"delete subnet"}
    assert set(report.survivors) == {"inbox"}  # gone, but for its name


def test_people_and_programs_read_it(world: World, meanwhile: Meanwhile) -> None:
    """The last line of the JSON has all of it; no key is said to be pending deletion."""
    world.up(clinic())
    refusing(meanwhile)
    report = world.down("clinic")
    [finished] = [event for event in world.heard if isinstance(event, RunFinished)]
    document: Mapping[str, object] = event_document(finished)
    assert document["survivors"] == dict(report.survivors)
    assert set(report.survivors) == {"inbox"}
    listed: Any = document["left"]
    assert {one["address"] for one in listed} == {"vpc", "subnet", "key"}
    text = "\n".join(line.plain for line in report_lines(report))
    assert "Left in AWS:" in text
    assert "it stays as long as anything else does" in text
    assert "pending deletion" not in text


def test_run_again_it_goes_on(world: World, meanwhile: Meanwhile) -> None:
    """Only what is left is deleted, and then nothing is."""
    world.up(clinic())
    holding = refusing(meanwhile)
    world.down("clinic")
    holding.clear()
    report = world.down("clinic").check()
    assert report.summary["deleted"] == 3
    assert report.left == ()
    assert "can be restored until" in report.survivors["key"]
    assert world.alive() == {}


def test_what_a_stop_left_is_told_as_such(world: World) -> None:
    """Nothing failed; the run was stopped."""
    world.up(clinic())
    import threading

    from provisioner.api.runs import teardown

    stop = threading.Event()

    def listen(event: Any) -> None:
        if type(event).__name__ == "StepDone":
            stop.set()

    report = teardown(world.session, "clinic", world.options, listen=listen, stop=stop)
    assert report.result == "interrupted"
    assert "the run was stopped before its delete" in {one.why for one in report.left}
    world.down("clinic").check()
    assert world.alive() == {}
