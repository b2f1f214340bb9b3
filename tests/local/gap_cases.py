"""What AWS does and plain moto does not: one small program per gap, right on AWS.

Run as a program it tries them all on plain moto, each in an account of its own, and prints the
names of those that work there: their gaps have been mended and can go.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import boto3
import botocore.session
import requests
from botocore.exceptions import ClientError
from moto import mock_aws

REGION = "eu-central-1"
Case = Callable[[Any], None]


def _vpc_and_subnet(client: Any) -> tuple[str, str]:
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = client("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]
    return vpc, subnet["SubnetId"]


def _is_refused(call: Callable[..., Any], request: dict[str, Any], code: str) -> None:
    try:
        call(**request)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code  # noqa: PT017
    else:
        raise AssertionError


def kms_rotation_period(client: Any) -> None:
    key = client("kms").create_key()["KeyMetadata"]["KeyId"]
    client("kms").enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    assert client("kms").get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180


def ec2_nat_gateways_by_tag(client: Any) -> None:
    ec2 = client("ec2")
    _, subnet = _vpc_and_subnet(client)
    ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
    filters = [{"Name": "tag:none", "Values": ["x"]}]
    assert ec2.describe_nat_gateways(Filter=filters)["NatGateways"] == []


def ec2_nat_gateway_lets_its_interface_go(client: Any) -> None:
    ec2 = client("ec2")
    _, subnet = _vpc_and_subnet(client)
    nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def ec2_nat_gateway_lets_its_address_go(client: Any) -> None:
    ec2 = client("ec2")
    _, subnet = _vpc_and_subnet(client)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)


def ec2_network_acls_by_id(client: Any) -> None:
    filters = [{"Name": "network-acl-id", "Values": ["acl-0"]}]
    assert client("ec2").describe_network_acls(Filters=filters)["NetworkAcls"] == []


def ec2_endpoints_by_id(client: Any) -> None:
    vpc, _ = _vpc_and_subnet(client)
    client("ec2").create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3")
    filters = [{"Name": "vpc-endpoint-id", "Values": ["vpce-0"]}]
    assert client("ec2").describe_vpc_endpoints(Filters=filters)["VpcEndpoints"] == []


def ec2_endpoint_private_dns(client: Any) -> None:
    ec2 = client("ec2")
    vpc, subnet = _vpc_and_subnet(client)
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{REGION}.kms",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        PrivateDnsEnabled=True,
    )["VpcEndpoint"]["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=made, PrivateDnsEnabled=False)
    [found] = ec2.describe_vpc_endpoints(VpcEndpointIds=[made])["VpcEndpoints"]
    assert found["PrivateDnsEnabled"] is False


def ec2_route_table_of_another(client: Any) -> None:
    ec2 = client("ec2")
    vpc, subnet = _vpc_and_subnet(client)
    one, two = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
    ec2.associate_route_table(RouteTableId=one, SubnetId=subnet)
    try:
        ec2.associate_route_table(RouteTableId=two, SubnetId=subnet)
    except ClientError as error:
        assert "AlreadyAssociated" in str(error)  # noqa: PT017
    else:
        raise AssertionError


def sqs_policy_is_kept(client: Any) -> None:
    sqs = client("sqs")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    url = sqs.create_queue(QueueName="a", Attributes={"Policy": policy})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    assert "Policy" in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def sqs_message_move_tasks(client: Any) -> None:
    sqs = client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:123456789012:dead"
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    work = sqs.create_queue(QueueName="work", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    sqs.send_message(QueueUrl=dead, MessageBody="again")
    sqs.start_message_move_task(SourceArn=arn)
    assert sqs.list_message_move_tasks(SourceArn=arn)["Results"][0]["Status"] == "COMPLETED"
    assert sqs.receive_message(QueueUrl=work)["Messages"][0]["Body"] == "again"


def sns_tracing(client: Any) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name="a", Attributes={"TracingConfig": "Active"})["TopicArn"]
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["TracingConfig"] == "Active"


def dynamodb_table_class(client: Any) -> None:
    _table(client, TableClass="STANDARD_INFREQUENT_ACCESS")
    table = client("dynamodb").describe_table(TableName="table")["Table"]
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


def dynamodb_encryption_of_a_table_that_exists(client: Any) -> None:
    _table(client)
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    wanted = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    client("dynamodb").update_table(TableName="table", SSESpecification=wanted)
    table = client("dynamodb").describe_table(TableName="table")["Table"]
    assert table["SSEDescription"]["KMSMasterKeyArn"] == key


def dynamodb_a_stream_begins_anew(client: Any) -> None:
    _table(client, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    change = partial(client("dynamodb").update_table, TableName="table")
    change(StreamSpecification={"StreamEnabled": False})
    change(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    table = client("dynamodb").describe_table(TableName="table")["Table"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"


def _table(client: Any, **more: Any) -> None:
    client("dynamodb").create_table(
        TableName="table",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        **more,
    )


def dynamodb_a_transaction_is_done_once(client: Any) -> None:
    _table(client)
    dynamodb = client("dynamodb")
    count: Any = {
        "TableName": "table",
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    for _ in range(2):
        dynamodb.transact_write_items(TransactItems=[{"Update": count}], ClientRequestToken="t")
    assert dynamodb.get_item(TableName="table", Key=count["Key"])["Item"]["n"] == {"N": "1"}
    other: Any = {**count, "Key": {"pk": {"S": "b"}}}
    request = {"TransactItems": [{"Update": other}], "ClientRequestToken": "t"}
    _is_refused(dynamodb.transact_write_items, request, "IdempotentParameterMismatchException")


def logs_key(client: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="a")
    logs.associate_kms_key(logGroupName="a", kmsKeyId="arn:aws:kms:x")
    assert logs.describe_log_groups()["logGroups"][0]["kmsKeyId"] == "arn:aws:kms:x"
    logs.disassociate_kms_key(logGroupName="a")
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]


def _function(client: Any, **more: Any) -> Any:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): ...\n")
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    return client("lambda").create_function(
        FunctionName="f",
        Role=role,
        Runtime="python3.13",
        Handler="handler.handler",
        Code={"ZipFile": data.getvalue()},
        **more,
    )


def lambda_dead_letters(client: Any) -> None:
    wanted = {"TargetArn": f"arn:aws:sqs:{REGION}:123456789012:dead"}
    _function(client, DeadLetterConfig=wanted)
    found = client("lambda").get_function_configuration(FunctionName="f")
    assert found["DeadLetterConfig"] == wanted


def lambda_key(client: Any) -> None:
    _function(client)
    key = f"arn:aws:kms:{REGION}:123456789012:key/k"
    client("lambda").update_function_configuration(FunctionName="f", KMSKeyArn=key)
    assert client("lambda").get_function_configuration(FunctionName="f")["KMSKeyArn"] == key


def lambda_logging(client: Any) -> None:
    _function(client, LoggingConfig={"LogGroup": "mine"})
    found = client("lambda").get_function_configuration(FunctionName="f")
    assert found["LoggingConfig"]["LogGroup"] == "mine"


def lambda_tracing_and_storage_of_a_function_that_exists(client: Any) -> None:
    _function(client)
    client("lambda").update_function_configuration(
        FunctionName="f", TracingConfig={"Mode": "Active"}, EphemeralStorage={"Size": 1024}
    )
    found = client("lambda").get_function_configuration(FunctionName="f")
    assert (found["TracingConfig"]["Mode"], found["EphemeralStorage"]["Size"]) == ("Active", 1024)


def s3_tags_with_the_create_call(client: Any) -> None:
    _bucket(client, {"Tags": [{"Key": "a", "Value": "b"}]})
    assert client("s3").get_bucket_tagging(Bucket="one-bucket")["TagSet"][0]["Key"] == "a"


def s3_defaults_of_a_new_bucket(client: Any) -> None:
    _bucket(client)
    block = client("s3").get_public_access_block(Bucket="one-bucket")
    assert set(block["PublicAccessBlockConfiguration"].values()) == {True}
    assert client("s3").get_bucket_encryption(Bucket="one-bucket")
    assert client("s3").get_bucket_ownership_controls(Bucket="one-bucket")


def _bucket(client: Any, more: dict[str, Any] | None = None) -> None:
    place = {"LocationConstraint": REGION, **(more or {})}
    client("s3").create_bucket(Bucket="one-bucket", CreateBucketConfiguration=place)


DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "arn:aws:s3:::one-bucket/*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def s3_conditions_of_a_policy(client: Any) -> None:
    _bucket(client)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [DENY]})
    client("s3").put_bucket_policy(Bucket="one-bucket", Policy=policy)
    client("s3").put_object(Bucket="one-bucket", Key="a", Body=b"x")


def s3_log_delivery_beside_another_principal(client: Any) -> None:
    _bucket(client)
    grant = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": ["s3:PutObject"],
        "Resource": "arn:aws:s3:::one-bucket/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [DENY, grant]})
    client("s3").put_bucket_policy(Bucket="one-bucket", Policy=policy)
    place = {"LocationConstraint": REGION}
    client("s3").create_bucket(Bucket="two-bucket", CreateBucketConfiguration=place)
    status = {"LoggingEnabled": {"TargetBucket": "one-bucket", "TargetPrefix": ""}}
    client("s3").put_bucket_logging(Bucket="two-bucket", BucketLoggingStatus=status)


def s3_encryption_has_no_off(client: Any) -> None:
    _bucket(client)
    client("s3").delete_bucket_encryption(Bucket="one-bucket")
    assert client("s3").get_bucket_encryption(Bucket="one-bucket")


def s3_event_bridge_is_told(client: Any) -> None:
    _bucket(client)
    told: Any = {"EventBridgeConfiguration": {}}
    s3 = client("s3")
    s3.put_bucket_notification_configuration(Bucket="one-bucket", NotificationConfiguration=told)
    found = s3.get_bucket_notification_configuration(Bucket="one-bucket")
    assert "EventBridgeConfiguration" in found
    s3.put_bucket_notification_configuration(Bucket="one-bucket", NotificationConfiguration={})
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(
        Bucket="one-bucket"
    )


def _plan(client: Any) -> str:
    backup = client("backup")
    backup.create_backup_vault(BackupVaultName="vault")
    rules = [{"RuleName": "daily", "TargetBackupVaultName": "vault"}]
    made = backup.create_backup_plan(BackupPlan={"BackupPlanName": "plan", "Rules": rules})
    return str(made["BackupPlanId"])


def backup_selections(client: Any) -> None:
    backup = client("backup")
    plan = _plan(client)
    wanted = {"SelectionName": "s", "IamRoleArn": "arn:aws:iam::1:role/r", "Resources": ["*"]}
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection=wanted)
    [one] = backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    found = backup.get_backup_selection(BackupPlanId=plan, SelectionId=one["SelectionId"])
    assert found["BackupSelection"]["Resources"] == ["*"]
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=one["SelectionId"])
    assert backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"] == []


def backup_plan_update(client: Any) -> None:
    plan = _plan(client)
    rules = [{"RuleName": "weekly", "TargetBackupVaultName": "vault"}]
    document = {"BackupPlanName": "plan", "Rules": rules}
    client("backup").update_backup_plan(BackupPlanId=plan, BackupPlan=document)
    found = client("backup").get_backup_plan(BackupPlanId=plan)["BackupPlan"]
    assert [rule["RuleName"] for rule in found["Rules"]] == ["weekly"]


def backup_name_of_a_deleted_plan(client: Any) -> None:
    client("backup").delete_backup_plan(BackupPlanId=_plan(client))
    rules = [{"RuleName": "daily", "TargetBackupVaultName": "vault"}]
    client("backup").create_backup_plan(BackupPlan={"BackupPlanName": "plan", "Rules": rules})


def backup_recovery_points(client: Any) -> None:
    client("backup").create_backup_vault(BackupVaultName="vault")
    backup = client("backup")
    vault = {"BackupVaultName": "vault"}
    assert backup.list_recovery_points_by_backup_vault(**vault)["RecoveryPoints"] == []
    point = backup.start_backup_job(
        **vault,
        ResourceArn="arn:aws:dynamodb:eu-central-1:123456789012:table/t",
        IamRoleArn="arn:aws:iam::123456789012:role/r",
    )["RecoveryPointArn"]
    [listed] = backup.list_recovery_points_by_backup_vault(**vault)["RecoveryPoints"]
    assert (listed["RecoveryPointArn"], listed["Status"]) == (point, "COMPLETED")
    _is_refused(backup.delete_backup_vault, vault, "InvalidRequestException")
    backup.delete_recovery_point(**vault, RecoveryPointArn=point)
    assert backup.list_recovery_points_by_backup_vault(**vault)["RecoveryPoints"] == []
    backup.delete_backup_vault(**vault)


def backup_vault_policy(client: Any) -> None:
    backup = client("backup")
    backup.create_backup_vault(BackupVaultName="vault")
    backup.put_backup_vault_access_policy(BackupVaultName="vault", Policy='{"Statement": []}')
    assert backup.get_backup_vault_access_policy(BackupVaultName="vault")["Policy"]
    backup.delete_backup_vault_access_policy(BackupVaultName="vault")


def backup_tags_without_a_slash(client: Any) -> None:
    """As other SDKs ask than boto3."""
    vault = client("backup").create_backup_vault(
        BackupVaultName="vault", BackupVaultTags={"a": "b"}
    )
    url = f"https://backup.{REGION}.amazonaws.com/tags/{quote(vault['BackupVaultArn'], safe='')}"
    assert requests.get(url, timeout=5).json()["Tags"] == {"a": "b"}


def _trail(client: Any, **more: Any) -> str:
    _bucket(client)
    made = client("cloudtrail").create_trail(Name="trail", S3BucketName="one-bucket", **more)
    return str(made["TrailARN"])


def cloudtrail_remembers_who_wrote(client: Any) -> None:
    client("sqs").create_queue(QueueName="told")
    client("sqs").list_queues(QueueNamePrefix="told")
    [event] = client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "told"}]
    )["Events"]
    assert (event["EventName"], event["ReadOnly"]) == ("CreateQueue", "false")
    assert "userIdentity" in event["CloudTrailEvent"]


def cloudtrail_delete_by_arn(client: Any) -> None:
    arn = _trail(client)
    client("cloudtrail").delete_trail(Name=arn)
    assert client("cloudtrail").describe_trails()["trailList"] == []


def cloudtrail_clears_with_an_empty_text(client: Any) -> None:
    _trail(client, S3KeyPrefix="prefix")
    client("cloudtrail").update_trail(Name="trail", S3KeyPrefix="")
    [trail] = client("cloudtrail").describe_trails()["trailList"]
    assert "S3KeyPrefix" not in trail


def cloudwatch_dashboards_have_tags(client: Any) -> None:
    cloudwatch = client("cloudwatch")
    tag = {"Key": "Team", "Value": "care"}
    cloudwatch.put_dashboard(DashboardName="d", DashboardBody='{"widgets": []}', Tags=[tag])
    arn = cloudwatch.list_dashboards()["DashboardEntries"][0]["DashboardArn"]
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [tag]


def cloudwatch_dashboards_can_be_tagged(client: Any) -> None:
    cloudwatch = client("cloudwatch")
    cloudwatch.put_dashboard(DashboardName="d", DashboardBody='{"widgets": []}')
    arn = cloudwatch.list_dashboards()["DashboardEntries"][0]["DashboardArn"]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "Team", "Value": "care"}])
    assert len(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]) == 1


def cloudwatch_alarms_take_tags_on_creation_only(client: Any) -> None:
    cloudwatch = client("cloudwatch")
    alarm = {
        "AlarmName": "a",
        "Namespace": "AWS/SQS",
        "MetricName": "m",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    cloudwatch.put_metric_alarm(**alarm)
    cloudwatch.put_metric_alarm(**alarm, Tags=[{"Key": "Team", "Value": "care"}])
    [found] = cloudwatch.describe_alarms()["MetricAlarms"]
    assert cloudwatch.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"] == []


def events_rules_take_tags_on_creation_only(client: Any) -> None:
    events = client("events")
    arn = events.put_rule(Name="r", ScheduleExpression="rate(1 day)")["RuleArn"]
    tags = [{"Key": "Team", "Value": "care"}]
    events.put_rule(Name="r", ScheduleExpression="rate(1 day)", Tags=tags)
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == []


def events_rules_of_one_name_have_their_own_tags(client: Any) -> None:
    events = client("events")
    events.create_event_bus(Name="own")
    pattern = '{"source": ["aws.s3"]}'
    tags = [{"Key": "Team", "Value": "care"}]
    events.put_rule(Name="r", EventPattern=pattern, Tags=tags)
    arn = events.put_rule(Name="r", EventPattern=pattern, EventBusName="own")["RuleArn"]
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == []


def sqs_queues_take_tags_on_creation_only(client: Any) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.create_queue(QueueName="q", tags={"Team": "care"})
    assert sqs.list_queue_tags(QueueUrl=url).get("Tags", {}) == {}


def sns_topics_with_other_tags_are_refused(client: Any) -> None:
    sns = client("sns")
    sns.create_topic(Name="t")
    request = {"Name": "t", "Tags": [{"Key": "Team", "Value": "care"}]}
    _is_refused(sns.create_topic, request, "InvalidParameter")


def sns_subscriptions_with_other_attributes_are_refused(client: Any) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    request = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": f"arn:aws:sqs:{REGION}:1:q"}
    sns.subscribe(**request)
    request["Attributes"] = {"RawMessageDelivery": "true"}
    _is_refused(sns.subscribe, request, "InvalidParameter")


def s3_a_bucket_made_again_stays_as_it_is(client: Any) -> None:
    s3 = client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="one-bucket", ObjectOwnership="BucketOwnerEnforced")
    s3.create_bucket(Bucket="one-bucket", ObjectOwnership="ObjectWriter")
    controls = s3.get_bucket_ownership_controls(Bucket="one-bucket")["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def cloudtrail_a_name_is_taken_once(client: Any) -> None:
    _trail(client)
    request = {"Name": "trail", "S3BucketName": "one-bucket"}
    _is_refused(client("cloudtrail").create_trail, request, "TrailAlreadyExistsException")


def ec2_a_rule_loses_its_description(client: Any) -> None:
    vpc, _ = _vpc_and_subnet(client)
    ec2 = client("ec2")
    group = ec2.create_security_group(GroupName="a", Description="a", VpcId=vpc)["GroupId"]
    web: Any = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    described = [{"CidrIp": "10.0.0.0/16", "Description": "web"}]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{**web, "IpRanges": described}]
    )
    ec2.update_security_group_rule_descriptions_ingress(
        GroupId=group, IpPermissions=[{**web, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
    )
    [found] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert found["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "10.0.0.0/16"}]


def ec2_an_unknown_acl_association_is_refused(client: Any) -> None:
    vpc, _ = _vpc_and_subnet(client)
    ec2 = client("ec2")
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    request = {"AssociationId": "aclassoc-0", "NetworkAclId": acl}
    _is_refused(ec2.replace_network_acl_association, request, "InvalidAssociationID.NotFound")


def ec2_an_endpoint_is_deleted_twice(client: Any) -> None:
    vpc, _ = _vpc_and_subnet(client)
    ec2 = client("ec2")
    tables = [t["RouteTableId"] for t in ec2.describe_route_tables()["RouteTables"]]
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{REGION}.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=tables[-1:],
    )
    ids = [made["VpcEndpoint"]["VpcEndpointId"]]
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=ids)["Unsuccessful"] == []
    [refused] = ec2.delete_vpc_endpoints(VpcEndpointIds=ids)["Unsuccessful"]
    assert refused["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"


def ssm_tags_go_with_the_parameter(client: Any) -> None:
    ssm = client("ssm")
    tag = {"Key": "Team", "Value": "care"}
    ssm.put_parameter(Name="/p", Value="v", Type="String", Tags=[tag])
    ssm.delete_parameters(Names=["/p"])
    ssm.put_parameter(Name="/p", Value="v", Type="String")
    found = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/p")
    assert found["TagList"] == []


def ssm_a_value_fits_its_pattern(client: Any) -> None:
    request = {"Name": "/p", "Value": "12", "Type": "String", "AllowedPattern": "[a-z]+"}
    _is_refused(client("ssm").put_parameter, request, "ParameterPatternMismatchException")


SERVICES = {
    *("kms", "ec2", "sqs", "sns", "dynamodb", "logs", "lambda", "s3"),
    *("backup", "cloudtrail", "cloudwatch", "events", "ssm"),
}
CASES: dict[str, Case] = {
    name: case
    for name, case in globals().items()
    if callable(case) and name.partition("_")[0] in SERVICES
}


def works(case: Case) -> bool:
    """Whether the case holds in a new account of whatever moto is in this process."""
    with mock_aws():
        session = boto3.Session(
            botocore_session=botocore.session.Session(),
            region_name=REGION,
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
        try:
            case(session.client)
        except Exception:  # noqa: BLE001  whatever goes wrong, the gap is open
            return False
    return True


if __name__ == "__main__":
    sys.stdout.write(json.dumps([name for name, case in CASES.items() if works(case)]))
