"""What others switched on at a bucket, and we have no setting for: copies, a website, origins."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from provisioner.aws.clients import Aws
from provisioner.aws.failures import absent_is_success, unless_absent
from provisioner.lifecycle import Extra, Settings
from provisioner.resources._s3 import ABSENT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REPLICATION, WEBSITE, CORS = "replication", "website", "CORS rule"
NEVER_SET = (
    "ReplicationConfigurationNotFoundError",
    "NoSuchWebsiteConfiguration",
    "NoSuchCORSConfiguration",
    *ABSENT,
)


def extras(
    aws: Aws,
    applied: Mapping[str, Settings],
    ids: frozenset[str],
) -> Mapping[str, Sequence[Extra]]:
    """Replication, a website, rules for other origins; three calls a bucket."""
    del ids
    s3 = aws.client("s3")
    told = aws.gather([partial(_of_bucket, s3, name) for name in applied])
    return dict(zip(applied, told, strict=True))


def remove_extra(aws: Aws, id_: str, extra: Extra) -> None:
    """Switch it off: all rules of its sort."""
    s3 = aws.client("s3")
    off = {
        REPLICATION: s3.delete_bucket_replication,
        WEBSITE: s3.delete_bucket_website,
        CORS: s3.delete_bucket_cors,
    }
    with absent_is_success(*NEVER_SET):
        off[extra.what](Bucket=id_)


def _of_bucket(s3: S3Client, name: str) -> list[Extra]:
    return [*_replication(s3, name), *_website(s3, name), *_origins(s3, name)]


def _replication(s3: S3Client, name: str) -> Iterator[Extra]:
    found = _set(partial(s3.get_bucket_replication, Bucket=name))
    for rule in found.get("ReplicationConfiguration", {}).get("Rules", ()):
        says = f"copies go to {rule['Destination']['Bucket']}"
        yield Extra(REPLICATION, str(rule.get("ID", "a rule")), says)


def _website(s3: S3Client, name: str) -> Iterator[Extra]:
    found = _set(partial(s3.get_bucket_website, Bucket=name))
    if any(part in found for part in ("IndexDocument", "RedirectAllRequestsTo")):
        yield Extra(WEBSITE, name, "it is served as a website")


def _origins(s3: S3Client, name: str) -> Iterator[Extra]:
    for rule in _set(partial(s3.get_bucket_cors, Bucket=name)).get("CORSRules", ()):
        origins = json.dumps(rule.get("AllowedOrigins", []))
        says = f"{', '.join(rule.get('AllowedMethods', ()))} from {origins}"
        yield Extra(CORS, str(rule.get("ID", origins)), says)


def _set(call: Any) -> Mapping[str, Any]:
    """What the call answers; nothing where that side was never set."""
    return unless_absent(call, *NEVER_SET) or {}
