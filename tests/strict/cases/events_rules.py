"""EventBridge rules."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner import Stack
from provisioner.engine.report import RunFailedError
from provisioner.resources.events_rule import EventsRuleSpec, ensure_events_rule
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._parallel import side_by_side
from tests.strict.cases._roles import ACCOUNT, add_role, make_role
from tests.strict.cases._somebody import somebody_at_work

PATTERN = {"source": ["aws.health"]}
PATTERN_TEXT = '{"source": ["aws.health"]}'
QUEUE = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:strict"
BUS = f"arn:aws:events:eu-central-1:{ACCOUNT}:event-bus/other"


def _target(id_: str = "one", **more: str) -> dict[str, Any]:
    return {"Id": id_, "Arn": QUEUE, **more}


def stack(*targets: str, **settings: Any) -> Stack:
    """A rule with targets of these ids."""
    made = Stack("strict")
    listed = [{"id": id_, "arn": QUEUE} for id_ in targets]
    made.add(
        "rule", "events.rule", name="strict", event_pattern=PATTERN, targets=listed, **settings
    )
    return made


def stack_with_role() -> Stack:
    """A rule whose target needs a role of the stack."""
    made = Stack("strict")
    role = add_role(made, "events", "events:PutEvents")
    target = {"id": "bus", "arn": BUS, "role_arn": role.arn}
    made.add("rule", "events.rule", name="strict", event_pattern=PATTERN, targets=[target])
    return made


def fire(client: Client) -> Any:
    """A rule, by a plain call; the client."""
    events = client("events")
    events.put_rule(Name="strict", EventPattern=PATTERN_TEXT)
    return events


def many_at_once(client: Client) -> None:
    """Make twenty rules in a row."""
    for number in range(20):
        client("events").put_rule(Name=f"strict-{number}", EventPattern=PATTERN_TEXT)


def target_at_once(client: Client) -> None:
    """Give a rule its target as soon as it was made."""
    fire(client).put_targets(Rule="strict", Targets=[_target()])


def role_at_once(client: Client) -> None:
    """Use a role that was made a moment ago."""
    role = make_role(client, "events", "events:PutEvents")
    fire(client).put_targets(Rule="strict", Targets=[{"Id": "bus", "Arn": BUS, "RoleArn": role}])


def delete_at_once(client: Client) -> None:
    """Delete a rule as soon as its targets are removed."""
    events = fire(client)
    events.put_targets(Rule="strict", Targets=[_target()])
    events.remove_targets(Rule="strict", Ids=["one"])
    events.delete_rule(Name="strict")


def success_is_success(client: Client) -> None:
    """Give a rule two targets from two threads, and take the success for one."""
    events = fire(client)
    side_by_side(
        events,
        [
            lambda: events.put_targets(Rule="strict", Targets=[_target("one")]),
            lambda: events.put_targets(Rule="strict", Targets=[_target("two")]),
        ],
    )
    assert len(events.list_targets_by_rule(Rule="strict")["Targets"]) == 2


def change_side_by_side(client: Client) -> None:
    """Disable a rule while it is given a target."""
    events = fire(client)
    side_by_side(
        events,
        [
            lambda: events.put_targets(Rule="strict", Targets=[_target()]),
            lambda: events.disable_rule(Name="strict"),
        ],
    )


def a_sixth_target(client: Client) -> None:
    """Give a rule six targets."""
    targets = [_target(f"t{number}") for number in range(6)]
    fire(client).put_targets(Rule="strict", Targets=targets)


def many_rules(ground: Ground) -> None:
    """Twenty rules are made side by side, and taken away."""
    made = Stack("strict")
    for number in range(20):
        name = f"strict-{number}"
        made.add(f"r{number}", "events.rule", name=name, event_pattern=PATTERN)
    ground.through(made)


def target_while_somebody_does(ground: Ground) -> None:
    """A rule is changed while somebody else gives it a target; both are there, then none."""
    aws = ground.aws
    spec = {"name": "strict", "event_pattern": PATTERN, "targets": [{"id": "ours", "arn": QUEUE}]}
    plain = EventsRuleSpec.model_validate({"name": "strict", "event_pattern": PATTERN})
    ensure_events_rule(aws, plain)
    ground.clock.sleep(60)
    theirs = [_target("theirs")]
    with somebody_at_work(
        ground, "events", lambda events: events.put_targets(Rule="strict", Targets=theirs)
    ):
        ensure_events_rule(aws, EventsRuleSpec.model_validate(spec, strict=False))
    found = ground.plain("events").list_targets_by_rule(Rule="strict")["Targets"]
    assert {target["Id"] for target in found} == {"ours", "theirs"}


def change_while_somebody_does(ground: Ground) -> None:
    """A rule is disabled while somebody else gives it a target."""
    aws = ground.aws
    ensure_events_rule(
        aws, EventsRuleSpec.model_validate({"name": "strict", "event_pattern": PATTERN})
    )
    theirs = [_target("theirs")]
    with somebody_at_work(
        ground, "events", lambda events: events.put_targets(Rule="strict", Targets=theirs)
    ):
        ensure_events_rule(
            aws,
            EventsRuleSpec.model_validate(
                {
                    "name": "strict",
                    "event_pattern": PATTERN,
                    "state": "DISABLED",
                    "targets": [{"id": "theirs", "arn": QUEUE}],
                },
                strict=False,
            ),
        )
    assert ground.plain("events").describe_rule(Name="strict")["State"] == "DISABLED"


def a_quota_is_told(ground: Ground) -> None:
    """A sixth target ends the run at once, with AWS's reason; five are made next."""
    ids = ("a", "b", "c", "d", "e")
    started = ground.clock.seconds
    with pytest.raises(RunFailedError, match="exceeds the maximum number"):
        ground.apply(stack(*ids, "f"))
    assert ground.clock.seconds - started < 60
    ground.through(stack(*ids))


CASES = [
    Case("events.rates", many_at_once, "ThrottlingException", many_rules),
    Case(
        "events.new-rule",
        target_at_once,
        "ResourceNotFoundException",
        lambda ground: ground.through(stack("one"), stack("two", description="Two.")),
    ),
    Case(
        "events.role",
        role_at_once,
        "ValidationException",
        lambda ground: ground.through(stack_with_role()),
    ),
    Case(
        "events.targets-lag",
        delete_at_once,
        "ValidationException",
        lambda ground: ground.through(stack("one", "two")),
    ),
    Case("events.failed-entries", success_is_success, "", target_while_somebody_does),
    Case(
        "events.one-change",
        change_side_by_side,
        "ConcurrentModificationException",
        change_while_somebody_does,
    ),
    Case("events.five-targets", a_sixth_target, "LimitExceededException", a_quota_is_told),
]
