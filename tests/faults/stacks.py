"""The stacks that trouble befalls: small ones in which everything hard happens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from provisioner.manifest import load
from provisioner.stack import Setting, Stack

ROOT = Path(__file__).resolve().parents[2]
HERE = {"AWS": "arn:${partition}:iam::${account}:root"}


def healthcare() -> Stack:
    """The stack that this project provisions first."""
    return Stack.of(load(ROOT / "manifests/healthcare", environment={}))


@dataclass(frozen=True)
class Edition:
    """What differs between the two editions of the clinic.

    Attributes:
        group: a rename is a replace, made before the old one goes.
        network: of a subnet: a change is a replace that takes a NAT gateway with it.
        code: of a function.
        paths: of an API: a change is a new deployment.
        selected: by the backup: a change is a replace under the same name, so the old goes first.
        days: of a log group, of backups; and a threshold.
        team: a tag of everything.
        inbox: whether there is a queue; outbox: another one.
    """

    group: str
    network: str
    code: str
    paths: tuple[str, ...]
    selected: str
    days: int
    team: str
    inbox: bool
    outbox: bool


FIRST = Edition(
    group="functions",
    network="10.0.1.0/24",
    code="health_check",
    paths=("/a",),
    selected="patients",
    days=30,
    team="care",
    inbox=True,
    outbox=False,
)
SECOND = Edition(
    group="callers",
    network="10.0.2.0/24",
    code="auto_remediation",
    paths=("/a", "/b"),
    selected="others",
    days=60,
    team="cure",
    inbox=False,
    outbox=True,
)


def clinic(edition: Edition = FIRST) -> Stack:
    """Every sort of resource: generated ids and names, children, cycles, what can't be tagged."""
    stack = Stack("clinic", tags={"Team": edition.team})
    _network(stack, edition)
    _storage(stack, edition)
    _compute(stack, edition)
    _api(stack, edition)
    _backup(stack, edition)
    return stack


def ward() -> Stack:
    """A dozen resources: the smallest stack with every sort of them."""
    stack = Stack("ward", tags={"Team": "care"})
    key = stack.add("key", "kms.key", alias="alias/ward")
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    group = stack.add(
        "group", "ec2.security_group", group_name="ward", description="in", vpc_id=vpc.id
    )
    stack.add(
        "peer",
        "ec2.security_group",
        group_name="peer",
        description="out",
        vpc_id=vpc.id,
        ingress=[{"from_port": 443, "to_port": 443, "group_id": group.id}],
    )
    logs = stack.add("logs", "logs.log_group", log_group_name="/ward", retention_in_days=30)
    _filter(stack, logs.name)
    stack.add("queue", "sqs.queue", queue_name="ward")
    stack.add("role", "iam.role", role_name="ward", assume_role_policy=_trust("backup"))
    api = stack.add("api", "apigateway.rest_api", name="ward", resources=_paths(("/a",)))
    stack.add("snapshot", "apigateway.deployment", rest_api_id=api.id, definition=api.definition)
    vault = stack.add("vault", "backup.vault", backup_vault_name="ward", kms_key=key.arn)
    plan = stack.add("plan", "backup.plan", backup_plan_name="ward", rules=_rules(vault.name, 30))
    stack.add(
        "selection",
        "backup.selection",
        backup_plan_id=plan.id,
        selection_name="all",
        iam_role_arn="${role.arn}",
        resources=["arn:aws:dynamodb:*:*:table/*"],
    )
    return stack


def renamed(stack: Stack) -> Stack:
    """The same resources, each under another address, saying where it was."""
    other = Stack(stack.name, stack.tags, stack.folder)
    for resource in stack:
        text = json.dumps(dict(resource.settings))
        for address in stack.resources:
            text = text.replace(f"${{{address}.", f"${{{address}_new.")
        other.add(
            f"{resource.address}_new",
            resource.kind.kind,
            depends_on=[f"{address}_new" for address in resource.depends_on],
            moved_from=resource.address,
            **json.loads(text),
        )
    return other


