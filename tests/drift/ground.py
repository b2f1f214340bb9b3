"""A stack of everything that hands may touch, and hands that touch it, with plain boto3."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import boto3

from provisioner.stack import Stack
from tests.conftest import REGION

ACCOUNT = "123456789012"
ADMIN = f"arn:aws:iam::{ACCOUNT}:policy/admin"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:news"


def allowing(action: str, **more: Any) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "S", "Effect": "Allow", "Action": action, "Resource": "*", **more}],
    }


def trust(service: str = "lambda.amazonaws.com") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def clinic(**orders: Any) -> Stack:
    """One of each kind to which others may add."""
    stack = Stack("clinic", tags={"Owner": "care"})
    key = stack.add("key", "kms.key", alias="alias/clinic")
    queue = stack.add(
        "orders", "sqs.queue", **{"queue_name": "orders", "visibility_timeout": 30, **orders}
    )
    topic = stack.add("news", "sns.topic", name="news")
    stack.add("feed", "sns.subscription", topic_arn=topic.arn, protocol="sqs", endpoint=queue.arn)
    access = stack.add("access", "iam.policy", policy_name="access", policy=allowing("sqs:Get*"))
    role = stack.add(
        "role",
        "iam.role",
        role_name="worker",
        assume_role_policy=trust(),
        managed_policy_arns=[access.arn],
    )
    logs = stack.add("logs", "logs.log_group", log_group_name="/aws/lambda/worker")
    worker = stack.add(
        "worker",
        "lambda.function",
        function_name="worker",
        runtime="python3.13",
        role=role.arn,
        code="lambdas/health_check",
        environment={"TOKEN": "sesame-opens"},
        log_group=logs.name,
    )
    rule = stack.add(
        "tick",
        "events.rule",
        name="tick",
        schedule_expression="rate(5 minutes)",
        targets=[{"id": "worker", "arn": worker.arn}],
    )
    stack.add(
        "ticks",
        "lambda.permission",
        function_name=worker.name,
        statement_id="ticks",
        principal="events.amazonaws.com",
        source_arn=rule.arn,
    )
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    stack.add(
        "web",
        "ec2.security_group",
        group_name="web",
        description="who calls",
        vpc_id=vpc.id,
        ingress=[{"from_port": 443, "to_port": 443, "cidr_ip": "10.0.0.0/8"}],
    )
    stack.add("table", "dynamodb.table", table_name="patients", key={"partition": "pk"})
    stack.add("files", "s3.bucket", bucket_name="clinic-files", kms_key=key.arn)
    return stack


def zipped() -> bytes:
    """The code of somebody's function."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): return 1\n")
    return packed.getvalue()


def queue_url(session: boto3.Session) -> str:
    return session.client("sqs").get_queue_url(QueueName="orders")["QueueUrl"]


def group_id(session: boto3.Session) -> str:
    found = session.client("ec2").describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["web"]}]
    )
    return found["SecurityGroups"][0]["GroupId"]


def key_id(session: boto3.Session) -> str:
    return session.client("kms").describe_key(KeyId="alias/clinic")["KeyMetadata"]["KeyId"]


def attach_admin(session: boto3.Session) -> None:
    iam = session.client("iam")
    iam.create_policy(PolicyName="admin", PolicyDocument=json.dumps(allowing("*")))
    iam.attach_role_policy(RoleName="worker", PolicyArn=ADMIN)


def put_inline(session: boto3.Session) -> None:
    session.client("iam").put_role_policy(
        RoleName="worker", PolicyName="theirs", PolicyDocument=json.dumps(allowing("s3:*"))
    )


def open_ssh(session: boto3.Session) -> None:
    session.client("ec2").authorize_security_group_ingress(
        GroupId=group_id(session),
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 22,
                "ToPort": 22,
                "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
            }
        ],
    )


def add_statement_to_queue(session: boto3.Session) -> None:
    session.client("sqs").add_permission(
        QueueUrl=queue_url(session),
        Label="theirs",
        AWSAccountIds=["111122223333"],
        Actions=["SendMessage"],
    )


def add_statement_to_topic(session: boto3.Session) -> None:
    session.client("sns").add_permission(
        TopicArn=TOPIC, Label="theirs", AWSAccountId=["111122223333"], ActionName=["Publish"]
    )


def add_target(session: boto3.Session) -> None:
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:theirs"
    session.client("events").put_targets(Rule="tick", Targets=[{"Id": "theirs", "Arn": arn}])


def subscribe(session: boto3.Session) -> None:
    session.client("sqs").create_queue(QueueName="theirs")
    session.client("sns").subscribe(
        TopicArn=TOPIC, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:theirs"
    )


def let_call(session: boto3.Session) -> None:
    session.client("lambda").add_permission(
        FunctionName="worker",
        StatementId="theirs",
        Action="lambda:InvokeFunction",
        Principal="111122223333",
    )


def open_url(session: boto3.Session) -> None:
    session.client("lambda").create_function_url_config(FunctionName="worker", AuthType="NONE")


