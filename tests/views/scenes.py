"""What is shown to people, scene by scene: made by hand, so that nothing in it moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from rich.text import Text

from provisioner.engine.executor import Outcome
from provisioner.engine.outline import outline
from provisioner.engine.report import Report
from provisioner.engine.schedule import Key, Verb, schedule
from provisioner.errors import AwsError, ManifestError, Place, Problem
from provisioner.lifecycle import Difference, Obstacle, Origin
from provisioner.lifecycle.ensure import Action
from provisioner.planning.changes import Change, Lasting, Old, Plan
from provisioner.stack import Stack
from provisioner.views.detail import Detail
from provisioner.views.graphs.tree import tree_lines
from provisioner.views.picture import Picture, Running
from provisioner.views.plans import plan_lines
from provisioner.views.results import error_lines, report_lines
from tests.plans.ground import planned, recorded, updated

READ: dict[str, Any] = {
    "Effect": "Allow",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::clinic-records-123456789012-eu-central-1/*",
}
RULE: dict[str, Any] = {
    "ip_protocol": "tcp",
    "from_port": 443,
    "to_port": 443,
    "cidr_ip": "10.0.0.0/16",
}


def clinic() -> Stack:
    """A network, a role, a function's log group, a secret."""
    stack = Stack("clinic", tags={"Team": "care"})
    vpc = stack.add("vpc", "ec2.vpc", cidr_block="10.0.0.0/16")
    stack.add(
        "private_a",
        "ec2.subnet",
        vpc_id=vpc.id,
        cidr_block="10.0.1.0/24",
        availability_zone="eu-central-1a",
    )
    stack.add(
        "functions_group",
        "ec2.security_group",
        group_name="clinic-functions",
        description="functions",
        vpc_id=vpc.id,
        egress=[RULE],
    )
    role = stack.add(
        "processor_role",
        "iam.role",
        role_name="clinic-processor",
        assume_role_policy={
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ]
        },
    )
    stack.add(
        "token",
        "ssm.parameter",
        name="/clinic/token",
        value="not-to-be-seen",
        description=f"for {role.arn} in {vpc.id}",
    )
    return stack


def network() -> Stack:
    """Two groups that name each other, a gateway that takes its time, an alarm by itself."""
    stack = clinic()
    stack.add("internet", "ec2.internet_gateway", vpc_id="${vpc.id}")
    stack.add("address", "ec2.elastic_ip", depends_on=["internet"])
    stack.add(
        "nat",
        "ec2.nat_gateway",
        subnet_id="${private_a.id}",
        allocation_id="${address.id}",
        depends_on=["internet"],
    )
    stack.add(
        "endpoints_group",
        "ec2.security_group",
        group_name="clinic-endpoints",
        description="endpoints",
        vpc_id="${vpc.id}",
        ingress=[{**RULE, "cidr_ip": None, "group_id": "${functions_group.id}"}],
        egress=[{**RULE, "cidr_ip": None, "group_id": "${functions_group.id}"}],
    )
    stack.add(
        "routes",
        "ec2.route_table",
        vpc_id="${vpc.id}",
        routes=[{"destination_cidr_block": "0.0.0.0/0", "nat_gateway_id": "${nat.id}"}],
        subnet_ids=["${private_a.id}"],
    )
    stack.add("failed", "sqs.queue", queue_name="clinic-failed")
    return stack


def first() -> Plan:
    """Everything is created."""
    stack = clinic()
    made = [Change(one.address, one.kind.kind, Action.CREATE) for one in stack]
    return planned(*made, wanted=stack)


def changed() -> Plan:
    """One of each: replaced, deleted, opened, unprotected, updated, adopted, forgotten, kept."""
    table = Old(
        "dynamodb.table",
        "clinic-patients",
        holds_data=True,
        lifts="deletion protection",
        survives="its backups stay until 2027-01-31",
    )
    key = Old("kms.key", "6f0c", survives="the key stays pending deletion for 30 days")
    key_policy = Difference("key", {"partition": "pk"}, {"partition": "id"}, replace=True)
    changes = (
        Change("settings", "ssm.parameter", Action.NOOP, id="/clinic/settings"),
        *(Change(f"alarm_{n}", "cloudwatch.alarm", Action.NOOP, id=f"a{n}") for n in range(12)),
        Change("archive", "s3.bucket", Action.CREATE),
        _traced(
            updated(
                "queue",
                "sqs.queue",
                {
                    "visibility_timeout": 30,
                    "message_retention_period": 345600,
                    "delay_seconds": 9,
                },
                {
                    "visibility_timeout": 60,
                    "message_retention_period": 1209600,
                    "delay_seconds": 3,
                },
            ),
            Origin.MANIFEST,
            Origin.DRIFT,
            Origin.BOTH,
        ),
        _traced(
            updated(
                "group",
                "ec2.security_group",
                {"ingress": [RULE]},
                {"ingress": [{**RULE, "cidr_ip": "0.0.0.0/0"}]},
            ),
            Origin.BOTH,
        ),
        updated(
            "role",
            "iam.role",
            {"inline_policies": {"records": {"Statement": [READ]}}},
            {"inline_policies": {"records": {"Statement": [_wider()]}}},
        ),
        updated("token", "ssm.parameter", {"value": "a"}, {"value": "b"}),
        _later(
            updated(
                "trail_policy",
                "iam.policy",
                {"policy": {"Statement": [READ]}},
                {"policy": {"Statement": [{**READ, "Resource": "${archive.arn}/*"}]}},
            )
        ),
        Change(
            "patients",
            "dynamodb.table",
            Action.REPLACE,
            "key can't change in place",
            "clinic-patients",
            (key_policy,),
            (table,),
        ),
        Change("old_key", "kms.key", Action.DELETE, id="6f0c", olds=(key,)),
        Change(
            "topic",
            "sns.topic",
            Action.ADOPT,
            "it exists and is not ours; a teardown will leave it",
            "arn:aws:sns:eu-central-1:123456789012:clinic-alerts",
            (Difference("tags", {"Team": "other"}, {"Team": "care"}),),
            owned=False,
        ),
        Change("gone", "sqs.queue", Action.FORGET, "it is gone from AWS"),
    )
    stack = Stack("clinic")
    stack.add(
        "archive", "s3.bucket", bucket_name="clinic-archive-123456789012", kms_key="${key.arn}"
    )
    return planned(*changes, wanted=stack, records=(recorded("queue", "sqs.queue"),))


