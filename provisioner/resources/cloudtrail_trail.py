"""cloudtrail.trail: records who did what in the account.

A new trail does not log until it is told to. AWS checks the bucket's and the key's policy when the
trail is made, so both have to be there first.
API: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.tags import tag_dict, tag_list
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    CREATE,
    IMMUTABLE,
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
    of_stack,
)
from provisioner.lifecycle.canonical import UNORDERED, Canonical, as_set
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Arn, Shape, Tags

if TYPE_CHECKING:
    from mypy_boto3_cloudtrail import CloudTrailClient

TAGGED_AT_ONCE = 20


def _selectors_form(value: Json) -> Json:
    """Selectors, their resources and the ARNs of those in any order."""
    listed = value if isinstance(value, list) else []
    return as_set([_selector_form(one) for one in listed if isinstance(one, dict)])


def _selector_form(selector: Mapping[str, Json]) -> dict[str, Json]:
    resources = selector.get("data_resources")
    listed = resources if isinstance(resources, list) else []
    ordered: list[Json] = [
        {**one, "values": as_set(one.get("values"))} for one in listed if isinstance(one, dict)
    ]
    return {**selector, "data_resources": as_set(ordered)}


class DataResource(Spec):
    """Objects whose use is recorded."""

    type: Literal["AWS::S3::Object", "AWS::DynamoDB::Table", "AWS::Lambda::Function"]
    values: Annotated[list[Arn], UNORDERED]
    """ARNs; a bucket's ends in / for all its objects."""


class EventSelector(Spec):
    """What is recorded."""

    read_write_type: Literal["All", "ReadOnly", "WriteOnly"] = "All"
    include_management_events: bool = True
    data_resources: Annotated[list[DataResource], UNORDERED] = []


SELECTORS = Canonical(_selectors_form)


class CloudtrailTrailSpec(Spec):
    """A trail, for all regions, with validation, and logging, unless it says otherwise."""

    name: Annotated[
        str,
        IMMUTABLE,
        Shape(
            r"[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]", says="3 to 128 letters, digits, . _ -"
        ),
    ]
    s3_bucket_name: Annotated[str, CREATE]
    """The bucket: `${audit.name}`. Its policy must let CloudTrail write."""
    s3_key_prefix: Annotated[str | None, CREATE] = None
    kms_key: Annotated[Arn | None, CREATE] = None
    """The ARN of the key that encrypts the logs: `${audit_key.arn}`."""
    cloud_watch_logs_log_group_arn: Annotated[Arn | None, CREATE] = None
    """The group's ARN with `:*` behind it: `${trail_logs.arn}:*`."""
    cloud_watch_logs_role_arn: Annotated[Arn | None, CREATE] = None
    is_multi_region_trail: Annotated[bool, CREATE] = True
    include_global_service_events: Annotated[bool, CREATE] = True
    enable_log_file_validation: Annotated[bool, CREATE] = True
    event_selectors: Annotated[list[EventSelector], SELECTORS, Wait.NAME] = [EventSelector()]
    logging: bool = True
    tags: Tags = {}

    @model_validator(mode="after")
    def _group_and_role(self) -> CloudtrailTrailSpec:
        if (self.cloud_watch_logs_log_group_arn is None) != (
            self.cloud_watch_logs_role_arn is None
        ):
            message = "a log group needs a role that writes to it, and the other way round"
            raise ValueError(message)
        return self


ATTRIBUTES = {"id": "the name", "name": "the name", "arn": "the ARN"}


def identity(spec: CloudtrailTrailSpec, target: Target) -> str | None:
    """The name."""
    del target
    return spec.name


def predict(spec: CloudtrailTrailSpec, target: Target) -> Mapping[str, str]:
    """Everything."""
    return _attributes(spec.name, target)


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call for all trails and one for the tags of twenty; two for each trail."""
    client = aws.client("cloudtrail")
    wanted = set(ids)
    trails: dict[str, Mapping[str, Any]] = {
        trail["Name"]: {**trail} for trail in _trails(client, ids) if trail["Name"] in wanted
    }
    names = [*trails]
    status = [partial(_logging, client, name) for name in names]
    selectors = [partial(_selectors, client, name) for name in names]
    answers = aws.gather([*status, *selectors])
    tags = _tags(client, [_attributes(name, aws.target)["arn"] for name in names])
    count = len(names)
    return {
        name: _observed(
            aws.target, trails[name], {**answers[index], **answers[count + index]}, tags
        )
        for index, name in enumerate(names)
    }


def create(aws: Aws, spec: CloudtrailTrailSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the trail; selectors and the start follow."""
    request = _request(spec) | {"TagsList": tag_list(tags)}
    aws.client("cloudtrail").create_trail(**request)
    settings: dict[str, Json] = spec.model_dump(
        mode="json", exclude={"tags", "event_selectors", "logging"}, exclude_none=True
    )
    settings["event_selectors"] = [EventSelector().model_dump(mode="json")]
    settings["logging"] = False
    return spec.name, Observed(settings, predict(spec, aws.target), tags)


