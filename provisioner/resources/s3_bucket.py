"""s3.bucket: a bucket with everything that belongs to it: one resource, not nine.

By default it is private, versioned, encrypted, for TLS only, and knows no ACLs. A bucket's name is
taken in all accounts of the world; one that exists is never taken for ours unless our tags are on
it, though AWS answers success for making one's own bucket again in us-east-1.
API: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.facets import read_facets
from provisioner.aws.failures import absent_is_success, unless_absent
from provisioner.aws.tags import tag_list
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    CREATE,
    IMMUTABLE,
    LOCAL,
    Changes,
    Drained,
    Json,
    Observed,
    Obstacle,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
    lags,
    of_stack,
)
from provisioner.lifecycle.canonical import UNORDERED
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Arn, PolicyDocument, Shape, Tags
from provisioner.resources._policies import denies, without_tls
from provisioner.resources._s3 import ABSENT, FACETS, observed_settings
from provisioner.resources._s3_contents import emptied
from provisioner.resources._s3_contents import obstacles as held_in
from provisioner.resources._s3_extras import extras, remove_extra
from provisioner.resources._s3_writes import WRITES, tags_of_bucket, write_tags

DEFAULT_REGION = "us-east-1"
DELETES = ("s3:DeleteBucket", "s3:DeleteObject", "s3:DeleteObjectVersion")


class LifecycleRule(Spec):
    """What becomes of objects with time."""

    id: Annotated[str, Shape(longest=255, shortest=1)]
    prefix: str = ""
    enabled: bool = True
    expiration_days: Annotated[int | None, Field(ge=1)] = None
    noncurrent_version_expiration_days: Annotated[int | None, Field(ge=1)] = None
    abort_incomplete_multipart_upload_days: Annotated[int | None, Field(ge=1)] = None
    transition_days: Annotated[int | None, Field(ge=0)] = None
    transition_storage_class: (
        Literal["STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]
        | None
    ) = None

    @model_validator(mode="after")
    def _does_something(self) -> LifecycleRule:
        if (self.transition_days is None) != (self.transition_storage_class is None):
            message = "a transition needs transition_days and transition_storage_class"
            raise ValueError(message)
        actions = self.model_dump(exclude={"id", "prefix", "enabled"}, exclude_none=True)
        if not actions:
            message = f"rule {self.id!r} does nothing"
            raise ValueError(message)
        return self


class Logging(Spec):
    """Where accesses are written down."""

    target_bucket: str
    """Another bucket, `${logs.name}`, whose policy lets S3 write."""
    target_prefix: str = ""


class Notification(Spec):
    """Who is told of what happens to objects."""

    target_arn: Arn
    """A queue, topic or function that S3 may send to."""
    events: Annotated[list[str], UNORDERED]
    """E.g. `s3:ObjectCreated:*`."""
    prefix: str = ""
    suffix: str = ""


class ObjectLock(Spec):
    """How long new objects can't be changed or deleted. COMPLIANCE can't be lifted by anyone."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"]
    days: Annotated[int, Field(ge=1)]


class S3BucketSpec(Spec):
    """A bucket."""

    bucket_name: Annotated[
        str,
        IMMUTABLE,
        Shape(
            r"(?!xn--|sthree-)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]",
            longest=63,
            shortest=3,
            says="lower-case letters, digits, hyphens and dots",
        ),
    ]
    versioning: bool = True
    """Keep what is overwritten or deleted. It can be suspended later, never taken back."""
    kms_key: str | None = None
    """The ARN of the key that encrypts objects: `${data_key.arn}`. Unset: keys of S3's own."""
    block_public_access: Annotated[bool, CREATE] = True
    """All four switches; false opens the bucket to whatever its policy says."""
    object_ownership: Annotated[
        Literal["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"], CREATE
    ] = "BucketOwnerEnforced"
    policy: PolicyDocument | None = None
    """Who may do what, besides the account's own IAM policies."""
    tls_only: bool = True
    """Refuse every call without TLS."""
    lifecycle_rules: Annotated[list[LifecycleRule], UNORDERED, lags(30)] = []
    logging: Annotated[Logging | None, Wait.READY] = None
    event_bridge: bool = False
    """Tell EventBridge of everything that happens to objects."""
    notifications: Annotated[list[Notification], UNORDERED, Wait.READY] = []
    object_lock_enabled: Annotated[bool, IMMUTABLE] = False
    object_lock: ObjectLock | None = None
    """The retention of new objects; needs object_lock_enabled."""
    empty_on_delete: Annotated[bool, LOCAL] = False
    """Delete every version of every object with it. Without, a bucket with objects stays."""
    tags: Tags = {}


ATTRIBUTES = {
    "id": "the name",
    "name": "the name",
    "arn": "the ARN",
    "domain_name": "the name in URLs, with its region",
}


def identity(spec: S3BucketSpec, target: Target) -> str | None:
    """The name."""
    del target
    return spec.bucket_name


def predict(spec: S3BucketSpec, target: Target) -> Mapping[str, str]:
    """Everything."""
    return _attributes(spec.bucket_name, target)


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """Ten calls a bucket, side by side; one listing first, so that absent ones cost nothing."""
    client = aws.client("s3")
    present = _present(client, ids)
    facets = [partial(facet, client) for facet in FACETS]
    return {
        id_: _observed(aws.target, id_, found)
        for id_, found in read_facets(aws, present, facets).items()
    }


