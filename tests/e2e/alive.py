"""Everything that is alive in an account, asked through plain boto3; AWS's own things left out."""

from __future__ import annotations

from typing import Any

import boto3

GONE_KEYS = {"PendingDeletion", "PendingReplicaDeletion"}


def alive(session: boto3.Session) -> dict[str, list[str]]:
    """Kind → ids, of everything but the inventory's table and AWS's own keys."""
    found = {name: sorted(look(session)) for name, look in LOOKS.items()}
    return {name: ids for name, ids in found.items() if ids}


def _list(
    session: boto3.Session, service: str, call: str, member: str, **request: Any
) -> list[Any]:
    client: Any = session.client(service)  # type: ignore[call-overload]
    if client.can_paginate(call):
        pages = client.get_paginator(call).paginate(**request)
        return [item for page in pages for item in page[member]]
    listed: list[Any] = getattr(client, call)(**request)[member]
    return listed


def _keys(session: boto3.Session) -> list[str]:
    kms = session.client("kms")
    aliases = {
        one.get("TargetKeyId"): one["AliasName"]
        for one in _list(session, "kms", "list_aliases", "Aliases")
    }
    keys = [one["KeyId"] for one in _list(session, "kms", "list_keys", "Keys")]
    return [
        key
        for key in keys
        if not aliases.get(key, "").startswith("alias/aws/")
        and kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] not in GONE_KEYS
    ]


def _ec2(call: str, member: str, id_: str, own: Any = bool) -> Any:
    def look(session: boto3.Session) -> list[str]:
        return [item[id_] for item in _list(session, "ec2", call, member) if own(item)]

    return look


def _named(service: str, call: str, member: str, name: str, **request: Any) -> Any:
    def look(session: boto3.Session) -> list[str]:
        return [str(item[name]) for item in _list(session, service, call, member, **request)]

    return look


def _tables(session: boto3.Session) -> list[str]:
    names = _list(session, "dynamodb", "list_tables", "TableNames")
    return [name for name in names if name != "provisioner-inventory"]


def _default_vpcs(session: boto3.Session) -> set[str]:
    vpcs = _list(session, "ec2", "describe_vpcs", "Vpcs")
    return {vpc["VpcId"] for vpc in vpcs if vpc["IsDefault"]}


def _gateways(session: boto3.Session) -> list[str]:
    default = _default_vpcs(session)
    return [
        item["InternetGatewayId"]
        for item in _list(session, "ec2", "describe_internet_gateways", "InternetGateways")
        if not default & {one["VpcId"] for one in item["Attachments"]}
    ]


def _queues(session: boto3.Session) -> list[str]:
    return list(session.client("sqs").list_queues().get("QueueUrls", []))


def _account(session: boto3.Session) -> list[str]:
    role = session.client("apigateway").get_account().get("cloudwatchRoleArn")
    return [role] if role else []


LOOKS: dict[str, Any] = {
    "kms": _keys,
    "vpc": _ec2("describe_vpcs", "Vpcs", "VpcId", lambda i: not i["IsDefault"]),
    "subnet": _ec2("describe_subnets", "Subnets", "SubnetId", lambda i: not i["DefaultForAz"]),
    "internet gateway": _gateways,
    "address": _ec2("describe_addresses", "Addresses", "AllocationId"),
    "nat gateway": _ec2(
        "describe_nat_gateways", "NatGateways", "NatGatewayId", lambda i: i["State"] != "deleted"
    ),
    "endpoint": _ec2(
        "describe_vpc_endpoints",
        "VpcEndpoints",
        "VpcEndpointId",
        lambda i: i["State"] != "deleted",
    ),
    "group": _ec2(
        "describe_security_groups",
        "SecurityGroups",
        "GroupId",
        lambda i: i["GroupName"] != "default",
    ),
    "acl": _ec2(
        "describe_network_acls", "NetworkAcls", "NetworkAclId", lambda i: not i["IsDefault"]
    ),
    "interface": _ec2("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    "flow log": _ec2("describe_flow_logs", "FlowLogs", "FlowLogId"),
    "bucket": _named("s3", "list_buckets", "Buckets", "Name"),
    "table": _tables,
    "topic": _named("sns", "list_topics", "Topics", "TopicArn"),
    "subscription": _named("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
    "queue": _queues,
    "role": _named("iam", "list_roles", "Roles", "RoleName"),
    "policy": _named("iam", "list_policies", "Policies", "Arn", Scope="Local"),
    "log group": _named("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "function": _named("lambda", "list_functions", "Functions", "FunctionName"),
    "api": _named("apigateway", "get_rest_apis", "items", "id"),
    "api account": _account,
    "alarm": _named("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "dashboard": _named("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    "rule": _named("events", "list_rules", "Rules", "Name"),
    "vault": _named("backup", "list_backup_vaults", "BackupVaultList", "BackupVaultName"),
    "plan": _named("backup", "list_backup_plans", "BackupPlansList", "BackupPlanId"),
    "parameter": _named("ssm", "describe_parameters", "Parameters", "Name"),
    "trail": _named("cloudtrail", "describe_trails", "trailList", "Name"),
}
