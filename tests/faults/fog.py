"""What was just made is not seen for a while, whatever makes it.

For so many seconds after its create an object is left out of lists, and every call that names it is
refused in its service's own words; creating it again meets what is really there. That holds for
each kind of object, by the table below. AWS hides an object for a second or two as a rule; here it
may be as long as a test wants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.aws.clock import Clock
from tests.faults.weather import Moment, Refused


@dataclass(frozen=True)
class Hidden:
    """How one kind of object is hidden.

    Attributes:
        create: the operation that makes one.
        id: where its id stands: a path in the answer, or after `=` the name of a parameter.
        code: by which calls that name it are refused.
        lists: operation → member and, after a dot, the id in it: what leaves it out instead.
        calls: the only operations that are refused; by default all but lists.
        codes: operation → by which other code it is refused.
    """

    create: str
    id: str
    code: str
    lists: Mapping[str, str]
    calls: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)


def _ec2(create: str, id_: str, noun: str, listed: str) -> Hidden:
    describe, _, member = listed.partition(" ")
    return Hidden(f"ec2.Create{create}", id_, f"Invalid{noun}.NotFound", {describe: member})


KINDS: tuple[Hidden, ...] = (
    _ec2("Vpc", "Vpc.VpcId", "VpcID", "DescribeVpcs Vpcs.VpcId"),
    _ec2("Subnet", "Subnet.SubnetId", "SubnetID", "DescribeSubnets Subnets.SubnetId"),
    _ec2(
        "InternetGateway",
        "InternetGateway.InternetGatewayId",
        "InternetGatewayID",
        "DescribeInternetGateways InternetGateways.InternetGatewayId",
    ),
    Hidden(
        "ec2.AllocateAddress",
        "AllocationId",
        "InvalidAllocationID.NotFound",
        {"DescribeAddresses": "Addresses.AllocationId"},
    ),
    Hidden(
        "ec2.CreateNatGateway",
        "NatGateway.NatGatewayId",
        "NatGatewayNotFound",
        {"DescribeNatGateways": "NatGateways.NatGatewayId"},
    ),
    _ec2(
        "RouteTable",
        "RouteTable.RouteTableId",
        "RouteTableID",
        "DescribeRouteTables RouteTables.RouteTableId",
    ),
    _ec2("SecurityGroup", "GroupId", "Group", "DescribeSecurityGroups SecurityGroups.GroupId"),
    _ec2(
        "NetworkAcl",
        "NetworkAcl.NetworkAclId",
        "NetworkAclID",
        "DescribeNetworkAcls NetworkAcls.NetworkAclId",
    ),
    _ec2(
        "VpcEndpoint",
        "VpcEndpoint.VpcEndpointId",
        "VpcEndpointId",
        "DescribeVpcEndpoints VpcEndpoints.VpcEndpointId",
    ),
    _ec2("FlowLogs", "FlowLogIds.0", "FlowLogId", "DescribeFlowLogs FlowLogs.FlowLogId"),
    Hidden("kms.CreateKey", "KeyMetadata.KeyId", "NotFoundException", {"ListKeys": "Keys.KeyId"}),
    Hidden(
        "kms.CreateAlias", "=AliasName", "NotFoundException", {"ListAliases": "Aliases.AliasName"}
    ),
    Hidden(
        "s3.CreateBucket",
        "=Bucket",
        "NoSuchBucket",
        {"ListBuckets": "Buckets.Name"},
        codes={"HeadBucket": "404"},
    ),
    Hidden(
        "dynamodb.CreateTable",
        "=TableName",
        "ResourceNotFoundException",
        {"ListTables": "TableNames"},
    ),
    Hidden(
        "sns.CreateTopic",
        "TopicArn",
        "NotFound",
        {"ListTopics": "Topics.TopicArn"},
        codes={"ListTagsForResource": "ResourceNotFound", "TagResource": "ResourceNotFound"},
    ),
    Hidden(
        "sns.Subscribe",
        "SubscriptionArn",
        "NotFound",
        {
            "ListSubscriptions": "Subscriptions.SubscriptionArn",
            "ListSubscriptionsByTopic": "Subscriptions.SubscriptionArn",
        },
    ),
    Hidden(
        "sqs.CreateQueue",
        "=QueueName",
        "AWS.SimpleQueueService.NonExistentQueue/QueueDoesNotExist",
        {"ListQueues": "QueueUrls"},
    ),
    Hidden(
        "iam.CreateRole",
        "=RoleName",
        "NoSuchEntity",
        {
            "ListRoles": "Roles.RoleName",
            "GetAccountAuthorizationDetails": "RoleDetailList.RoleName",
        },
    ),
    Hidden("iam.CreatePolicy", "Policy.Arn", "NoSuchEntity", {"ListPolicies": "Policies.Arn"}),
    Hidden(
        "lambda.CreateFunction",
        "=FunctionName",
        "ResourceNotFoundException",
        {"ListFunctions": "Functions.FunctionName"},
    ),
    Hidden(
        "lambda.AddPermission", "=FunctionName", "ResourceNotFoundException", {}, ("GetPolicy",)
    ),
    Hidden(
        "logs.CreateLogGroup",
        "=logGroupName",
        "ResourceNotFoundException",
        {"DescribeLogGroups": "logGroups.logGroupName"},
    ),
    Hidden(
        "logs.PutMetricFilter",
        "=filterName",
        "ResourceNotFoundException",
        {"DescribeMetricFilters": "metricFilters.filterName"},
        (),
    ),
    Hidden("apigateway.CreateRestApi", "id", "NotFoundException", {"GetRestApis": "items.id"}),
    Hidden(
        "apigateway.CreateDeployment", "id", "NotFoundException", {"GetDeployments": "items.id"}
    ),
    Hidden(
        "apigateway.CreateStage",
        "=stageName",
        "NotFoundException",
        {"GetStages": "item.stageName"},
    ),
    Hidden(
        "cloudwatch.PutMetricAlarm",
        "=AlarmName",
        "ResourceNotFound",
        {"DescribeAlarms": "MetricAlarms.AlarmName"},
    ),
    Hidden(
        "cloudwatch.PutDashboard",
        "=DashboardName",
        "ResourceNotFound",
        {"ListDashboards": "DashboardEntries.DashboardName"},
    ),
    Hidden("events.PutRule", "=Name", "ResourceNotFoundException", {"ListRules": "Rules.Name"}),
    Hidden(
        "backup.CreateBackupVault",
        "=BackupVaultName",
        "ResourceNotFoundException",
        {"ListBackupVaults": "BackupVaultList.BackupVaultName"},
    ),
    Hidden(
        "backup.CreateBackupPlan",
        "BackupPlanId",
        "ResourceNotFoundException",
        {"ListBackupPlans": "BackupPlansList.BackupPlanId"},
    ),
    Hidden(
        "backup.CreateBackupSelection",
        "SelectionId",
        "ResourceNotFoundException",
        {"ListBackupSelections": "BackupSelectionsList.SelectionId"},
    ),
    Hidden(
        "cloudtrail.CreateTrail",
        "=Name",
        "TrailNotFoundException",
        {"DescribeTrails": "trailList.Name", "ListTrails": "Trails.Name"},
    ),
    Hidden(
        "ssm.PutParameter",
        "=Name",
        "ParameterNotFound",
        {"DescribeParameters": "Parameters.Name", "GetParameters": "Parameters.Name"},
    ),
)
INVENTORY = "provisioner-inventory"
"""The tool waits for its own table to be there, and reads it consistently ever after."""


class Fog:
    """Hides what was made less than so many seconds ago.

    Args:
        clock: tells the seconds.
        seconds: how long; may be changed.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.seconds = seconds
        self._clock = clock
        self._made: dict[tuple[str, str], float] = {}
        self._seen: set[str] = set()
        self._kinds = {kind.create: kind for kind in KINDS}

    def refusal(self, moment: Moment) -> Refused | None:
        """The call names what is not to be seen yet."""
        for kind, id_ in self._hidden(moment.call.service):
            operation = moment.call.operation
            if f"{moment.call.service}.{operation}" == kind.create or operation in kind.lists:
                continue
            if kind.calls and operation not in kind.calls:
                continue
            if any(_names(text, id_) for text in _texts(moment.asked)):
                return Refused(kind.codes.get(operation, kind.code), 404)
        return None

    def cover(self, moment: Moment, answer: dict[str, Any]) -> None:
        """Leave out of lists what is not to be seen yet; remember what was made."""
        for kind, id_ in self._hidden(moment.call.service):
            if path := kind.lists.get(moment.call.operation):
                member, _, name = path.partition(".")
                answer[member] = [
                    item
                    for item in answer.get(member) or []
                    if not _names(str(item[name] if name else item), id_)
                ]
        if not moment.call.mutates:
            self._seen.update(_texts(answer))
        if made := self._kinds.get(str(moment.call)):
            self._note(made, _id(made, moment, answer))
        elif moment.call.operation.startswith(("Delete", "Remove", "Unsubscribe")):
            gone = {*_texts(moment.asked)}
            self._seen = {text for text in self._seen if not any(_names(text, g) for g in gone)}
            for kind_and_id in [*self._made]:
                if any(_names(text, kind_and_id[1]) for text in gone):
                    del self._made[kind_and_id]

    def _note(self, kind: Hidden, id_: str) -> None:
        """An object was made; one that was seen before was only overwritten."""
        if id_ != INVENTORY and not any(_names(text, id_) for text in self._seen):
            self._made.setdefault((kind.create, id_), self._clock.monotonic())

    def _hidden(self, service: str) -> Iterator[tuple[Hidden, str]]:
        now = self._clock.monotonic()
        for (create, id_), at in self._made.items():
            if now - at < self.seconds and create.startswith(service + "."):
                yield self._kinds[create], id_


def _id(kind: Hidden, moment: Moment, answer: Any) -> str:
    if kind.id.startswith("="):
        return str(moment.asked[kind.id[1:]])
    for part in kind.id.split("."):
        answer = answer[int(part) if part.isdigit() else part]
    return str(answer)


def _texts(value: Any, name: str = "") -> Iterator[str]:
    """Every text that names something; filters, and items of tables, name nothing."""
    if name in {"Filter", "Filters", "TransactItems", "ExpressionAttributeValues"}:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _names(text: str, id_: str) -> bool:
    """Whether a text is this id, or an ARN or URL of it."""
    return text == id_ or text.endswith((f"/{id_}", f":{id_}")) or f":{id_}:" in text
