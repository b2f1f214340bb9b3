"""What a vault holds: recovery points, counted before a delete, and deleted one by one.

Deleting a point takes AWS minutes. If the caller lacks a right that it needs for that, AWS answers
success and the point becomes `EXPIRED` instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, TypeAlias

from botocore.exceptions import ClientError

from provisioner.aws.clients import Aws
from provisioner.aws.failures import absent_is_success, code_of, unless_absent
from provisioner.errors import AwsError
from provisioner.lifecycle import Drained, Obstacle
from provisioner.quantities import counted, moment, size

Point: TypeAlias = Mapping[str, Any]
"""A recovery point, as AWS lists it."""

PAGES = 10
"""So many pages of a thousand points are counted beforehand."""
SLICE = 100
"""Points deleted in one go."""
SECONDS_PER_POINT = 1.0
SECONDS_AT_LEAST = 120.0
"""What deleting points typically takes, for the expected time."""
LOOKS = 5
LOOK_EVERY = 2.0
"""So often, and after so many seconds, is a point looked at that should be on its way out."""
BUSY = frozenset({"InvalidResourceStateException", "ServiceUnavailableException"})
"""A job still works on the point."""
ABSENT = "ResourceNotFoundException"


def points(client: Any, vault: str) -> tuple[list[Point], bool]:
    """The points of up to ten pages, and whether there are more; none of a vault that is gone."""
    pages = client.get_paginator("list_recovery_points_by_backup_vault").paginate(
        BackupVaultName=vault
    )
    listed = unless_absent(lambda: [*islice(pages, PAGES)], ABSENT) or []
    found = [point for page in listed for point in page.get("RecoveryPoints", ())]
    return found, bool(listed and listed[-1].get("NextToken"))


def obstacles(aws: Aws, vault: str) -> Iterator[Obstacle]:
    """What keeps the vault: points in it, and a lock on them."""
    client = aws.client("backup")
    held, more = points(client, vault)
    if not held:
        return
    volume = size(sum(int(point.get("BackupSizeInBytes") or 0) for point in held))
    newest = max(point["CreationDate"] for point in held)
    yield Obstacle(
        f"{vault} holds {counted(len(held), 'recovery point', more=more)} ({volume}), the newest "
        f"of {newest:%Y-%m-%d}",
        empties=True,
        seconds=max(SECONDS_AT_LEAST, SECONDS_PER_POINT * len(held)),
    )
    answer = unless_absent(partial(client.describe_backup_vault, BackupVaultName=vault), ABSENT)
    if answer and answer.get("Locked"):
        yield _locked(vault, held, answer.get("LockDate"), aws.clock.now())


def emptied(aws: Aws, vault: str) -> Drained | None:
    """Have some points deleted; those that AWS is busy deleting are waited for by the caller.

    Raises:
        AwsError: AWS took the delete of a point and did not do it, for want of a right.
    """
    client = aws.client("backup")
    held, _ = points(client, vault)
    if not held:
        return None
    leaving = [point for point in held if point["Status"] == "DELETING"]
    parts = [point for point in held if point.get("ParentRecoveryPointArn")]
    whole = [point for point in held if point not in leaving and point not in parts]
    doomed = whole or ([] if leaving else parts)  # parts go with the whole that they belong to
    taken = aws.gather([partial(_delete, client, vault, point) for point in doomed[:SLICE]])
    _check_expired(aws, vault, [point for point in doomed[:SLICE] if point["Status"] == "EXPIRED"])
    return Drained(sum(taken), "recovery points", len(held))


def _delete(client: Any, vault: str, point: Point) -> bool:
    """Have one point deleted; False if it can't be yet. A continuous one is let go of first."""
    which = {"BackupVaultName": vault, "RecoveryPointArn": point["RecoveryPointArn"]}
    try:
        with absent_is_success(ABSENT):
            client.delete_recovery_point(**which)
    except ClientError as error:
        if code_of(error) == "InvalidRequestException" and point["Status"] == "AVAILABLE":
            client.disassociate_recovery_point(**which)
        elif code_of(error) not in BUSY:
            raise
        return False
    return True


def _check_expired(aws: Aws, vault: str, expired: Sequence[Point]) -> None:
    """A point that was expired, and stays so after a delete, can't be deleted by the caller."""
    client = aws.client("backup")
    left = [point["RecoveryPointArn"] for point in expired]
    for _ in range(LOOKS):
        left = [arn for arn in left if _still_expired(client, vault, arn)]
        if not left:
            return
        aws.clock.sleep(LOOK_EVERY)
    raise AwsError(
        f"{counted(len(left), 'recovery point')} in {vault} became EXPIRED instead of being "
        f"deleted: the caller lacks a right on what it is a backup of, or on its role: {left[0]}.",
        code="EXPIRED",
        operation="backup.DeleteRecoveryPoint",
        hint="Grant the caller what deleting backups of that service needs, then run it again.",
    )


def _still_expired(client: Any, vault: str, arn: str) -> bool:
    which = {"BackupVaultName": vault, "RecoveryPointArn": arn}
    answer = unless_absent(partial(client.describe_recovery_point, **which), ABSENT)
    return answer is not None and answer["Status"] == "EXPIRED"


def _locked(vault: str, held: Sequence[Point], final: datetime | None, now: datetime) -> Obstacle:
    """A vault lock lets nobody delete a point before its time."""
    unlock = f"aws backup delete-backup-vault-lock-configuration --backup-vault-name {vault}"
    if final is None:
        return Obstacle(f"{vault} is locked in governance mode", f"Take the lock off: {unlock}")
    if final > now:
        return Obstacle(
            f"{vault} is locked in compliance mode; the lock can be taken off until "
            f"{moment(final)}, and by nobody after that",
            f"Take the lock off: {unlock}",
        )
    ends = [point.get("CalculatedLifecycle", {}).get("DeleteAt") for point in held]
    dated = [end for end in ends if end is not None]
    last = f"until {moment(max(dated))}" if len(dated) == len(ends) else "for ever"
    return Obstacle(
        f"{vault} is locked in compliance mode, which nobody can take off; AWS keeps points in it "
        f"{last}",
        "Take the vault out of the stack, or tear down after that.",
    )
