"""Whether the caller may do what a plan will need, as far as IAM tells without doing it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from provisioner.aws.clients import Aws
from provisioner.errors import ProvisionerError
from provisioner.lifecycle import Obstacle
from provisioner.quantities import enumerated

ASSUMED = re.compile(
    r"arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/"
)
RESOURCES = 50
"""Asked for in one call."""


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """An IAM action, and the ARN that decides whether the caller may do it."""

    action: str
    arn: str


def needs_of(actions: Iterable[str], attributes: Mapping[str, str]) -> Iterator[Need]:
    """What a kind's `deletes` or `drains` mean for one object.

    What is decided by an ARN that the object's attributes do not tell is left out.
    """
    for entry in actions:
        action, _, form = entry.partition(" ")
        try:
            arn = (form or "{arn}").format_map(attributes)
        except KeyError:
            continue
        if arn.startswith("arn:"):
            yield Need(action, arn)


def missing(aws: Aws, needs: Iterable[Need]) -> Iterator[Obstacle]:
    """The actions that IAM says the caller is denied. Reads only.

    Simulated for the identity alone: what a resource's policy adds is not seen, and what depends
    on a condition whose value nobody knows beforehand is not told. Where the simulation itself is
    not allowed, nothing is.
    """
    arns: dict[str, set[str]] = defaultdict(set)
    for need in needs:
        arns[need.action].add(need.arn)
    if not arns:
        return
    asked: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for action, named in arns.items():
        asked[tuple(sorted(named))].append(action)
    try:
        source = _policy_source(aws)
        calls = [
            partial(_denied, aws, source, sorted(actions), named[start : start + RESOURCES])
            for named, actions in asked.items()
            for start in range(0, len(named), RESOURCES)
        ]
        denied = sorted({need for found in aws.gather(calls) for need in found})
    except (ClientError, BotoCoreError, ProvisionerError, NotImplementedError):
        # NotImplementedError is how an emulator within this process says that it can't tell.
        return
    by_action: dict[str, list[str]] = defaultdict(list)
    for need in denied:
        by_action[need.action].append(need.arn)
    for action, named_arns in by_action.items():
        yield Obstacle(
            f"the caller is not allowed {action} on {enumerated(named_arns, 3)}",
            "Grant the caller what is missing, or call as somebody who has it.",
        )


def _denied(aws: Aws, source: str, actions: Sequence[str], arns: Sequence[str]) -> list[Need]:
    """What is surely denied of these actions on these ARNs."""
    pages = (
        aws.client("iam")
        .get_paginator("simulate_principal_policy")
        .paginate(PolicySourceArn=source, ActionNames=[*actions], ResourceArns=[*arns])
    )
    return [
        Need(result["EvalActionName"], result.get("EvalResourceName", ""))
        for page in pages
        for result in page["EvaluationResults"]
        if result["EvalDecision"] != "allowed" and not result.get("MissingContextValues")
    ]


def _policy_source(aws: Aws) -> str:
    """The ARN that IAM simulates: of a session, its role's, with the path that STS leaves out."""
    session = ASSUMED.match(aws.target.caller)
    if session is None:
        return aws.target.caller
    return aws.client("iam").get_role(RoleName=session["role"])["Role"]["Arn"]
