"""cloudwatch.dashboard: a page of graphs. Its name is unique in the account, not in the region.

PutDashboard creates and overwrites alike; tags are taken on creation only.
API: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from botocore.exceptions import ClientError
from pydantic import AfterValidator, JsonValue

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.facets import read_present
from provisioner.aws.failures import absent_is_success, code_of, unless_absent
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
from provisioner.lifecycle.canonical import JSON_TEXT
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Shape, Tags, unresolved

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

ABSENT = ("ResourceNotFound", "DashboardNotFoundError")


def _is_a_page(body: str | dict[str, JsonValue]) -> str | dict[str, JsonValue]:
    """Refuse a body that is not JSON, or holds no widgets."""
    page = body
    if isinstance(body, str):
        try:
            page = json.loads(body)
        except ValueError as error:
            if unresolved(body):
                return body
            message = f"the dashboard's body is not JSON: {error}"
            raise ValueError(message) from None
    if not isinstance(page, dict) or not isinstance(page.get("widgets"), list):
        message = "a dashboard's body is a mapping with a list of widgets"
        raise ValueError(message)  # noqa: TRY004  pydantic wants ValueError
    return body


class CloudwatchDashboardSpec(Spec):
    """A dashboard, known by its name."""

    dashboard_name: Annotated[
        str, IMMUTABLE, Shape(r"[A-Za-z0-9_-]+", longest=255, says="letters, digits, _ and -")
    ]
    dashboard_body: Annotated[
        str | dict[str, JsonValue], CREATE, Wait.NAME, JSON_TEXT, AfterValidator(_is_a_page)
    ]
    """The page, as data or as JSON text: `{widgets: [{type: metric, properties: {…}}]}`."""
    tags: Tags = {}


ATTRIBUTES = {
    "id": "the dashboard's name",
    "name": "the dashboard's name",
    "arn": "the ARN of the dashboard, without a region",
}


def identity(spec: CloudwatchDashboardSpec, target: Target) -> str | None:  # noqa: ARG001
    """The name, unique in the account."""
    return spec.dashboard_name


def predict(spec: CloudwatchDashboardSpec, target: Target) -> Mapping[str, str]:
    """Everything follows from the name."""
    return _attributes(spec.dashboard_name, target)


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """Two calls a dashboard, the page and the tags; one for a dashboard that is not there."""
    client = aws.client("cloudwatch")

    def labels(name: str) -> dict[str, Json] | None:
        tags = _tags(client, _attributes(name, aws.target)["arn"])
        return None if tags is None else {"tags": {**tags}}

    found = read_present(aws, ids, partial(_body, client), [labels])
    return {id_: _observed(id_, facts, aws.target) for id_, facts in found.items()}


def create(
    aws: Aws, spec: CloudwatchDashboardSpec, tags: Mapping[str, str]
) -> tuple[str, Observed]:
    """Put the page with its tags."""
    aws.client("cloudwatch").put_dashboard(
        DashboardName=spec.dashboard_name, DashboardBody=_text(spec), Tags=tag_list(tags)
    )
    name = spec.dashboard_name
    settings: dict[str, Json] = {"dashboard_name": name, "dashboard_body": spec.dashboard_body}
    return name, Observed(settings, _attributes(name, aws.target), tags)


def update(aws: Aws, id_: str, spec: CloudwatchDashboardSpec, changes: Changes) -> Phase:  # noqa: ARG001
    """Put the page again."""
    aws.client("cloudwatch").put_dashboard(
        DashboardName=spec.dashboard_name, DashboardBody=_text(spec)
    )
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Take the page away."""
    with absent_is_success(*ABSENT):
        aws.client("cloudwatch").delete_dashboards(DashboardNames=[id_])


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    client = aws.client("cloudwatch")
    arn = _attributes(id_, aws.target)["arn"]
    if added:
        client.tag_resource(ResourceARN=arn, Tags=tag_list(added))
    if removed:
        client.untag_resource(ResourceARN=arn, TagKeys=list(removed))


def tagged(aws: Aws, id_: str) -> Mapping[str, str] | None:
    """The tags alone."""
    return _tags(aws.client("cloudwatch"), _attributes(id_, aws.target)["arn"])


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every dashboard; CloudWatch can't filter by tag."""
    pages = aws.client("cloudwatch").get_paginator("list_dashboards").paginate()
    names = [entry["DashboardName"] for page in pages for entry in page["DashboardEntries"]]
    return of_stack(read(aws, names), stack)


def _attributes(name: str, target: Target) -> dict[str, str]:
    arn = target.global_arn("cloudwatch", f"dashboard/{name}")
    return {"id": name, "name": name, "arn": arn}


def _text(spec: CloudwatchDashboardSpec) -> str:
    body = spec.dashboard_body
    return body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))


def _observed(name: str, found: Mapping[str, Json], target: Target) -> Observed:
    tags = found["tags"]
    named = {key: str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}
    settings: dict[str, Json] = {"dashboard_name": name, "dashboard_body": found["dashboard_body"]}
    return Observed(settings, _attributes(name, target), named)


def _tags(client: CloudWatchClient, arn: str) -> dict[str, str] | None:
    call = partial(client.list_tags_for_resource, ResourceARN=arn)
    answer = unless_absent(call, *ABSENT, "ResourceNotFoundException")
    return None if answer is None else tag_dict(answer["Tags"])


def _body(client: CloudWatchClient, name: str) -> dict[str, Json] | None:
    try:
        text = client.get_dashboard(DashboardName=name)["DashboardBody"]
    except ClientError as error:
        if code_of(error) in ABSENT:
            return None
        raise
    return {"dashboard_body": json.loads(text)}


RESOURCE = ResourceType(
    kind="cloudwatch.dashboard",
    service="cloudwatch",
    spec=CloudwatchDashboardSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    deletes=("cloudwatch:DeleteDashboards",),
    overwrites=True,
    tagged=tagged,
    seconds=0.5,
)


def ensure_cloudwatch_dashboard(
    session: ClientFactory,
    spec: CloudwatchDashboardSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the dashboard if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
