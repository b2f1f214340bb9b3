"""The remedies: each looks first, changes only what is wrong, and says what it did.

Every remedy may run any number of times: EventBridge delivers at least once, and Lambda repeats
an invocation that failed half-way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PublicAccessBlockConfigurationTypeDef
    from mypy_boto3_sqs import SQSClient

CAP: Final = 2
"""Reserved concurrency of a function in an error storm."""

CAP_TAG: Final = "remediation:reserved-concurrency-before"
"""Tag on a function that is capped by us: its reserved concurrency before, or `none`."""

ALL_BLOCKED: Final[PublicAccessBlockConfigurationTypeDef] = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm's change of state; `functions` are the function names its metrics have."""

    name: str
    state: str
    functions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found and done at one target.

    Attributes:
        target: name of the table, bucket, function or queue.
        result: `changed`, `unchanged`, or `failed`: a person must look at it.
        detail: one sentence.
        retry: whether another attempt may succeed.
    """

    target: str
    result: str
    detail: str
    retry: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """The clients, and what the remedies may touch."""

    dynamodb: DynamoDBClient
    s3: S3Client
    functions: LambdaClient
    sqs: SQSClient
    table: str
    buckets: tuple[str, ...]
    function_arns: Mapping[str, str]
    queue_arn: str


Remedy = Callable[[World, Alarm], list[Outcome]]


def restore_pitr(world: World, alarm: Alarm) -> list[Outcome]:
    """Switch the table's point-in-time recovery on where it is found off."""
    if alarm.state != "ALARM":
        return []

    def restore() -> Outcome:
        answer = world.dynamodb.describe_continuous_backups(TableName=world.table)
        pitr = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        if pitr.get("PointInTimeRecoveryStatus") == "ENABLED":
            return Outcome(world.table, "unchanged", "Point-in-time recovery is on.")
        world.dynamodb.update_continuous_backups(
            TableName=world.table,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
        return Outcome(world.table, "changed", "Point-in-time recovery was off, it is on again.")

    return [_attempt(world.table, restore)]


def restore_public_access_block(world: World, alarm: Alarm) -> list[Outcome]:
    """Block public access again at each bucket where any of the four blocks is off."""
    if alarm.state != "ALARM":
        return []

    def restore(bucket: str) -> Outcome:
        off = [name for name, on in _public_access_block(world.s3, bucket).items() if not on]
        if not off:
            return Outcome(bucket, "unchanged", "Public access is blocked.")
        world.s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=ALL_BLOCKED)
        return Outcome(bucket, "changed", f"{', '.join(off)} was off; all four are on again.")

    return [_attempt(bucket, partial(restore, bucket)) for bucket in world.buckets]


def cap_concurrency(world: World, alarm: Alarm) -> list[Outcome]:
    """Cap the alarm's functions on ALARM, lift our own cap on OK.

    The value before is kept in a tag, written before the cap and removed after it is lifted, so
    that a crash in between is made good by the next run and a cap of somebody else's stays.
    """
    act = {"ALARM": _cap, "OK": _lift}.get(alarm.state)
    if act is None:
        return []
    if not alarm.functions:
        return [Outcome(alarm.name, "failed", "The alarm's metrics name no function to cap.")]
    return list(_at_functions(world, alarm, act))


def redrive_dead_letters(world: World, alarm: Alarm) -> list[Outcome]:
    """Move dead letters back to the queues they came from, unless a move is under way.

    AWS moves messages only from a dead-letter queue of other SQS queues. What Lambda or SNS
    put there has no queue to return to: that is reported, not tried.
    """
    if alarm.state != "ALARM":
        return []

    def redrive() -> Outcome:
        sqs, arn = world.sqs, world.queue_arn
        url = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        if not sqs.list_dead_letter_source_queues(QueueUrl=url).get("queueUrls"):
            return Outcome(arn, "failed", "No SQS queue sends its dead letters here to return to.")
        tasks = sqs.list_message_move_tasks(SourceArn=arn, MaxResults=1).get("Results", [])
        if any(task.get("Status") in {"RUNNING", "CANCELLING"} for task in tasks):
            return Outcome(arn, "unchanged", "Its messages are being moved already.")
        sqs.start_message_move_task(SourceArn=arn)
        return Outcome(arn, "changed", "Its messages are on their way back to their queues.")

    return [_attempt(world.queue_arn, redrive)]


REMEDIES: Final[Mapping[str, Remedy]] = {
    "restore_pitr": restore_pitr,
    "restore_public_access_block": restore_public_access_block,
    "cap_concurrency": cap_concurrency,
    "redrive_dead_letters": redrive_dead_letters,
}


def _attempt(target: str, act: Callable[[], Outcome]) -> Outcome:
    """Act at one target; its failure does not keep the others from being mended."""
    try:
        return act()
    except ClientError as error:
        reason = f"{error.operation_name} refused ({error.response['Error']['Code']})."
    except BotoCoreError as error:
        reason = f"AWS was not reached ({type(error).__name__})."
    return Outcome(target, "failed", reason, retry=True)


def _public_access_block(s3: S3Client, bucket: str) -> dict[str, bool]:
    try:
        found = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchPublicAccessBlockConfiguration":
            raise
        found = {}
    return {name: found.get(name) is True for name in ALL_BLOCKED}


def _at_functions(
    world: World, alarm: Alarm, act: Callable[[LambdaClient, str, str], Outcome]
) -> Iterator[Outcome]:
    for name in alarm.functions:
        arn = world.function_arns.get(name)
        if arn is None:
            yield Outcome(name, "failed", "It is not among the functions that may be capped.")
        else:
            yield _attempt(name, partial(act, world.functions, name, arn))


def _cap(functions: LambdaClient, name: str, arn: str) -> Outcome:
    now = _reserved(functions, name)
    if now is not None and now <= CAP:
        return Outcome(name, "unchanged", f"Its reserved concurrency is {now}.")
    if CAP_TAG not in functions.list_tags(Resource=arn)["Tags"]:
        functions.tag_resource(Resource=arn, Tags={CAP_TAG: "none" if now is None else str(now)})
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=CAP)
    before = "unreserved" if now is None else str(now)
    return Outcome(name, "changed", f"Its reserved concurrency was {before}, it is {CAP} now.")


def _lift(functions: LambdaClient, name: str, arn: str) -> Outcome:
    before = functions.list_tags(Resource=arn)["Tags"].get(CAP_TAG)
    if before is None:
        return Outcome(name, "unchanged", "It is not capped by a remedy.")
    detail = "Somebody changed its reserved concurrency meanwhile; that stays."
    if _reserved(functions, name) == CAP:
        detail = f"The cap is lifted, its reserved concurrency is {before} again."
        if before == "none":
            functions.delete_function_concurrency(FunctionName=name)
        else:
            functions.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=int(before)
            )
    functions.untag_resource(Resource=arn, TagKeys=[CAP_TAG])
    return Outcome(name, "changed", detail)


def _reserved(functions: LambdaClient, name: str) -> int | None:
    answer = functions.get_function_concurrency(FunctionName=name)
    return answer.get("ReservedConcurrentExecutions")