def map_source(session: boto3.Session) -> None:
    session.client("sqs").create_queue(QueueName="source")
    session.client("lambda").create_event_source_mapping(
        FunctionName="worker", EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:source"
    )


def grant(session: boto3.Session) -> None:
    session.client("kms").create_grant(
        KeyId=key_id(session),
        GranteePrincipal="arn:aws:iam::111122223333:role/theirs",
        Operations=["Decrypt"],
    )


def alias(session: boto3.Session) -> None:
    session.client("kms").create_alias(AliasName="alias/theirs", TargetKeyId=key_id(session))


def add_statement_to_key(session: boto3.Session) -> None:
    kms = session.client("kms")
    policy = json.loads(kms.get_key_policy(KeyId=key_id(session), PolicyName="default")["Policy"])
    policy["Statement"].append(
        {
            "Sid": "theirs",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "kms:Decrypt",
            "Resource": "*",
        }
    )
    kms.put_key_policy(KeyId=key_id(session), PolicyName="default", Policy=json.dumps(policy))


def copy_logs(session: boto3.Session) -> None:
    iam, logs = session.client("iam"), session.client("logs")
    functions = session.client("lambda")
    iam.create_role(RoleName="spy", AssumeRolePolicyDocument=json.dumps(trust()))
    arn = functions.create_function(
        FunctionName="spy",
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/spy",
        Handler="handler.handler",
        Code={"ZipFile": zipped()},
    )["FunctionArn"]
    logs.put_subscription_filter(
        logGroupName="/aws/lambda/worker", filterName="theirs", filterPattern="", destinationArn=arn
    )


def count_lines(session: boto3.Session) -> None:
    session.client("logs").put_metric_filter(
        logGroupName="/aws/lambda/worker",
        filterName="theirs",
        filterPattern="",
        metricTransformations=[
            {"metricName": "Theirs", "metricNamespace": "Theirs", "metricValue": "1"}
        ],
    )


def share_policy(session: boto3.Session) -> None:
    iam = session.client("iam")
    iam.create_user(UserName="mallory")
    iam.attach_user_policy(UserName="mallory", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/access")


def act_as_role(session: boto3.Session) -> None:
    iam = session.client("iam")
    iam.create_instance_profile(InstanceProfileName="theirs")
    iam.add_role_to_instance_profile(InstanceProfileName="theirs", RoleName="worker")


def copy_bucket(session: boto3.Session) -> None:
    s3 = session.client("s3")
    place: Any = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket="theirs", CreateBucketConfiguration=place)
    s3.put_bucket_versioning(Bucket="theirs", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(
        Bucket="clinic-files",
        ReplicationConfiguration={
            "Role": f"arn:aws:iam::{ACCOUNT}:role/theirs",
            "Rules": [
                {
                    "ID": "theirs",
                    "Status": "Enabled",
                    "Prefix": "",
                    "Destination": {"Bucket": "arn:aws:s3:::theirs"},
                }
            ],
        },
    )


def serve_bucket(session: boto3.Session) -> None:
    session.client("s3").put_bucket_website(
        Bucket="clinic-files", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}}
    )


def admit_origins(session: boto3.Session) -> None:
    session.client("s3").put_bucket_cors(
        Bucket="clinic-files",
        CORSConfiguration={
            "CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.org"]}]
        },
    )


ADDED: dict[str, tuple[Any, str, str]] = {
    "a managed policy of a role": (attach_admin, "role", "managed_policy_arns"),
    "an inline policy of a role": (put_inline, "role", "inline_policies"),
    "a rule of a security group": (open_ssh, "web", "ingress"),
    "a statement of a queue": (add_statement_to_queue, "orders", "policy"),
    "a statement of a topic's default policy": (add_statement_to_topic, "news", "policy"),
    "a target of a rule": (add_target, "tick", "targets"),
    "a subscription of a topic": (subscribe, "news", "extra subscription"),
    "a statement of a function": (let_call, "worker", "extra permission"),
    "a function's URL": (open_url, "worker", "extra function URL"),
    "an event source of a function": (map_source, "worker", "extra event source"),
    "a grant of a key": (grant, "key", "extra grant"),
    "an alias of a key": (alias, "key", "extra alias"),
    "a statement of a key's default policy": (
        add_statement_to_key,
        "key",
        "extra policy statement",
    ),
    "a subscription filter of a log group": (copy_logs, "logs", "extra subscription filter"),
    "a metric filter of a log group": (count_lines, "logs", "extra metric filter"),
    "a replication of a bucket": (copy_bucket, "files", "extra replication"),
    "a website of a bucket": (serve_bucket, "files", "extra website"),
    "a CORS rule of a bucket": (admit_origins, "files", "extra CORS rule"),
    "a user of a policy": (share_policy, "access", "extra user"),
    "an instance profile of a role": (act_as_role, "role", "extra instance profile"),
}
"""What hands add, at which address, and the field that tells of it."""
