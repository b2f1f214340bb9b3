"""What a bucket holds: counted before a delete, and taken out of it.

A versioned bucket keeps every version of every object, and a marker for each delete; a delete of
the bucket needs all of them gone. Versions under a lock go when the lock ends, and not before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, TypeAlias

from provisioner.aws.clients import Aws
from provisioner.aws.failures import DENIED, absent_is_success, unless_absent
from provisioner.errors import AwsError
from provisioner.lifecycle import Drained, Obstacle
from provisioner.quantities import counted, moment, size
from provisioner.resources._s3 import ABSENT

Version: TypeAlias = Mapping[str, Any]
"""A version or a delete marker, as S3 lists it; or an error that names one."""

BATCH = 1000
"""As many versions as a page shows and DeleteObjects takes."""
PAGES = 10
"""So many pages are counted beforehand, and emptied in one slice."""
PER_SECOND = 2000.0
"""Versions deleted in a second, for the expected time."""
NEWEST = 10
"""Of so many versions the lock is looked up: the newest are locked longest."""
LATER = frozenset({"InternalError", "ServiceUnavailable", "SlowDown", "OperationAborted"})
"""Of such a version nothing is known but that it is still there."""
GONE = frozenset({"NoSuchKey", "NoSuchVersion"})
HELD = "on legal hold"
UNKNOWN = ("403", "405", *DENIED, *GONE)
"""Answers to a look at a version by somebody who may not see it, or at one that is no object."""


@dataclass(frozen=True)
class Contents:
    """What up to ten pages of a bucket show; `more` says that there is more than that."""

    versions: Sequence[Version]
    markers: Sequence[Version]
    uploads: Sequence[Mapping[str, Any]]
    more: bool

    def __bool__(self) -> bool:
        return bool(self.versions or self.markers or self.uploads)

    def __str__(self) -> str:
        volume = size(sum(int(one.get("Size", 0)) for one in self.versions))
        told = [
            f"{counted(len(self.versions), 'version', more=self.more)} of objects ({volume})",
            *([counted(len(self.markers), "delete marker")] if self.markers else ()),
            *([counted(len(self.uploads), "unfinished upload")] if self.uploads else ()),
        ]
        return ", ".join(told)


def contents(client: Any, name: str) -> Contents:
    """Look at up to ten pages of a bucket."""
    pages = client.get_paginator("list_object_versions").paginate(Bucket=name)
    listed = unless_absent(lambda: [*islice(pages, PAGES)], *ABSENT) or []
    uploads = unless_absent(partial(client.list_multipart_uploads, Bucket=name), *ABSENT) or {}
    return Contents(
        [one for page in listed for one in page.get("Versions", ())],
        [one for page in listed for one in page.get("DeleteMarkers", ())],
        [*uploads.get("Uploads", ())],
        bool(listed and listed[-1].get("IsTruncated")),
    )


def obstacles(aws: Aws, name: str) -> Iterator[Obstacle]:
    """What keeps the bucket: that it holds something, and what locks that."""
    client = aws.client("s3")
    held = contents(client, name)
    if not held:
        return
    seconds = (len(held.versions) + len(held.markers)) / PER_SECOND
    yield Obstacle(f"{name} holds {held}", empties=True, seconds=seconds)
    if _needs_the_device(client, name):
        yield Obstacle(
            f"versions in {name} go only with the root user's MFA device",
            "Switch MFA delete off as the root user.",
        )
    if _may_lock(client, name):
        newest = sorted(held.versions, key=lambda one: one["LastModified"])[-NEWEST:]
        yield from _locks(aws, name, newest)


def emptied(aws: Aws, name: str) -> Drained | None:
    """Delete up to ten pages of versions, a page in each call and the calls side by side.

    Raises:
        AwsError: a version can't be deleted: it is locked, or nobody may.
    """
    client = aws.client("s3")
    held = contents(client, name)
    keys = [
        {"Key": one["Key"], "VersionId": one["VersionId"]}
        for one in (*held.versions, *held.markers)
    ]
    if keys:
        batches = [keys[start : start + BATCH] for start in range(0, len(keys), BATCH)]
        kept = aws.gather([partial(_delete, client, name, batch) for batch in batches])
        return Drained(len(keys) - sum(kept), "versions", None if held.more else sum(kept))
    if held.uploads:
        aws.gather([partial(_abort, client, name, upload) for upload in held.uploads])
        return Drained(len(held.uploads), "unfinished uploads")
    return None


def _delete(client: Any, name: str, keys: Sequence[Mapping[str, str]]) -> int:
    """Delete versions; how many AWS kept for now. The answer is a success even if it kept all."""
    answer = unless_absent(
        partial(client.delete_objects, Bucket=name, Delete={"Objects": [*keys], "Quiet": True}),
        *ABSENT,
    )
    errors = [error for error in (answer or {}).get("Errors", ()) if error["Code"] not in GONE]
    refused = [error for error in errors if error["Code"] not in LATER]
    if refused:
        raise _refusal(client, name, refused)
    return len(errors)


def _refusal(client: Any, name: str, refused: Sequence[Version]) -> AwsError:
    """Why versions were not deleted, in a sentence; the lock is looked up of the first."""
    first = refused[0]
    code, message = str(first["Code"]), str(first.get("Message", "no reason given"))
    until, why = _lock(client, name, first)
    if why:
        ends = "" if until is None else f" until {moment(until)}"
        return AwsError(
            f"{counted(len(refused), 'version')} in {name} can't be deleted: {first['Key']} is "
            f"{why}{ends}.",
            code=code,
            operation="s3.DeleteObjects",
            hint="Tear down again when the lock has ended.",
        )
    return AwsError(
        f"{counted(len(refused), 'version')} in {name} can't be deleted ({code}): {message}, "
        f"for {first['Key']}.",
        code=code,
        operation="s3.DeleteObjects",
        hint="Allow the caller s3:DeleteObjectVersion, and see that no policy denies it.",
    )


def _abort(client: Any, name: str, upload: Mapping[str, Any]) -> None:
    with absent_is_success("NoSuchUpload", *ABSENT):
        client.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])


def _needs_the_device(client: Any, name: str) -> bool:
    call = partial(client.get_bucket_versioning, Bucket=name)
    answer: Mapping[str, Any] = unless_absent(call, *ABSENT) or {}
    return answer.get("MFADelete") == "Enabled"


def _may_lock(client: Any, name: str) -> bool:
    call = partial(client.get_object_lock_configuration, Bucket=name)
    answer = unless_absent(call, "ObjectLockConfigurationNotFoundError", *ABSENT) or {}
    found: Mapping[str, Any] = answer.get("ObjectLockConfiguration", {})
    return found.get("ObjectLockEnabled") == "Enabled"


def _locks(aws: Aws, name: str, versions: Sequence[Version]) -> Iterator[Obstacle]:
    """The longest lock of these versions, and holds without an end."""
    found = aws.gather([partial(_lock, aws.client("s3"), name, one) for one in versions])
    dated = [(until, why) for until, why in found if until is not None and until > aws.clock.now()]
    if dated:
        until, why = max(dated)
        yield Obstacle(
            f"versions in {name} are {why}, the newest until {moment(until)}",
            "Tear down again after that.",
        )
    if held := sum(why == HELD for _, why in found):
        yield Obstacle(
            f"{counted(held, 'version')} in {name} {'is' if held == 1 else 'are'} {HELD}",
            "Take the hold off them.",
        )


def _lock(client: Any, name: str, version: Version) -> tuple[datetime | None, str]:
    """Until when and by what a version is locked; empty if it is not, or nobody may know."""
    which = {"Bucket": name, "Key": version["Key"]}
    if "VersionId" in version:
        which["VersionId"] = version["VersionId"]
    found = unless_absent(partial(client.head_object, **which), *UNKNOWN, *ABSENT) or {}
    if found.get("ObjectLockLegalHoldStatus") == "ON":
        return None, HELD
    if "ObjectLockRetainUntilDate" not in found:
        return None, ""
    return found["ObjectLockRetainUntilDate"], f"locked in {found['ObjectLockMode']} mode"
