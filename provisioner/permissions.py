"""Whether the caller may do what a plan will need, as far as IAM tells without doing it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from botocore.exceptions import BotoCoreError, ClientError

from provisioner.aws.clients import Aws
from provisioner.errors import ProvisionerError
from provisioner.lifecycle import Obstacle

BATCH = 100
ASSUMED = re.compile(
    r"arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/"
)


def missing(aws: Aws, actions: Set[str]) -> Iterator[Obstacle]:
    """The actions that IAM says the caller is denied. Reads only.

    Simulated for the identity alone: what a resource's or an organisation's policy adds or takes
    is not seen. Where the simulation itself is not allowed, nothing is told.
    """
    try:
        denied = sorted(_denied(aws, sorted(actions)))
    except (ClientError, BotoCoreError, ProvisionerError):
        return
    if denied:
        yield Obstacle(
            f"the caller is not allowed: {', '.join(denied)}",
            "Grant these actions, or call as somebody who has them.",
        )


def _denied(aws: Aws, actions: list[str]) -> Iterator[str]:
    iam = aws.client("iam")
    source = _policy_source(aws)
    for start in range(0, len(actions), BATCH):
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=source, ActionNames=actions[start : start + BATCH]
        )
        for page in pages:
            for result in page["EvaluationResults"]:
                if result["EvalDecision"] != "allowed":
                    yield result["EvalActionName"]


def _policy_source(aws: Aws) -> str:
    """The ARN that IAM simulates: of a session, its role's, with the path that STS leaves out."""
    session = ASSUMED.match(aws.target.caller)
    if session is None:
        return aws.target.caller
    return aws.client("iam").get_role(RoleName=session["role"])["Role"]["Arn"]
