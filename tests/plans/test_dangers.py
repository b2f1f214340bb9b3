"""What of a plan is danger, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from provisioner.lifecycle import Json
from provisioner.lifecycle.ensure import Action
from provisioner.planning.changes import Change, Old
from provisioner.planning.dangers import Danger, Risk, dangers_of
from provisioner.stack import Stack
from tests.plans.ground import planned, recorded, updated

READ: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
DENY = {**READ, "Effect": "Deny", "Principal": "*"}
SSH = {"ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ip": "0.0.0.0/0"}
ENTRY = {"rule_number": 1, "rule_action": "allow", "protocol": "-1", "ipv6_cidr_block": "::/0"}
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def _get(authorization: str) -> dict[str, Json]:
    return {"/data": {"GET": {"authorization_type": authorization}}}


def of_policies(*statements: Mapping[str, Json]) -> dict[str, Json]:
    return {"Statement": [dict(one) for one in statements]}


@pytest.mark.parametrize(
    ("kind", "field", "narrow", "wide", "what"),
    [
        ("ec2.security_group", "ingress", [], [SSH], "newly ingress tcp 22 from 0.0.0.0/0"),
        ("ec2.network_acl", "egress", [], [ENTRY], "newly egress all to ::/0"),
        ("iam.role", "managed_policy_arns", [], [ADMIN], f"newly {ADMIN} attached"),
        ("s3.bucket", "block_public_access", True, False, "newly public access"),
        ("iam.role", "permissions_boundary", ADMIN, None, "newly without a permissions boundary"),
        (
            "apigateway.rest_api",
            "resources",
            _get("AWS_IAM"),
            _get("NONE"),
            "newly GET /data for anybody",
        ),
        ("sqs.queue", "tls_only", True, False, "newly calls without TLS"),
        (
            "iam.role",
            "inline_policies",
            {"own": of_policies(READ)},
            {"own": of_policies({**READ, "Action": "s3:*"})},
            "inline_policies gives more access",
        ),
        ("s3.bucket", "policy", of_policies(DENY), None, "policy gives more access"),
    ],
)
def test_what_opens_is_a_danger_and_what_closes_is_none(
    kind: str, field: str, narrow: Json, wide: Json, what: str
) -> None:
    """The same two states, both ways."""
    opens = updated("it", kind, {field: narrow}, {field: wide})
    assert dangers_of(planned(opens), opens) == (Danger(Risk.ACCESS, what),)
    closes = updated("it", kind, {field: wide}, {field: narrow})
    assert dangers_of(planned(closes), closes) == ()


def test_what_is_made_endangers_nothing() -> None:
    """A new group that is open is what was asked for."""
    change = Change("group", "ec2.security_group", Action.CREATE)
    assert dangers_of(planned(change), change) == ()


def test_a_replace_tells_what_goes_and_what_is_lost() -> None:
    """The data first, then the object, then the protection that is in the way."""
    old = Old("dynamodb.table", "t", holds_data=True, lifts="deletion protection", theirs=True)
    left = Old("dynamodb.table", "t0")
    change = Change("table", "dynamodb.table", Action.REPLACE, id="t", olds=(old, left))
    assert dangers_of(planned(change), change) == (
        Danger(Risk.DATA, "the data of t is lost"),
        Danger(Risk.DELETE, "t0 is deleted: an earlier run left it"),
        Danger(Risk.REPLACE, "t is deleted for a new one"),
        Danger(
            Risk.PROTECTION,
            "deletion protection, which somebody else set, is taken away first",
        ),
    )


def test_a_protection_that_goes_is_a_danger() -> None:
    """AWS's own by an update, ours by the manifest; putting one on is none."""
    on, off = {"deletion_protection": True}, {"deletion_protection": False}
    lifted = updated("table", "dynamodb.table", on, off)
    assert dangers_of(planned(lifted), lifted) == (
        Danger(Risk.PROTECTION, "deletion protection is taken off it"),
    )
    put = updated("table", "dynamodb.table", off, on)
    assert dangers_of(planned(put), put) == ()

    stack = Stack("clinic")
    stack.add("queue", "sqs.queue", queue_name="queue")
    change = Change("queue", "sqs.queue", Action.NOOP, id="queue-id", settle=True)
    plan = planned(change, wanted=stack, records=(recorded("queue", "sqs.queue", protect=True),))
    assert dangers_of(plan, change) == (Danger(Risk.PROTECTION, "protect is taken off it"),)