def _wider() -> dict[str, Any]:
    return {
        **READ,
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d4e5f6a7b8"}},
    }


def _traced(change: Change, *origins: Origin) -> Change:
    told = zip(change.differences, origins, strict=True)
    return replace(
        change,
        differences=tuple(
            replace(one, origin=origin, applied=6 if one.field == "delay_seconds" else None)
            for one, origin in told
        ),
    )


def _later(change: Change) -> Change:
    return replace(
        change, differences=tuple(replace(one, unknown=True) for one in change.differences)
    )


def removal() -> Plan:
    """A teardown that something blocks."""
    olds = {
        "records": Old("s3.bucket", "clinic-records-123456789012-eu-central-1", holds_data=True),
        "queue": Old("sqs.queue", "clinic-inbox"),
    }
    changes = [
        Change(address, old.kind, Action.DELETE, id=old.id, olds=(old,))
        for address, old in olds.items()
    ]
    obstacles = {
        "records": (
            Obstacle(
                "clinic-records-123456789012-eu-central-1 holds 1,204 versions (3.1 GB)",
                "If they may go: --empty records.",
                empties=True,
            ),
        ),
        "queue": (Obstacle("its name can't be used again for 60 seconds", blocks=False),),
    }
    stack = planned(*changes)
    return replace(stack, wanted=None, obstacles=obstacles)


def undone() -> Plan:
    """A rollback that can't bring all back."""
    plan = planned(
        updated("queue", "sqs.queue", {"visibility_timeout": 60}, {"visibility_timeout": 30})
    )
    return replace(plan, lasting=(Lasting("token", "value", "a secret that was never stored"),))


def living() -> Iterable[Text]:
    """A run half way: one call under way, one wait, the rest behind them."""
    steps = schedule(first())
    picture = Picture(steps, begun=100.0)
    picture.ended |= {Key("processor_role", Verb.CREATE), Key("processor_role", Verb.CONFIGURE)}
    picture.running[Key("vpc", Verb.CREATE)] = Running(
        103.0, "pending", "typically 10 s, at most 600 s"
    )
    picture.running[Key("token", Verb.CREATE)] = Running(110.4)
    return picture.lines(112.0)


def ended() -> Iterable[Text]:
    """A run that partly failed: what, why, what to do, the outputs."""
    refused = AwsError(
        "create nat: AWS refused ec2:CreateNatGateway (UnauthorizedOperation). "
        "Request id 0a1b2c3d-4e5f-6789-abcd-ef0123456789.",
        hint="Grant ec2:CreateNatGateway to arn:aws:sts::123456789012:assumed-role/deploy/ci.",
    )
    outcome = Outcome(failed={Key("nat", Verb.CREATE): refused})
    report = Report(
        "clinic",
        "01K0",
        "apply",
        "partial",
        first(),
        outcome,
        {"bucket": "clinic-records-123456789012-eu-central-1", "zones": ["a", "b"]},
        {
            "created": 4,
            "failed": 1,
            "aws_calls": {"read": 12, "write": 9, "inventory": 3},
            "seconds": 3.2,
        },
    )
    return report_lines(report)


def mistaken() -> Iterable[Text]:
    """A manifest with mistakes."""
    place = Place("clinic.yaml", 9, 3)
    problems = [
        Problem("data_key.alias is missing.", place),
        Problem("data_key.alais: there is no field 'alais'.", place, "Did you mean 'alias'?"),
    ]
    return error_lines(ManifestError(problems))


SCENES: Mapping[str, Callable[[], Iterable[Text]]] = {
    "first": lambda: plan_lines(first()),
    "first-full": lambda: plan_lines(first(), Detail.FULL),
    "changed": lambda: plan_lines(changed()),
    "changed-summary": lambda: plan_lines(changed(), Detail.SUMMARY),
    "changed-full": lambda: plan_lines(changed(), Detail.FULL),
    "removal": lambda: plan_lines(removal()),
    "undone": lambda: plan_lines(undone()),
    "living": living,
    "ended": ended,
    "mistaken": mistaken,
    "graph": lambda: tree_lines(outline(network())),
}

__all__ = ["SCENES", "changed", "clinic", "first", "network", "removal"]