def _network(stack: Stack, edition: Edition) -> None:
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    subnet = stack.add(
        "subnet",
        "ec2.subnet",
        vpc_id=vpc.id,
        cidr_block=edition.network,
        availability_zone="${region}a",
    )
    internet = stack.add("internet", "ec2.internet_gateway", vpc_id=vpc.id)
    address = stack.add("address", "ec2.elastic_ip")
    nat = stack.add(
        "nat",
        "ec2.nat_gateway",
        subnet_id=subnet.id,
        allocation_id=address.id,
        depends_on=["internet"],
    )
    stack.add(
        "routes",
        "ec2.route_table",
        vpc_id=vpc.id,
        routes=[{"destination_cidr_block": "0.0.0.0/0", "nat_gateway_id": nat.id}],
    )
    stack.add(
        "public_routes",
        "ec2.route_table",
        vpc_id=vpc.id,
        routes=[{"destination_cidr_block": "0.0.0.0/0", "gateway_id": internet.id}],
        subnet_ids=[subnet.id],
    )
    group = stack.add(
        "group",
        "ec2.security_group",
        group_name=edition.group,
        description="calls out",
        vpc_id=vpc.id,
        egress=[{"from_port": 443, "to_port": 443, "group_id": "${endpoints.id}"}],
    )
    endpoints = stack.add(
        "endpoints",
        "ec2.security_group",
        group_name="endpoints",
        description="is called",
        vpc_id=vpc.id,
        ingress=[{"from_port": 443, "to_port": 443, "group_id": group.id}],
    )
    stack.add(
        "endpoint",
        "ec2.vpc_endpoint",
        vpc_id=vpc.id,
        service_name="com.amazonaws.${region}.kms",
        vpc_endpoint_type="Interface",
        subnet_ids=[subnet.id],
        security_group_ids=[endpoints.id],
    )


def _storage(stack: Stack, edition: Edition) -> None:
    policy: Setting = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": HERE, "Action": "kms:*", "Resource": "*"},
            {
                "Effect": "Allow",
                "Principal": {"AWS": "${role.arn}"},
                "Action": "kms:Decrypt",
                "Resource": "*",
            },
        ],
    }
    key = stack.add("key", "kms.key", alias="alias/clinic", description=edition.team, policy=policy)
    stack.add("bucket", "s3.bucket", bucket_name="clinic-records", kms_key=key.arn)
    stack.add(
        "table",
        "dynamodb.table",
        table_name="patients",
        key={"partition": "pk"},
        kms_key=key.arn,
        ttl_attribute="expires" if edition.inbox else None,
    )


def _compute(stack: Stack, edition: Edition) -> None:
    role = stack.add(
        "role",
        "iam.role",
        role_name="clinic-functions",
        description=edition.team,
        assume_role_policy=_trust("lambda"),
        inline_policies={
            edition.team: {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "${key.arn}"}
                ],
            }
        },
    )
    logs = stack.add(
        "logs", "logs.log_group", log_group_name="/clinic", retention_in_days=edition.days
    )
    _filter(stack, logs.name)
    function = stack.add(
        "function",
        "lambda.function",
        function_name="clinic",
        role=role.arn,
        runtime="python3.13",
        code=str(ROOT / "lambdas" / edition.code),
        environment={"TEAM": edition.team},
        subnet_ids=["${subnet.id}"],
        security_group_ids=["${group.id}"],
        log_group=logs.name,
    )
    rule = stack.add(
        "rule",
        "events.rule",
        name="clinic-nightly",
        schedule_expression="rate(1 day)",
        targets=[{"id": "function", "arn": function.arn}],
    )
    stack.add(
        "may_call",
        "lambda.permission",
        function_name=function.name,
        statement_id="rule",
        principal="events.amazonaws.com",
        source_arn=rule.arn,
    )
    topic = stack.add("topic", "sns.topic", name="clinic-alerts")
    if edition.inbox:
        inbox = stack.add("inbox", "sqs.queue", queue_name="clinic-inbox")
        stack.add(
            "alerts", "sns.subscription", topic_arn=topic.arn, protocol="sqs", endpoint=inbox.arn
        )
    if edition.outbox:
        stack.add("outbox", "sqs.queue", queue_name="clinic-outbox", kms_key="${key.arn}")
    stack.add(
        "alarm",
        "cloudwatch.alarm",
        alarm_name="clinic-errors",
        namespace="Clinic",
        metric_name="Errors",
        statistic="Sum",
        period=60,
        threshold=float(edition.days),
        comparison_operator="GreaterThanThreshold",
        alarm_actions=[topic.arn],
    )


