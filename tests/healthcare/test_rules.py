"""The rules that the stack keeps: each asked of the objects themselves, with the paragraph it serves.

Titles name the rules of AWS Config's HIPAA pack, or `x-` ones of our own; paragraphs are of 45 CFR 164.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest

from tests.conftest import REGION
from tests.healthcare.conftest import ACCOUNT

SUFFIX = "dev"
FUNCTIONS = [f"healthcare-{name}-{SUFFIX}" for name in ("processor", "health", "remediation")]
BUCKETS = [f"healthcare-{name}-{ACCOUNT}-{REGION}-{SUFFIX}" for name in ("data", "audit", "access")]
TABLE = f"healthcare-patients-{SUFFIX}"


def statements(policy: Any) -> Iterator[Mapping[str, Any]]:
    document = json.loads(policy) if isinstance(policy, str) else policy
    yield from document["Statement"]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def refuses_plain_http(policy: Any) -> bool:
    return any(
        one["Effect"] == "Deny"
        and one.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for one in statements(policy)
    )


def open_to_all(policy: Any) -> list[Mapping[str, Any]]:
    return [
        one
        for one in statements(policy)
        if one["Effect"] == "Allow"
        and one.get("Principal") in ("*", {"AWS": "*"})
        and not one.get("Condition")
    ]


def unbound_services(policy: Any) -> list[Mapping[str, Any]]:
    """Grants to services that any account could make use of."""
    return [
        one
        for one in statements(policy)
        if one["Effect"] == "Allow"
        and isinstance(one.get("Principal"), dict)
        and "Service" in one["Principal"]
        and not one.get("Condition")
    ]


def stack_keys(session: boto3.Session) -> dict[str, str]:
    aliases = session.client("kms").list_aliases()["Aliases"]
    return {
        one["AliasName"]: one["TargetKeyId"]
        for one in aliases
        if one["AliasName"].startswith("alias/healthcare")
    }


@pytest.mark.parametrize("bucket", BUCKETS)
def test_buckets(bucket: str, healthcare: boto3.Session) -> None:
    """s3-bucket-public-*-prohibited, acl-prohibited, ssl-requests-only, versioning: 312(a)(1), (e)."""
    s3 = healthcare.client("s3")
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    [rule] = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rule["ObjectOwnership"] == "BucketOwnerEnforced"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    assert refuses_plain_http(policy)
    assert open_to_all(policy) == unbound_services(policy) == []
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]


@pytest.mark.parametrize("bucket", BUCKETS[:2])
def test_buckets_of_records_and_trail(bucket: str, healthcare: boto3.Session) -> None:
    """s3-default-encryption-kms, s3-bucket-logging-enabled: 312(a)(2)(iv), 312(b)."""
    s3 = healthcare.client("s3")
    [rule] = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["BucketKeyEnabled"] is True
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetBucket"] == BUCKETS[2]


def test_table(healthcare: boto3.Session) -> None:
    """dynamodb-pitr-enabled, x-dynamodb-kms-cmk, x-deletion-protection: 308(a)(7), 312(a)(2)(iv)."""
    client = healthcare.client("dynamodb")
    table = client.describe_table(TableName=TABLE)["Table"]
    key = stack_keys(healthcare)["alias/healthcare-data-dev"]
    assert table["SSEDescription"]["KMSMasterKeyArn"].endswith(key)
    assert table["DeletionProtectionEnabled"] is True
    backups = client.describe_continuous_backups(TableName=TABLE)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_keys(healthcare: boto3.Session) -> None:
    """x-kms-rotation, x-kms-policy-not-public, kms-cmk-not-scheduled-for-deletion: 312(a)."""
    kms = healthcare.client("kms")
    keys = stack_keys(healthcare)
    assert len(keys) == 4
    for key in keys.values():
        assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
        assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
        policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
        assert open_to_all(policy) == unbound_services(policy) == []


def test_policies(healthcare: boto3.Session) -> None:
    """iam-policy-no-statements-with-full-access, blocked-kms-actions, no-inline: 308(a)(3), (4)."""
    iam = healthcare.client("iam")
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        version = iam.get_policy_version(
            PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
        )
        for one in statements(version["PolicyVersion"]["Document"]):
            actions = listed(one["Action"])
            assert not any(action.endswith(":*") or action == "*" for action in actions)
            if any(action.startswith("kms:") for action in actions):
                assert "*" not in listed(one["Resource"])
    for role in iam.list_roles()["Roles"]:
        assert iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str, healthcare: boto3.Session) -> None:
    """lambda-function-public-access-prohibited, x-lambda-env-cmk, -in-vpc, -dlq, -log-group."""
    client = healthcare.client("lambda")
    found = client.get_function_configuration(FunctionName=name)
    key = stack_keys(healthcare)["alias/healthcare-data-dev"]
    assert found["KMSKeyArn"].endswith(key)
    assert len(found["VpcConfig"]["SubnetIds"]) == 2
    assert found["DeadLetterConfig"]["TargetArn"].endswith("healthcare-dead-letters-dev")
    assert found["TracingConfig"]["Mode"] == "Active"
    for one in statements(client.get_policy(FunctionName=name)["Policy"]):
        assert one["Principal"] != "*"
        assert one["Condition"]
    role = found["Role"].rpartition("/")[2]
    iam = healthcare.client("iam")
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        policy = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]
        version = iam.get_policy_version(
            PolicyArn=attached["PolicyArn"], VersionId=policy["DefaultVersionId"]
        )["PolicyVersion"]
        actions = [a for one in statements(version["Document"]) for a in listed(one["Action"])]
        assert "logs:CreateLogGroup" not in actions


def test_log_groups(healthcare: boto3.Session) -> None:
    """x-log-group-encrypted, x-log-group-retention: 312(a)(2)(iv), 312(b)."""
    groups = healthcare.client("logs").describe_log_groups()["logGroups"]
    key = stack_keys(healthcare)["alias/healthcare-logs-dev"]
    names = {group["logGroupName"] for group in groups}
    assert {f"/aws/lambda/{name}" for name in FUNCTIONS} < names
    assert any(name.startswith("API-Gateway-Execution-Logs_") for name in names)
    for group in groups:
        assert group["kmsKeyId"].endswith(key)
        assert group["retentionInDays"] >= 365


def test_api(healthcare: boto3.Session) -> None:
    """api-gw-execution-logging-enabled, x-apigw-access-logs, -authorizer, -cache: 312(b), (d)."""
    client = healthcare.client("apigateway")
    [api] = client.get_rest_apis()["items"]
    stage = client.get_stage(restApiId=api["id"], stageName="prod")
    settings = stage["methodSettings"]["*/*"]
    assert settings["loggingLevel"] == "INFO"
    assert settings["dataTraceEnabled"] is False
    assert stage["tracingEnabled"] is True
    assert "$context.requestId" in stage["accessLogSettings"]["format"]
    assert not stage.get("cacheClusterEnabled")
    methods = {}
    for resource in client.get_resources(restApiId=api["id"], embed=["methods"])["items"]:
        for verb in resource.get("resourceMethods", {}):
            method = client.get_method(
                restApiId=api["id"], resourceId=resource["id"], httpMethod=verb
            )
            methods[f"{verb} {resource['path']}"] = method["authorizationType"]
    assert set(methods) == {"POST /data", "GET /data", "GET /health"}
    assert set(methods.values()) == {"AWS_IAM"}


def test_network(healthcare: boto3.Session) -> None:
    """vpc-flow-logs-enabled, default-security-group-closed, restricted-*, no-unrestricted-route."""
    ec2 = healthcare.client("ec2")
    [vpc] = [one for one in ec2.describe_vpcs()["Vpcs"] if not one["IsDefault"]]
    here: Any = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    [log] = ec2.describe_flow_logs()["FlowLogs"]
    assert (log["ResourceId"], log["TrafficType"]) == (vpc["VpcId"], "ALL")
    for group in ec2.describe_security_groups(Filters=here)["SecurityGroups"]:
        world = [r for p in group["IpPermissions"] for r in p.get("IpRanges", [])]
        assert not [r for r in world if r["CidrIp"] == "0.0.0.0/0"]
        if group["GroupName"] == "default":
            assert group["IpPermissions"] == group["IpPermissionsEgress"] == []
    subnets = ec2.describe_subnets(Filters=here)["Subnets"]
    assert len({one["AvailabilityZone"] for one in subnets}) == 2
    assert not any(one["MapPublicIpOnLaunch"] for one in subnets)
    names = {one["SubnetId"]: _name(one) for one in subnets}
    for table in ec2.describe_route_tables(Filters=here)["RouteTables"]:
        private = [
            names[one["SubnetId"]]
            for one in table["Associations"]
            if one.get("SubnetId") and "private" in names[one["SubnetId"]]
        ]
        gateways = [str(route.get("GatewayId", "")) for route in table["Routes"]]
        assert not (private and any(gateway.startswith("igw-") for gateway in gateways))
    endpoints = ec2.describe_vpc_endpoints(Filters=here)["VpcEndpoints"]
    services = {one["ServiceName"].rpartition(".")[2] for one in endpoints}
    assert services == {"s3", "dynamodb", "kms", "logs", "sqs", "sns"}


def _name(item: Mapping[str, Any]) -> str:
    return next(str(tag["Value"]) for tag in item["Tags"] if tag["Key"] == "Name")


def test_trail(healthcare: boto3.Session) -> None:
    """multi-region, encryption, validation, logs, s3 data events: 312(b), (c), 308(a)(1)(ii)(D)."""
    client = healthcare.client("cloudtrail")
    [trail] = client.describe_trails()["trailList"]
    assert trail["IsMultiRegionTrail"] is trail["LogFileValidationEnabled"] is True
    assert trail["IncludeGlobalServiceEvents"] is True
    assert trail["KmsKeyId"].endswith(stack_keys(healthcare)["alias/healthcare-logs-dev"])
    assert trail["CloudWatchLogsLogGroupArn"].endswith(":*")
    assert client.get_trail_status(Name=trail["Name"])["IsLogging"] is True
    [selector] = client.get_event_selectors(TrailName=trail["Name"])["EventSelectors"]
    assert (selector["ReadWriteType"], selector["IncludeManagementEvents"]) == ("All", True)
    data = {one["Type"]: one["Values"] for one in selector["DataResources"]}
    assert data["AWS::S3::Object"] == [f"arn:aws:s3:::{BUCKETS[0]}/"]
    assert data["AWS::DynamoDB::Table"][0].endswith(TABLE)
    assert len(data["AWS::Lambda::Function"]) == 3


def test_alarms_are_heard(healthcare: boto3.Session) -> None:
    """cloudwatch-alarm-action-check: every alarm tells the alerts topic, whose key lets it: 308(a)(6)."""
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:healthcare-alerts-dev"
    pages = healthcare.client("cloudwatch").get_paginator("describe_alarms").paginate()
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    assert len(alarms) == 24
    for alarm in alarms:
        assert alarm["AlarmActions"] == alarm["InsufficientDataActions"] == [topic]
    kms = healthcare.client("kms")
    key = stack_keys(healthcare)["alias/healthcare-alerts-dev"]
    policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    admitted = [s["Principal"].get("Service") for s in statements(policy)]
    assert "cloudwatch.amazonaws.com" in admitted


def test_alarms_on_log_metrics_have_a_filter(healthcare: boto3.Session) -> None:
    """x-metric-filters: an alarm on a metric of ours watches one that a filter makes."""
    filters = healthcare.client("logs").describe_metric_filters()["metricFilters"]
    made = {
        (
            one["metricTransformations"][0]["metricNamespace"],
            one["metricTransformations"][0]["metricName"],
        )
        for one in filters
    }
    pages = healthcare.client("cloudwatch").get_paginator("describe_alarms").paginate()
    watched = {
        (alarm["Namespace"], alarm["MetricName"])
        for page in pages
        for alarm in page["MetricAlarms"]
        if not alarm["Namespace"].startswith("AWS/")
    }
    assert watched == made
    assert len(made) == 13


@pytest.mark.parametrize("name", ["alerts", "compliance"])
def test_topics(name: str, healthcare: boto3.Session) -> None:
    """sns-encrypted-kms, x-sns-tls, x-sns-not-public: 312(a)(2)(iv), (e)(1)."""
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:healthcare-{name}-dev"
    found = healthcare.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    key = stack_keys(healthcare)["alias/healthcare-alerts-dev"]
    assert found["KmsMasterKeyId"].endswith(key)
    assert refuses_plain_http(found["Policy"])
    assert open_to_all(found["Policy"]) == unbound_services(found["Policy"]) == []


def test_queue(healthcare: boto3.Session) -> None:
    """x-sqs-kms, x-sqs-tls, x-sqs-not-public: 312(a)(2)(iv), (e)(1)."""
    sqs = healthcare.client("sqs")
    url = sqs.get_queue_url(QueueName="healthcare-dead-letters-dev")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    key = stack_keys(healthcare)["alias/healthcare-data-dev"]
    assert found["KmsMasterKeyId"].endswith(key)
    assert found["MessageRetentionPeriod"] == "1209600"
    assert refuses_plain_http(found["Policy"])
    assert open_to_all(found["Policy"]) == unbound_services(found["Policy"]) == []


def test_backup(healthcare: boto3.Session) -> None:
    """backup-plan-min-frequency-and-min-retention, -encrypted, -manual-deletion-disabled: 308(a)(7)."""
    client = healthcare.client("backup")
    [vault] = client.list_backup_vaults()["BackupVaultList"]
    assert vault["EncryptionKeyArn"].endswith(stack_keys(healthcare)["alias/healthcare-backup-dev"])
    policy = client.get_backup_vault_access_policy(BackupVaultName=vault["BackupVaultName"])
    [deny] = statements(policy["Policy"])
    assert deny["Effect"] == "Deny"
    assert {"backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"} < set(
        deny["Action"]
    )
    [plan] = client.list_backup_plans()["BackupPlansList"]
    [rule] = client.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]["Rules"]
    assert rule["Lifecycle"]["DeleteAfterDays"] >= 35
    assert rule["ScheduleExpression"] == "cron(0 5 ? * * *)"
    selections = client.list_backup_selections(BackupPlanId=plan["BackupPlanId"])
    assert {one["SelectionName"] for one in selections["BackupSelectionsList"]} == {
        "patients",
        "tagged",
    }
    tags = healthcare.client("dynamodb").list_tags_of_resource(
        ResourceArn=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}"
    )["Tags"]
    assert {"Key": "Backup", "Value": "daily"} in tags
