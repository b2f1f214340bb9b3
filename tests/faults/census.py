"""How many there are of everything in an account: objects, and what hangs on them."""

from __future__ import annotations

import json
from typing import Any

import boto3

from tests.e2e.alive import alive


def census(session: boto3.Session) -> dict[str, list[str]]:
    """Kind → ids of everything alive, and of what would go with it: a twin shows there, too."""
    found = alive(session)
    children = {
        "route table": _route_tables(session),
        "alias": _aliases(session),
        "metric filter": _filters(session),
        "permission": [one for name in found.get("function", []) for one in _may(session, name)],
        "target": [one for name in found.get("rule", []) for one in _targets(session, name)],
        "deployment": [one for api in found.get("api", []) for one in _deployments(session, api)],
        "stage": [one for api in found.get("api", []) for one in _stages(session, api)],
        "selection": [one for plan in found.get("plan", []) for one in _selections(session, plan)],
    }
    return found | {name: sorted(ids) for name, ids in children.items() if ids}


def _route_tables(session: boto3.Session) -> list[str]:
    return [
        table["RouteTableId"]
        for table in session.client("ec2").describe_route_tables()["RouteTables"]
        if not any(association.get("Main") for association in table["Associations"])
    ]


def _aliases(session: boto3.Session) -> list[str]:
    names = [alias["AliasName"] for alias in session.client("kms").list_aliases()["Aliases"]]
    return [name for name in names if not name.startswith("alias/aws/")]


def _filters(session: boto3.Session) -> list[str]:
    found = session.client("logs").describe_metric_filters()["metricFilters"]
    return [f"{one['logGroupName']} {one['filterName']}" for one in found]


def _may(session: boto3.Session, function: str) -> list[str]:
    client = session.client("lambda")
    try:
        policy = json.loads(client.get_policy(FunctionName=function)["Policy"])
    except client.exceptions.ResourceNotFoundException:
        return []
    return [f"{function} {one['Sid']}" for one in policy["Statement"]]


def _targets(session: boto3.Session, rule: str) -> list[str]:
    found = session.client("events").list_targets_by_rule(Rule=rule)["Targets"]
    return [f"{rule} {one['Id']}" for one in found]


def _deployments(session: boto3.Session, api: str) -> list[str]:
    client: Any = session.client("apigateway")
    return [f"{api} {one['id']}" for one in client.get_deployments(restApiId=api)["items"]]


def _stages(session: boto3.Session, api: str) -> list[str]:
    client: Any = session.client("apigateway")
    return [f"{api} {one['stageName']}" for one in client.get_stages(restApiId=api)["item"]]


def _selections(session: boto3.Session, plan: str) -> list[str]:
    listed = session.client("backup").list_backup_selections(BackupPlanId=plan)
    return [f"{plan} {one['SelectionName']}" for one in listed["BackupSelectionsList"]]