def _api(stack: Stack, edition: Edition) -> None:
    api = stack.add("api", "apigateway.rest_api", name="clinic", resources=_paths(edition.paths))
    snapshot = stack.add(
        "snapshot", "apigateway.deployment", rest_api_id=api.id, definition=api.definition
    )
    stack.add(
        "stage",
        "apigateway.stage",
        rest_api_id=api.id,
        stage_name="live",
        deployment_id=snapshot.id,
        description=edition.team,
    )


def _backup(stack: Stack, edition: Edition) -> None:
    vault = stack.add("vault", "backup.vault", backup_vault_name="clinic", kms_key="${key.arn}")
    plan = stack.add(
        "plan",
        "backup.plan",
        backup_plan_name="clinic",
        rules=_rules(vault.name, edition.days),
    )
    role = stack.add(
        "backups", "iam.role", role_name="clinic-backups", assume_role_policy=_trust("backup")
    )
    stack.add(
        "selection",
        "backup.selection",
        backup_plan_id=plan.id,
        selection_name="records",
        iam_role_arn=role.arn,
        resources=["arn:${partition}:dynamodb:${region}:${account}:table/" + edition.selected],
    )


def _filter(stack: Stack, log_group: str) -> None:
    stack.add(
        "errors",
        "logs.metric_filter",
        log_group_name=log_group,
        filter_name="errors",
        filter_pattern="ERROR",
        metric_transformation={"metric_name": "Errors", "metric_namespace": "Clinic"},
    )


def _trust(service: str) -> Setting:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def _paths(paths: tuple[str, ...]) -> Setting:
    method: Setting = {"authorization_type": "AWS_IAM", "integration": {"type": "MOCK"}}
    return {path: {"GET": method} for path in paths}


def _rules(vault: str, days: int) -> Setting:
    return [{"rule_name": "daily", "target_backup_vault_name": vault, "delete_after_days": days}]


def disturb(session: boto3.Session) -> None:
    """Somebody works on the clinic by hand: things are deleted, taken apart, changed."""
    session.client("logs").delete_metric_filter(logGroupName="/clinic", filterName="errors")
    queues = session.client("sqs")
    queues.delete_queue(QueueUrl=queues.get_queue_url(QueueName="clinic-inbox")["QueueUrl"])
    iam = session.client("iam")
    iam.update_role(RoleName="clinic-functions", Description="by hand")
    iam.delete_role_policy(RoleName="clinic-functions", PolicyName="care")
    session.client("cloudwatch").delete_alarms(AlarmNames=["clinic-errors"])
    session.client("events").disable_rule(Name="clinic-nightly")
    session.client("lambda").remove_permission(FunctionName="clinic", StatementId="rule")
    session.client("dynamodb").update_table(TableName="patients", DeletionProtectionEnabled=False)
    session.client("s3").put_bucket_versioning(
        Bucket="clinic-records", VersioningConfiguration={"Status": "Suspended"}
    )
    api = session.client("apigateway")
    api.delete_stage(restApiId=api.get_rest_apis()["items"][0]["id"], stageName="live")
    ec2: Any = session.client("ec2")
    [nat] = ec2.describe_nat_gateways(Filter=[{"Name": "state", "Values": ["available"]}])[
        "NatGateways"
    ]
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    [group] = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["endpoints"]}]
    )["SecurityGroups"]
    ec2.revoke_security_group_ingress(
        GroupId=group["GroupId"], IpPermissions=group["IpPermissions"]
    )


def by_hand(session: boto3.Session) -> None:
    """Objects under names of the clinic that were there before us, none as it wants them."""
    place = {"LocationConstraint": session.region_name}
    s3 = session.client("s3")
    s3.create_bucket(Bucket="clinic-records", CreateBucketConfiguration=place)  # type: ignore[arg-type]
    s3.put_object(Bucket="clinic-records", Key="theirs", Body=b"kept")
    session.client("sqs").create_queue(QueueName="clinic-inbox")
    session.client("sns").create_topic(Name="clinic-alerts")
    session.client("logs").create_log_group(logGroupName="/clinic")
    session.client("dynamodb").create_table(
        TableName="patients",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    session.client("cloudwatch").put_metric_alarm(
        AlarmName="clinic-errors",
        Namespace="Theirs",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    session.client("events").put_rule(Name="clinic-nightly", ScheduleExpression="rate(2 days)")
    for role, service in (("clinic-functions", "lambda"), ("clinic-backups", "backup")):
        session.client("iam").create_role(
            RoleName=role, AssumeRolePolicyDocument=json.dumps(_trust(service))
        )
