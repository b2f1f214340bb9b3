"""events.rule: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.lifecycle.ensure import validated
from provisioner.resources._events_targets import all_of
from provisioner.resources.events_rule import RESOURCE, ensure_events_rule
from tests.contract.case import Case
from tests.resources import _roles

FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:"
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:dead"
REMEDY: dict[str, Json] = {
    "id": "remedy",
    "arn": FUNCTION + "remedy",
    "dead_letter_config": {"arn": QUEUE},
    "retry_policy": {"maximum_retry_attempts": 3, "maximum_event_age_in_seconds": 600},
}
TELL: dict[str, Json] = {
    "id": "tell",
    "arn": "arn:aws:sns:eu-central-1:123456789012:alerts",
    "input_transformer": {
        "input_paths_map": {"alarm_name": "$.detail.alarmName"},
        "input_template": '"<alarm_name> changed"',
    },
}
ALARMS: dict[str, Json] = {
    "name": "alarms",
    "event_pattern": {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
    },
    "targets": [REMEDY, TELL],
    "tags": {"Name": "alarms"},
}


def _settings(session: boto3.Session) -> dict[str, Json]:
    return dict(ALARMS)


def _alive(session: boto3.Session, id_: str) -> bool:
    rules = session.client("events").list_rules(NamePrefix=id_)["Rules"]
    return [rule["Name"] for rule in rules] == [id_]


def _bus(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    session.client("events").create_event_bus(Name="own")
    return {}


CASE = Case(
    kind="events.rule",
    settings=_settings,
    alive=_alive,
    changes={
        "name": {"name": "other"},
        "event_bus_name": {"event_bus_name": "own"},
        "description": {"description": "to the remedies"},
        "event_pattern": {"event_pattern": {"source": ["aws.backup"]}},
        "schedule_expression": {"schedule_expression": "rate(5 minutes)"},
        "state": {"state": "DISABLED"},
        "targets": {"targets": [REMEDY | {"input": {"why": "alarm"}}]},
        "no targets": {"targets": []},
    },
    prepare={
        "event_bus_name": _bus,
        "role_arn": lambda session, _: {
            "role_arn": _roles.role(session, "events", "events.amazonaws.com")
        },
    },
)


def test_alone_from_a_script(session: boto3.Session) -> None:
    """The function works with nothing but a session, and AWS has every target in full."""
    spec = validated(RESOURCE, ALARMS)
    assert ensure_events_rule(session, spec).action == "create"
    assert ensure_events_rule(session, spec).action == "noop"
    targets = session.client("events").list_targets_by_rule(Rule="alarms")["Targets"]
    assert targets[1]["InputTransformer"] == {
        "InputPathsMap": {"alarm_name": "$.detail.alarmName"},
        "InputTemplate": '"<alarm_name> changed"',
    }
    assert targets[0]["RetryPolicy"] == {
        "MaximumRetryAttempts": 3,
        "MaximumEventAgeInSeconds": 600,
    }


def test_a_schedule(session: boto3.Session, aws: Aws) -> None:
    """A rule may tick; a constant input given as text equals the same data."""
    tick: dict[str, Json] = {
        "name": "tick",
        "schedule_expression": "rate(5 minutes)",
        "targets": [{"id": "health", "arn": FUNCTION + "health", "input": {"deep": True}}],
    }
    ensure_events_rule(aws, validated(RESOURCE, tick))
    text = json.dumps({"deep": True}, indent=1)
    tick["targets"] = [{"id": "health", "arn": FUNCTION + "health", "input": text}]
    assert ensure_events_rule(aws, validated(RESOURCE, tick)).action == "noop"


def test_a_rule_on_a_bus_of_its_own(session: boto3.Session, aws: Aws) -> None:
    """The bus is part of the id and of the ARN; the same name on two buses are two rules."""
    session.client("events").create_event_bus(Name="own")
    first = ensure_events_rule(aws, validated(RESOURCE, ALARMS))
    second = ensure_events_rule(aws, validated(RESOURCE, ALARMS | {"event_bus_name": "own"}))
    assert (first.id, second.id) == ("alarms", "own|alarms")
    assert second.arn.endswith("rule/own/alarms")
    RESOURCE.delete(aws, second.id, {})
    assert set(RESOURCE.read(aws, [first.id, second.id, "gone|alarms"])) == {"alarms"}


def test_only_the_changed_targets_are_sent(session: boto3.Session, aws: Aws) -> None:
    """A target that others added is removed, one that is right is left alone."""
    ensure_events_rule(aws, validated(RESOURCE, ALARMS))
    events = session.client("events")
    events.put_targets(Rule="alarms", Targets=[{"Id": "stray", "Arn": FUNCTION + "stray"}])
    result = ensure_events_rule(aws, validated(RESOURCE, ALARMS))
    assert [change.field for change in result.differences] == ["targets"]
    targets = events.list_targets_by_rule(Rule="alarms")["Targets"]
    assert [target["Id"] for target in targets] == ["remedy", "tell"]
    assert aws.ledger.counts["events.PutTargets"] == 1


def test_a_target_refused_inside_a_success_is_an_error() -> None:
    """AWS's code and message reach the person although the call answered 200."""
    failed = [{"TargetId": "t", "ErrorCode": "LimitExceeded", "ErrorMessage": "too many"}]
    with pytest.raises(ClientError, match=r"\(LimitExceeded\).* target t: too many"):
        all_of("PutTargets", lambda: {"FailedEntries": failed})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"event_pattern": None}, "event_pattern or schedule_expression"),
        ({"schedule_expression": "rate(1 day)", "event_bus_name": "own"}, "default bus"),
        ({"schedule_expression": "hourly"}, "rate"),
        ({"targets": [REMEDY, REMEDY]}, "id of its own"),
        ({"targets": [TELL | {"input": "{}"}]}, "one of input"),
    ],
)
def test_what_aws_would_refuse_is_refused_before(change: dict[str, Json], says: str) -> None:
    """Parameters that exclude or need each other are a sentence, not a failed apply."""
    with pytest.raises(ValidationError, match=says):
        validated(RESOURCE, ALARMS | change)