def update(aws: Aws, id_: str, spec: CloudtrailTrailSpec, changes: Changes) -> Phase:
    """The trail itself, its selectors, then whether it logs."""
    client = aws.client("cloudtrail")
    if changes.keys() - {"event_selectors", "logging"}:
        client.update_trail(**_request(spec, clearing=True))
    if "event_selectors" in changes:
        selectors: Any = [_sent(selector) for selector in spec.event_selectors]
        client.put_event_selectors(TrailName=id_, EventSelectors=selectors)
    if "logging" in changes:
        switch = client.start_logging if spec.logging else client.stop_logging
        switch(Name=id_)
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it; what it recorded stays, and some more may arrive for a quarter of an hour."""
    with absent_is_success("TrailNotFoundException"):
        aws.client("cloudtrail").delete_trail(Name=id_)


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    client = aws.client("cloudtrail")
    arn = _attributes(id_, aws.target)["arn"]
    if added:
        client.add_tags(ResourceId=arn, TagsList=[{**tag} for tag in tag_list(added)])
    if removed:
        client.remove_tags(ResourceId=arn, TagsList=[{"Key": key} for key in removed])


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every trail of this region; CloudTrail can't filter by tag."""
    found = read(aws, [trail["Name"] for trail in _trails(aws.client("cloudtrail"), [])])
    return of_stack(found, stack)


def _attributes(name: str, target: Target) -> dict[str, str]:
    return {"id": name, "name": name, "arn": target.arn("cloudtrail", f"trail/{name}")}


def _request(spec: CloudtrailTrailSpec, *, clearing: bool = False) -> dict[str, Any]:
    """The members of CreateTrail; in UpdateTrail an empty text clears what is unset."""
    optional = {
        "S3KeyPrefix": spec.s3_key_prefix,
        "KmsKeyId": spec.kms_key,
        "CloudWatchLogsLogGroupArn": spec.cloud_watch_logs_log_group_arn,
        "CloudWatchLogsRoleArn": spec.cloud_watch_logs_role_arn,
    }
    return {
        "Name": spec.name,
        "S3BucketName": spec.s3_bucket_name,
        "IsMultiRegionTrail": spec.is_multi_region_trail,
        "IncludeGlobalServiceEvents": spec.include_global_service_events,
        "EnableLogFileValidation": spec.enable_log_file_validation,
        **{name: value or "" for name, value in optional.items() if value or clearing},
    }


def _sent(selector: EventSelector) -> dict[str, Any]:
    return {
        "ReadWriteType": selector.read_write_type,
        "IncludeManagementEvents": selector.include_management_events,
        "DataResources": [
            {"Type": one.type, "Values": one.values} for one in selector.data_resources
        ],
    }


def _trails(client: CloudTrailClient, names: Sequence[str]) -> list[Mapping[str, Any]]:
    """These trails, or all; those of other regions are not ours to change."""
    answer = client.describe_trails(trailNameList=[*names], includeShadowTrails=False)
    return [{**trail} for trail in answer["trailList"]]


def _logging(client: CloudTrailClient, name: str) -> dict[str, Json]:
    return {"logging": bool(client.get_trail_status(Name=name).get("IsLogging"))}


def _selectors(client: CloudTrailClient, name: str) -> dict[str, Json]:
    found = client.get_event_selectors(TrailName=name).get("EventSelectors") or []
    selectors: list[Json] = [
        {
            "read_write_type": str(one.get("ReadWriteType", "All")),
            "include_management_events": bool(one.get("IncludeManagementEvents", True)),
            "data_resources": [
                {"type": str(data["Type"]), "values": [*sorted(data["Values"])]}
                for data in one.get("DataResources", ())
            ],
        }
        for one in found
    ]
    return {"event_selectors": selectors or [EventSelector().model_dump(mode="json")]}


def _tags(client: CloudTrailClient, arns: Sequence[str]) -> dict[str, dict[str, str]]:
    found = {}
    for start in range(0, len(arns), TAGGED_AT_ONCE):
        chunk = [*arns[start : start + TAGGED_AT_ONCE]]
        for one in client.list_tags(ResourceIdList=chunk)["ResourceTagList"]:
            found[one["ResourceId"]] = tag_dict(one.get("TagsList"))
    return found


def _observed(
    target: Target,
    trail: Mapping[str, Any],
    more: Mapping[str, Json],
    tags: Mapping[str, Mapping[str, str]],
) -> Observed:
    name = str(trail["Name"])
    attributes = _attributes(name, target)
    settings: dict[str, Json] = {
        "name": name,
        "s3_bucket_name": trail["S3BucketName"],
        "s3_key_prefix": trail.get("S3KeyPrefix") or None,
        "kms_key": trail.get("KmsKeyId") or None,
        "cloud_watch_logs_log_group_arn": trail.get("CloudWatchLogsLogGroupArn") or None,
        "cloud_watch_logs_role_arn": trail.get("CloudWatchLogsRoleArn") or None,
        "is_multi_region_trail": bool(trail.get("IsMultiRegionTrail")),
        "include_global_service_events": bool(trail.get("IncludeGlobalServiceEvents")),
        "enable_log_file_validation": bool(trail.get("LogFileValidationEnabled")),
        **more,
    }
    return Observed(settings, attributes, dict(tags.get(attributes["arn"], {})))


RESOURCE = ResourceType(
    kind="cloudtrail.trail",
    service="cloudtrail",
    spec=CloudtrailTrailSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    deletes=("cloudtrail:DeleteTrail",),
)


def ensure_cloudtrail_trail(
    session: ClientFactory,
    spec: CloudtrailTrailSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the trail if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
