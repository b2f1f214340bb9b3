"""The retry table speaks of calls and codes that exist, and no row hides another."""

from __future__ import annotations

import botocore.session
import pytest

from provisioner.aws.retry import RULES, Rule
from provisioner.registry import kind_of, kinds

UNMODELLED = {
    "ec2": {
        "AuthFailure",
        "ConcurrentMutationLimitExceeded",
        "DependencyViolation",
        "InvalidGroup.InUse",
        "InvalidIPAddress.InUse",
        "InvalidParameter",
        "InvalidParameterException",
        "InvalidParameterValue",
        "NatGatewayNotFound",
        "OperationNotPermitted",
    },
    "events": {"ValidationException"},
    "s3": {"MalformedPolicy", "OperationAborted"},
}
"""Codes that AWS answers and its models do not name; EC2's name none."""
LONGEST = 2700.0
"""Seconds: Lambda's interfaces may take so long to go."""


def _named(rule: Rule) -> str:
    return f"{rule.call} {' '.join(sorted(rule.codes))[:60]} {rule.text[:20]}"


EACH = pytest.mark.parametrize("rule", RULES, ids=_named)
MODELS = botocore.session.Session()


@EACH
def test_a_row_names_a_call_of_a_service_of_ours(rule: Rule) -> None:
    """A misspelt call would never be tried again."""
    service, _, operation = rule.call.partition(".")
    ours = {kind_of(name).service for name in kinds()} | {"dynamodb"}
    assert service in ours
    if operation != "*":
        assert operation in MODELS.get_service_model(service).operation_names


@EACH
def test_a_row_names_codes_of_its_service(rule: Rule) -> None:
    """A misspelt code would never be met."""
    service = rule.call.partition(".")[0]
    model = MODELS.get_service_model(service)
    known = set(UNMODELLED.get(service, ()))
    for shape in map(model.shape_for, model.shape_names):
        code = (shape.metadata.get("error") or {}).get("code")
        known |= {shape.name} if shape.metadata.get("exception") else set()
        known |= {code} if code else set()
    strangers = {
        code
        for code in rule.codes - known
        if not (service == "ec2" and code.startswith("Invalid") and code.endswith(".NotFound"))
        and not code.startswith("AWS.SimpleQueueService.")
    }
    assert strangers == set()


@EACH
def test_a_row_has_a_bound_and_a_reason(rule: Rule) -> None:
    """Nothing is tried for ever, and whoever waits is told what for."""
    assert 0 < rule.seconds <= LONGEST
    assert len(rule.reason.split()) >= 3


def test_no_row_hides_another() -> None:
    """Of two rows for the same call and code the one with less text would swallow the other."""
    seen: list[Rule] = []
    for rule in RULES:
        for other in seen:
            same = other.call == rule.call and other.codes & rule.codes
            assert not (same and other.text.lower() in rule.text.lower()), (other, rule)
        seen.append(rule)
