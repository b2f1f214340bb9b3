"""ec2.flow_log: records who talked to whom in a VPC, subnet or interface.

Everything but its tags is fixed once it is made.
API: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.target import Target
from provisioner.errors import AwsError
from provisioner.lifecycle import (
    COMPUTED,
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
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Arn, Tags
from provisioner.resources._ec2 import (
    Item,
    Listing,
    refuse_unsuccessful,
    retag,
    seen,
    tagged,
    token_of,
)

if TYPE_CHECKING:
    from mypy_boto3_ec2.literals import FlowLogsResourceTypeType
    from mypy_boto3_ec2.type_defs import CreateFlowLogsRequestTypeDef

LOGS = Listing("describe_flow_logs", "FlowLogs", "FlowLogId", "flow-log-id", filters="Filter")
TYPES: Mapping[str, FlowLogsResourceTypeType] = {
    "vpc": "VPC",
    "subnet": "Subnet",
    "eni": "NetworkInterface",
}


class Ec2FlowLogSpec(Spec):
    """A flow log of one VPC, subnet or network interface."""

    resource_id: Annotated[str, IMMUTABLE, Wait.EXISTS]
    """What is watched: `${vpc.id}`."""
    traffic_type: Annotated[Literal["ALL", "ACCEPT", "REJECT"], IMMUTABLE] = "ALL"
    log_destination_type: Annotated[Literal["cloud-watch-logs", "s3"], IMMUTABLE] = (
        "cloud-watch-logs"
    )
    log_destination: Annotated[Arn, IMMUTABLE]
    """The ARN of a log group (without `:*`) or a bucket: `${flow_logs.arn}`."""
    deliver_logs_permission_arn: Annotated[Arn | None, IMMUTABLE] = None
    """The role that writes to the log group: `${flow_logs_role.arn}`."""
    log_format: Annotated[str | None, IMMUTABLE, COMPUTED] = None
    """Unset: AWS's version 2 format."""
    max_aggregation_interval: Annotated[Literal[60, 600], IMMUTABLE] = 600
    """Seconds."""
    tags: Tags = {}

    @model_validator(mode="after")
    def _fits_its_destination(self) -> Ec2FlowLogSpec:
        logs = self.log_destination_type == "cloud-watch-logs"
        if logs != (self.deliver_logs_permission_arn is not None):
            message = "cloud-watch-logs needs deliver_logs_permission_arn, s3 takes none"
            raise ValueError(message)
        return self


ATTRIBUTES = {"id": "the flow log id, fl-…", "arn": "the ARN"}


def identity(spec: Ec2FlowLogSpec, target: Target) -> str | None:  # noqa: ARG001
    """AWS makes the id."""
    return None


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call for all."""
    return LOGS.read(aws, ids, partial(_observed, aws.target))


def create(aws: Aws, spec: Ec2FlowLogSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the flow log. AWS answers 200 to a refusal, too.

    Raises:
        AwsError: AWS refused, with its code and message.
    """
    request: CreateFlowLogsRequestTypeDef = {
        "ResourceIds": [spec.resource_id],
        "ResourceType": TYPES.get(spec.resource_id.partition("-")[0], "VPC"),
        "TrafficType": spec.traffic_type,
        "LogDestinationType": spec.log_destination_type,
        "LogDestination": spec.log_destination,
        "MaxAggregationInterval": spec.max_aggregation_interval,
        "TagSpecifications": tagged("vpc-flow-log", tags),
    }
    if spec.deliver_logs_permission_arn:
        request["DeliverLogsPermissionArn"] = spec.deliver_logs_permission_arn
    if spec.log_format:
        request["LogFormat"] = spec.log_format
    if token := token_of(tags):
        request["ClientToken"] = token
    answer = aws.client("ec2").create_flow_logs(**request)
    unsuccessful: Sequence[Any] = answer.get("Unsuccessful", ())
    refuse_unsuccessful("ec2.CreateFlowLogs", unsuccessful)
    if not answer["FlowLogIds"]:
        raise AwsError("ec2.CreateFlowLogs answered no id.", operation="ec2.CreateFlowLogs")
    id_ = answer["FlowLogIds"][0]
    settings: dict[str, Json] = spec.model_dump(mode="json", exclude={"tags"})
    observed = seen(aws.target, "vpc-flow-log", id_, {}, settings)
    return id_, Observed(observed.settings, observed.attributes, tags)


def update(aws: Aws, id_: str, spec: Ec2FlowLogSpec, changes: Changes) -> Phase:
    """Nothing of a flow log can be changed."""
    del aws, id_, spec, changes
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it; what it recorded stays where it was delivered."""
    with absent_is_success("InvalidFlowLogId.NotFound"):
        answer = aws.client("ec2").delete_flow_logs(FlowLogIds=[id_])
        unsuccessful: Sequence[Any] = answer.get("Unsuccessful", ())
        refuse_unsuccessful("ec2.DeleteFlowLogs", unsuccessful, "InvalidFlowLogId.NotFound")


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every flow log."""
    return LOGS.search(aws, stack, partial(_observed, aws.target))


def _observed(target: Target, item: Item) -> Observed:
    logs = item.get("LogDestinationType", "cloud-watch-logs") == "cloud-watch-logs"
    group = target.arn("logs", f"log-group:{item.get('LogGroupName')}")
    settings: dict[str, Json] = {
        "resource_id": str(item["ResourceId"]),
        "traffic_type": str(item["TrafficType"]),
        "log_destination_type": str(item.get("LogDestinationType", "cloud-watch-logs")),
        "log_destination": str(item.get("LogDestination") or group),
        "deliver_logs_permission_arn": item.get("DeliverLogsPermissionArn") if logs else None,
        "log_format": item.get("LogFormat"),
        "max_aggregation_interval": int(item.get("MaxAggregationInterval", 600)),
    }
    return seen(target, "vpc-flow-log", str(item["FlowLogId"]), item, settings)


RESOURCE = ResourceType(
    kind="ec2.flow_log",
    service="ec2",
    spec=Ec2FlowLogSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    deletes=("ec2:DeleteFlowLogs",),
    replace_first="delete",
    seconds=2,
)


def ensure_ec2_flow_log(
    session: ClientFactory, spec: Ec2FlowLogSpec, *, owner: Owner | None = None, adopt: bool = False
) -> Result:
    """Create the flow log if it is missing, correct it where it differs, else do nothing.

    Without an owner it is found again by its `Name` tag. See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
