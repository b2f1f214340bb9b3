"""What people make by hand under the names that a stack uses: made, and read, with plain boto3.

Every object has settings of its own, and content where its kind holds any. What AWS tells of it is
all of it: each describing call, tags, policies, content.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

Client = Callable[[str], Any]
"""Makes plain boto3 clients, by service."""

ACCOUNT = "123456789012"
TAG = {"Key": "Team", "Value": "theirs"}
WIDGETS = '{"widgets": [{"type": "text", "properties": {"markdown": "theirs"}}]}'


@dataclass(frozen=True)
class ByHand:
    """How objects of one kind are made by hand.

    Attributes:
        make: makes the object with this id. Fails while its parent is not there.
        told: everything that AWS tells of it.
        created_by: our call that would make it, `service.Operation`.
        overwritten: AWS lets that call overwrite what is there, and says success: an object made
            between our look and our call can't be saved by anyone.
    """

    make: Callable[[Client, str], None]
    told: Callable[[Client, str], Any]
    created_by: str
    overwritten: bool = False


def said(call: Callable[..., Any], **request: Any) -> Any:
    """What AWS answers, or the code with which it refuses."""
    try:
        answer = call(**request)
    except ClientError as error:
        return error.response["Error"]["Code"]
    answer.pop("ResponseMetadata")
    return answer


def trust(service: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(action: str, resource: str = "*", **more: Any) -> str:
    statement = {"Sid": "Theirs", "Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role_of(client: Client, name: str, service: str) -> str:
    """The ARN of a role made by hand; the same one each time."""
    try:
        client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))
    except client("iam").exceptions.EntityAlreadyExistsException:
        pass
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def make_bucket(client: Client, name: str) -> None:
    s3 = client("s3")
    region = s3.meta.region_name
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    request = {"CreateBucketConfiguration": place} if place else {}
    s3.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerPreferred", **request)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [TAG]})
    for body in (b"first", b"second"):
        s3.put_object(Bucket=name, Key="theirs", Body=body, Metadata={"by": "hand"})


SIDES = (
    *("acl", "versioning", "encryption", "policy", "logging", "tagging", "cors", "website"),
    *("lifecycle_configuration", "notification_configuration", "ownership_controls"),
)


def tell_bucket(client: Client, name: str) -> Any:
    s3 = client("s3")
    sides = {side: said(getattr(s3, f"get_bucket_{side}"), Bucket=name) for side in SIDES}
    sides["public_access"] = said(s3.get_public_access_block, Bucket=name)
    sides["lock"] = said(s3.get_object_lock_configuration, Bucket=name)
    listed = said(s3.list_object_versions, Bucket=name)
    objects = [
        {**version, "Body": s3.get_object(**_of_version(name, version))["Body"].read()}
        for version in listed.get("Versions", ())
    ]
    return sides, objects, listed.get("DeleteMarkers")


def _of_version(bucket: str, version: dict[str, Any]) -> dict[str, Any]:
    return {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}


def make_topic(client: Client, arn: str) -> None:
    name = arn.rpartition(":")[2]
    client("sns").create_topic(Name=name, Attributes={"DisplayName": "theirs"}, Tags=[TAG])
    client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=_queue_arn(client, "theirs"))


def tell_topic(client: Client, arn: str) -> Any:
    sns = client("sns")
    return [
        said(sns.get_topic_attributes, TopicArn=arn),
        said(sns.list_tags_for_resource, ResourceArn=arn),
        said(sns.list_subscriptions_by_topic, TopicArn=arn),
    ]


def _queue_arn(client: Client, name: str) -> str:
    return f"arn:aws:sqs:{client('sqs').meta.region_name}:{ACCOUNT}:{name}"


def make_subscription(client: Client, id_: str) -> None:
    topic, protocol, endpoint = id_.split("|")
    client("sns").subscribe(
        TopicArn=topic,
        Protocol=protocol,
        Endpoint=endpoint,
        Attributes={"FilterPolicy": '{"theirs": ["yes"]}'},
    )


def tell_subscription(client: Client, id_: str) -> Any:
    topic, protocol, endpoint = id_.split("|")
    sns = client("sns")
    listed = said(sns.list_subscriptions_by_topic, TopicArn=topic)
    return [
        said(sns.get_subscription_attributes, SubscriptionArn=one["SubscriptionArn"])
        for one in listed.get("Subscriptions", ())
        if (one["Protocol"], one["Endpoint"]) == (protocol, endpoint)
    ]


def make_queue(client: Client, name: str) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(
        QueueName=name, Attributes={"VisibilityTimeout": "77"}, tags={TAG["Key"]: TAG["Value"]}
    )["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="theirs")


def tell_queue(client: Client, name: str) -> Any:
    sqs = client("sqs")
    url = said(sqs.get_queue_url, QueueName=name)
    if isinstance(url, str):
        return url
    return [
        said(sqs.get_queue_attributes, **url, AttributeNames=["All"]),
        said(sqs.list_queue_tags, **url),
    ]


def make_role(client: Client, name: str) -> None:
    iam = client("iam")
    iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=trust("ec2.amazonaws.com"),
        Description="theirs",
        MaxSessionDuration=7200,
        Tags=[TAG],
    )
    iam.put_role_policy(RoleName=name, PolicyName="theirs", PolicyDocument=policy("s3:GetObject"))
    made = iam.create_policy(PolicyName=f"{name}-theirs", PolicyDocument=policy("s3:ListBucket"))
    iam.attach_role_policy(RoleName=name, PolicyArn=made["Policy"]["Arn"])


def tell_role(client: Client, name: str) -> Any:
    iam = client("iam")
    inline = said(iam.list_role_policies, RoleName=name)
    names = inline["PolicyNames"] if isinstance(inline, dict) else []
    return [
        said(iam.get_role, RoleName=name),
        said(iam.list_role_tags, RoleName=name),
        said(iam.list_attached_role_policies, RoleName=name),
        [said(iam.get_role_policy, RoleName=name, PolicyName=one) for one in names],
    ]


def make_policy(client: Client, arn: str) -> None:
    iam = client("iam")
    name = arn.rpartition("/")[2]
    iam.create_policy(
        PolicyName=name,
        PolicyDocument=policy("s3:GetObject"),
        Description="theirs",
        Tags=[TAG],
    )
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("s3:*"), SetAsDefault=True)


def tell_policy(client: Client, arn: str) -> Any:
    iam = client("iam")
    versions = said(iam.list_policy_versions, PolicyArn=arn)
    ids = [one["VersionId"] for one in versions["Versions"]] if isinstance(versions, dict) else []
    found = said(iam.get_policy, PolicyArn=arn)
    if isinstance(found, dict):
        del found["Policy"]["AttachmentCount"]  # who uses it is not of it
    return found, [said(iam.get_policy_version, PolicyArn=arn, VersionId=one) for one in ids]


def make_table(client: Client, name: str) -> None:
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 7},
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        Tags=[TAG],
    )
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "theirs"}, "sk": {"S": "1"}})


def tell_table(client: Client, name: str) -> Any:
    dynamodb = client("dynamodb")
    arn = f"arn:aws:dynamodb:{dynamodb.meta.region_name}:{ACCOUNT}:table/{name}"
    return [
        said(dynamodb.describe_table, TableName=name),
        said(dynamodb.describe_continuous_backups, TableName=name),
        said(dynamodb.describe_time_to_live, TableName=name),
        said(dynamodb.list_tags_of_resource, ResourceArn=arn),
        said(dynamodb.scan, TableName=name),
    ]


def make_log_group(client: Client, name: str) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName=name, tags={TAG["Key"]: TAG["Value"]})
    logs.put_retention_policy(logGroupName=name, retentionInDays=7)
    logs.create_log_stream(logGroupName=name, logStreamName="theirs")
    make_filter(client, f"{name}|theirs")


def tell_log_group(client: Client, name: str) -> Any:
    logs = client("logs")
    groups = said(logs.describe_log_groups, logGroupNamePrefix=name)["logGroups"]
    arn = f"arn:aws:logs:{logs.meta.region_name}:{ACCOUNT}:log-group:{name}"
    return [
        [one for one in groups if one["logGroupName"] == name],
        said(logs.list_tags_for_resource, resourceArn=arn),
        said(logs.describe_log_streams, logGroupName=name),
        tell_filter(client, f"{name}|theirs"),
    ]


def make_filter(client: Client, id_: str) -> None:
    group, _, name = id_.partition("|")
    metric = {"metricName": "Theirs", "metricNamespace": "Theirs", "metricValue": "7"}
    client("logs").put_metric_filter(
        logGroupName=group,
        filterName=name,
        filterPattern="theirs",
        metricTransformations=[metric],
    )


def tell_filter(client: Client, id_: str) -> Any:
    group, _, name = id_.partition("|")
    request = {"logGroupName": group, "filterNamePrefix": name}
    found = said(client("logs").describe_metric_filters, **request)
    if isinstance(found, str):
        return found
    return [one for one in found["metricFilters"] if one["filterName"] == name]


def make_function(client: Client, name: str) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(zipfile.ZipInfo("theirs.py"), "def handler(event, context): return 7\n")
    client("lambda").create_function(
        FunctionName=name,
        Role=role_of(client, "theirs-runs", "lambda.amazonaws.com"),
        Runtime="python3.12",
        Handler="theirs.handler",
        Code={"ZipFile": data.getvalue()},
        Environment={"Variables": {"THEIRS": "yes"}},
        Timeout=77,
        Tags={TAG["Key"]: TAG["Value"]},
    )
    make_permission(client, f"{name}|theirs")


def tell_function(client: Client, name: str) -> Any:
    lambda_ = client("lambda")
    return [
        said(lambda_.get_function, FunctionName=name),
        said(lambda_.get_function_concurrency, FunctionName=name),
        tell_permission(client, f"{name}|theirs"),
    ]


def make_permission(client: Client, id_: str) -> None:
    function, _, sid = id_.partition("|")
    client("lambda").add_permission(
        FunctionName=function,
        StatementId=sid,
        Principal=ACCOUNT,
        Action="lambda:GetFunction",
    )


def tell_permission(client: Client, id_: str) -> Any:
    function, _, sid = id_.partition("|")
    found = said(client("lambda").get_policy, FunctionName=function)
    if isinstance(found, str):
        return found
    return [one for one in json.loads(found["Policy"])["Statement"] if one["Sid"] == sid]


def make_alarm(client: Client, name: str) -> None:
    client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        AlarmDescription="theirs",
        Namespace="Theirs",
        MetricName="Theirs",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=7,
        Threshold=7,
        ComparisonOperator="LessThanThreshold",
        Tags=[TAG],
    )


def tell_alarm(client: Client, name: str) -> Any:
    cloudwatch = client("cloudwatch")
    arn = f"arn:aws:cloudwatch:{cloudwatch.meta.region_name}:{ACCOUNT}:alarm:{name}"
    return [
        said(cloudwatch.describe_alarms, AlarmNames=[name]),
        said(cloudwatch.list_tags_for_resource, ResourceARN=arn),
    ]


def make_dashboard(client: Client, name: str) -> None:
    client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=WIDGETS, Tags=[TAG])


def tell_dashboard(client: Client, name: str) -> Any:
    cloudwatch = client("cloudwatch")
    arn = f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}"
    return [
        said(cloudwatch.get_dashboard, DashboardName=name),
        said(cloudwatch.list_tags_for_resource, ResourceARN=arn),
    ]


def make_rule(client: Client, name: str) -> None:
    events = client("events")
    events.put_rule(Name=name, ScheduleExpression="rate(7 days)", State="DISABLED", Tags=[TAG])
    events.put_targets(Rule=name, Targets=[{"Id": "theirs", "Arn": _queue_arn(client, "theirs")}])


def tell_rule(client: Client, name: str) -> Any:
    events = client("events")
    arn = f"arn:aws:events:{events.meta.region_name}:{ACCOUNT}:rule/{name}"
    return [
        said(events.describe_rule, Name=name),
        said(events.list_targets_by_rule, Rule=name),
        said(events.list_tags_for_resource, ResourceARN=arn),
    ]


def make_trail(client: Client, name: str) -> None:
    make_bucket(client, f"{name}-theirs")
    client("cloudtrail").create_trail(
        Name=name, S3BucketName=f"{name}-theirs", S3KeyPrefix="theirs", TagsList=[TAG]
    )


def tell_trail(client: Client, name: str) -> Any:
    cloudtrail = client("cloudtrail")
    arn = f"arn:aws:cloudtrail:{cloudtrail.meta.region_name}:{ACCOUNT}:trail/{name}"
    return [
        said(cloudtrail.get_trail, Name=name),
        said(cloudtrail.get_event_selectors, TrailName=name),
        said(cloudtrail.get_trail_status, Name=name)["IsLogging"],
        said(cloudtrail.list_tags, ResourceIdList=[arn]),
    ]


def make_vault(client: Client, name: str) -> None:
    backup = client("backup")
    backup.create_backup_vault(BackupVaultName=name, BackupVaultTags={TAG["Key"]: TAG["Value"]})
    theirs = policy("backup:DescribeBackupVault", Principal={"AWS": ACCOUNT})
    backup.put_backup_vault_access_policy(BackupVaultName=name, Policy=theirs)


def tell_vault(client: Client, name: str) -> Any:
    backup = client("backup")
    arn = f"arn:aws:backup:{backup.meta.region_name}:{ACCOUNT}:backup-vault:{name}"
    return [
        said(backup.describe_backup_vault, BackupVaultName=name),
        said(backup.get_backup_vault_access_policy, BackupVaultName=name),
        said(backup.list_tags, ResourceArn=arn),
    ]


def make_account(client: Client, id_: str) -> None:
    role = role_of(client, "theirs-writes", "apigateway.amazonaws.com")
    client("apigateway").update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    )


def tell_account(client: Client, id_: str) -> Any:
    return said(client("apigateway").get_account)


def make_key(client: Client, alias: str) -> None:
    kms = client("kms")
    key = kms.create_key(
        Description="theirs", Tags=[{"TagKey": TAG["Key"], "TagValue": TAG["Value"]}]
    )["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=alias, TargetKeyId=key)


def tell_key(client: Client, alias: str) -> Any:
    kms = client("kms")
    found = said(kms.describe_key, KeyId=alias)
    if isinstance(found, str):
        return found
    key = found["KeyMetadata"]["KeyId"]
    return [
        found,
        said(kms.get_key_policy, KeyId=key, PolicyName="default"),
        said(kms.get_key_rotation_status, KeyId=key),
        said(kms.list_resource_tags, KeyId=key),
        said(kms.list_aliases, KeyId=key),
    ]


def make_parameter(client: Client, name: str) -> None:
    client("ssm").put_parameter(
        Name=name, Value="theirs", Type="String", Description="theirs", Tags=[TAG]
    )


def tell_parameter(client: Client, name: str) -> Any:
    ssm = client("ssm")
    equals = {"Key": "Name", "Option": "Equals", "Values": [name]}
    return [
        said(ssm.get_parameter, Name=name, WithDecryption=True),
        said(ssm.describe_parameters, ParameterFilters=[equals]),
        said(ssm.get_parameter_history, Name=name, WithDecryption=True),
        said(ssm.list_tags_for_resource, ResourceType="Parameter", ResourceId=name),
    ]


HANDS = {
    "kms.key": ByHand(make_key, tell_key, "kms.CreateAlias"),
    "s3.bucket": ByHand(make_bucket, tell_bucket, "s3.CreateBucket"),
    "sns.topic": ByHand(make_topic, tell_topic, "sns.CreateTopic"),
    "sns.subscription": ByHand(make_subscription, tell_subscription, "sns.Subscribe"),
    "sqs.queue": ByHand(make_queue, tell_queue, "sqs.CreateQueue"),
    "iam.role": ByHand(make_role, tell_role, "iam.CreateRole"),
    "iam.policy": ByHand(make_policy, tell_policy, "iam.CreatePolicy"),
    "dynamodb.table": ByHand(make_table, tell_table, "dynamodb.CreateTable"),
    "logs.log_group": ByHand(make_log_group, tell_log_group, "logs.CreateLogGroup"),
    "logs.metric_filter": ByHand(
        make_filter, tell_filter, "logs.PutMetricFilter", overwritten=True
    ),
    "lambda.function": ByHand(make_function, tell_function, "lambda.CreateFunction"),
    "lambda.permission": ByHand(make_permission, tell_permission, "lambda.AddPermission"),
    "cloudwatch.alarm": ByHand(
        make_alarm, tell_alarm, "cloudwatch.PutMetricAlarm", overwritten=True
    ),
    "cloudwatch.dashboard": ByHand(
        make_dashboard, tell_dashboard, "cloudwatch.PutDashboard", overwritten=True
    ),
    "events.rule": ByHand(make_rule, tell_rule, "events.PutRule", overwritten=True),
    "cloudtrail.trail": ByHand(make_trail, tell_trail, "cloudtrail.CreateTrail"),
    "backup.vault": ByHand(make_vault, tell_vault, "backup.CreateBackupVault"),
    "ssm.parameter": ByHand(make_parameter, tell_parameter, "ssm.PutParameter"),
    "apigateway.account": ByHand(
        make_account, tell_account, "apigateway.UpdateAccount", overwritten=True
    ),
}
"""By kind."""
