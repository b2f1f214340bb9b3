"""Objects in buckets: some are not deleted at once, and others arrive late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.world import World

SPARED = "s3.spared"
"""Bucket → the object that a call could not delete; once for each bucket."""
LATE_SECONDS = 300.0
"""So long after it has stopped a writer's last delivery may arrive. Access logs take hours."""
STOPPED = "s3.writer-stopped"
"""When a writer to a bucket stopped: noted for the bucket's name."""


def _spare_one(world: World, call: Call) -> Answer | None:
    """Leave out one object, the first time a bucket is emptied."""
    bucket, spared = call.params["Bucket"], world.notes(SPARED)
    wanted = call.params["Delete"]
    if bucket not in spared and wanted["Objects"]:
        first, *rest = wanted["Objects"]
        spared[bucket] = first
        if not rest:
            return {"Errors": [_failed(first)]}
        call.params["Delete"] = {**wanted, "Objects": rest}
    return None


def _tell_spared(world: World, call: Call, answer: Answer) -> None:
    spared = world.notes(SPARED).get(call.params["Bucket"])
    if isinstance(spared, dict):
        world.notes(SPARED)[call.params["Bucket"]] = "told"
        if not answer.get("Errors"):
            answer["Errors"] = [_failed(spared)]


def _failed(one: dict[str, Any]) -> dict[str, Any]:
    message = "We encountered an internal error. Please try again."
    return {**one, "Code": "InternalError", "Message": message}


def _note_stopped(world: World, call: Call) -> Answer | None:
    """Remember where what is being stopped has written to."""
    for bucket in STOPS[call.operation](world, call):
        world.note(STOPPED, bucket)
    return None


def _logged(world: World, call: Call) -> Iterator[str]:
    if target := _target(world, call.params["Bucket"]):
        yield target


def _flow_logs(world: World, call: Call) -> Iterator[str]:
    answer = world.client("ec2").describe_flow_logs(FlowLogIds=call.params["FlowLogIds"])
    yield from (_bucket_of(one) for one in answer["FlowLogs"])


STOPS: dict[str, Callable[[World, Call], Iterator[str]]] = {
    "PutBucketLogging": _logged,
    "DeleteBucket": _logged,
    "DeleteFlowLogs": _flow_logs,
}


def _deliver(world: World, call: Call) -> Answer | None:
    """Let what lives, or has stopped a moment ago, write once more before the bucket goes."""
    bucket = call.params["Bucket"]
    late = world.age(STOPPED, bucket) < LATE_SECONDS
    if late or bucket in _written_to(world):
        world.forget(STOPPED, bucket)
        try:
            world.client("s3").put_object(Bucket=bucket, Key=f"late/{world.now}", Body=b"log")
        except ClientError:
            return None
    _note_stopped(world, call)
    return None


def _written_to(world: World) -> set[str]:
    """The buckets that something writes to by itself."""
    s3 = world.client("s3")
    found = {_target(world, one["Name"]) for one in s3.list_buckets()["Buckets"]}
    flow_logs = world.client("ec2").describe_flow_logs()["FlowLogs"]
    return (found | {_bucket_of(one) for one in flow_logs}) - {""}


def _target(world: World, bucket: str) -> str:
    try:
        answer = world.client("s3").get_bucket_logging(Bucket=bucket)
    except ClientError:
        return ""
    return str(answer.get("LoggingEnabled", {}).get("TargetBucket", ""))


def _bucket_of(flow_log: dict[str, Any]) -> str:
    destination = str(flow_log.get("LogDestination", ""))
    return destination.rpartition(":::")[2].partition("/")[0] if ":s3:" in destination else ""


RULES = (
    Rule(
        name="s3.partial-deletes",
        source="Bucket: emptying; Amazon S3 API Reference, DeleteObjects",
        says="DeleteObjects answers 200 also where it could not delete some objects, and tells "
        "which in Errors.",
        before={"s3.DeleteObjects": _spare_one},
        after={"s3.DeleteObjects": _tell_spared},
    ),
    Rule(
        name="s3.late-deliveries",
        source="Bucket: log targets; Amazon S3 User Guide, Logging requests with server access "
        "logging",
        says="A bucket that access logs or flow logs are delivered to is filled again while they "
        "live, and once more after they have stopped.",
        before={
            "s3.DeleteBucket": _deliver,
            "s3.PutBucketLogging": _note_stopped,
            "ec2.DeleteFlowLogs": _note_stopped,
        },
    ),
)
UNPLAYED = (
    Unplayed(
        "Versions under an object lock or a legal hold can't be deleted (AccessDenied).",
        "The embedded AWS refuses it itself.",
    ),
    Unplayed(
        "Unfinished uploads may keep a bucket, and cost as long as they stay.",
        "The emulator does not count them; the kind ends them all the same.",
    ),
)