def create(aws: Aws, spec: S3BucketSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the bucket with its tags; what AWS gives every new bucket is known."""
    configuration: dict[str, Any] = {"Tags": tag_list(tags)} if tags else {}
    if aws.target.region != DEFAULT_REGION:
        configuration["LocationConstraint"] = aws.target.region
    request: dict[str, Any] = {
        "Bucket": spec.bucket_name,
        "ObjectOwnership": spec.object_ownership,
        "ObjectLockEnabledForBucket": spec.object_lock_enabled,
    }
    if configuration:
        request["CreateBucketConfiguration"] = configuration
    aws.client("s3").create_bucket(**request)
    settings: dict[str, Json] = {
        "bucket_name": spec.bucket_name,
        "versioning": spec.object_lock_enabled,
        "block_public_access": True,
        "object_ownership": spec.object_ownership,
        "object_lock_enabled": spec.object_lock_enabled,
        "tls_only": False,
        "event_bridge": False,
    }
    return spec.bucket_name, Observed(settings, predict(spec, aws.target), tags)


def update(aws: Aws, id_: str, spec: S3BucketSpec, changes: Changes) -> Phase:
    """One call per side, one after the other: S3 takes one change of a bucket at a time."""
    client = aws.client("s3")
    for fields, write in WRITES:
        if changes.keys() & fields:
            write(client, aws.target, id_, spec)
    return Phase.READY


def obstacles(
    aws: Aws,
    id_: str,
    settings: Settings,  # noqa: ARG001
    ids: frozenset[str],  # noqa: ARG001
) -> Sequence[Obstacle]:
    """What it holds, and what locks that."""
    return [*held_in(aws, id_)]


def drain(aws: Aws, id_: str) -> Drained | None:
    """Delete some ten thousand versions; once there are none, unfinished uploads."""
    return emptied(aws, id_)


def protection(settings: Settings) -> str:
    """A policy that denies deleting the bucket or what is in it."""
    policy = settings.get("policy")
    return "the policy that denies deletes" if denies(policy, DELETES) else ""


def lift(aws: Aws, id_: str) -> Phase:
    """Take the policy away."""
    with absent_is_success(*ABSENT):
        aws.client("s3").delete_bucket_policy(Bucket=id_)
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it; refused as long as it holds anything."""
    with absent_is_success(*ABSENT):
        aws.client("s3").delete_bucket(Bucket=id_)


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Tags are put all together: what is there is read first, AWS's own included."""
    client = aws.client("s3")
    have = tags_of_bucket(client, id_)
    kept = {key: value for key, value in have.items() if key not in removed}
    write_tags(client, id_, {**kept, **added})


def tagged(aws: Aws, id_: str) -> Mapping[str, str] | None:
    """The tags alone. In us-east-1 a bucket of ours may be created twice, and AWS says success."""
    return unless_absent(lambda: tags_of_bucket(aws.client("s3"), id_), *ABSENT)


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every bucket of the region; S3 can't filter by tag."""
    client = aws.client("s3")
    found = read(aws, _names(client))
    return of_stack(found, stack)


def _attributes(name: str, target: Target) -> dict[str, str]:
    return {
        "id": name,
        "name": name,
        "arn": f"arn:{target.partition}:s3:::{name}",
        "domain_name": f"{name}.s3.{target.region}.{target.dns_suffix}",
    }


def _names(client: Any) -> list[str]:
    pages = client.get_paginator("list_buckets").paginate()
    return [bucket["Name"] for page in pages for bucket in page.get("Buckets", ())]


def _present(client: Any, ids: Sequence[str]) -> list[str]:
    """Those of our buckets that exist; a name that somebody else has is told by the create."""
    if not ids:
        return []
    names = set(_names(client))
    return [id_ for id_ in ids if id_ in names]


def _observed(target: Target, name: str, found: Mapping[str, Json]) -> Observed:
    arn = _attributes(name, target)["arn"]
    tags = found["tags"]
    named = {key: str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}
    settings = {"bucket_name": name, **observed_settings(found, arn)}
    return Observed(settings, _attributes(name, target), named)


def exposes(settings: Settings) -> list[str]:
    """Access by anybody whom the policy or an ACL lets in; calls without TLS."""
    public = settings.get("block_public_access") is False
    return [*(["public access"] if public else []), *without_tls(settings)]


RESOURCE = ResourceType(
    kind="s3.bucket",
    service="s3",
    spec=S3BucketSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    read=read,
    create=create,
    update=update,
    delete=delete,
    extras=extras,
    remove_extra=remove_extra,
    retag=retag,
    search=search,
    protection=protection,
    exposes=exposes,
    lift=lift,
    drain=drain,
    refilled=frozenset({"BucketNotEmpty"}),
    obstacles=obstacles,
    deletes=("s3:DeleteBucket",),
    lifts=("s3:DeleteBucketPolicy",),
    drains=("s3:DeleteObjectVersion {arn}/*", "s3:AbortMultipartUpload {arn}/*"),
    overwrites=True,
    tagged=tagged,
    holds_data=True,
    replace_first="delete",
    seconds=2,
)


def ensure_s3_bucket(
    session: ClientFactory, spec: S3BucketSpec, *, owner: Owner | None = None, adopt: bool = False
) -> Result:
    """Create the bucket if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
