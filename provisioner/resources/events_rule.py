"""events.rule: sends the events that match a pattern, or a tick of a schedule, to its targets.

PutRule replaces the rule as a whole and answers success for one that exists already; targets are
put and removed apart, and AWS reports a target it refused inside a success. A Lambda target needs a
`lambda.permission`, a queue or topic a policy statement, other targets a role of their own.
API: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from os.path import commonprefix
from typing import TYPE_CHECKING, Annotated, Literal, cast

from pydantic import JsonValue, model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.tags import tag_dict, tag_list
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    CREATE,
    IMMUTABLE,
    STACK_TAG,
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
    settings_of,
)
from provisioner.lifecycle.canonical import JSON_TEXT, Canonical
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Shape, Tags
from provisioner.resources._events_targets import (
    DEFAULT_BUS,
    RuleName,
    RuleTarget,
    as_targets,
    by_id,
    json_text,
    parts,
    put_targets,
    remove_targets,
    target_request,
    targets_of,
    words,
)

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import (
        PutRuleRequestTypeDef,
        RuleTypeDef,
        TargetOutputTypeDef,
    )

BusName = Annotated[
    str, Shape(r"[A-Za-z0-9._/-]+", longest=256, says="the name of an event bus, not its ARN")
]


class EventsRuleSpec(Spec):
    """A rule, known by its bus and name, with all its targets."""

    name: Annotated[RuleName, IMMUTABLE]
    event_bus_name: Annotated[BusName, IMMUTABLE, Wait.EXISTS] = DEFAULT_BUS
    description: Annotated[str | None, CREATE, Wait.NAME, Shape(longest=512)] = None
    event_pattern: Annotated[str | dict[str, JsonValue] | None, CREATE, Wait.NAME, JSON_TEXT] = None
    """Which events match, as data or as JSON text: `{source: [aws.cloudwatch], …}`."""
    schedule_expression: Annotated[
        str | None, CREATE, Shape(r"(rate|cron)\(.+\)", says="rate(5 minutes) or cron(0 5 * * ? *)")
    ] = None
    """A schedule in UTC, on the default bus only."""
    state: Annotated[
        Literal["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"], CREATE
    ] = "ENABLED"
    role_arn: Annotated[str | None, CREATE] = None
    """The role for targets in other accounts."""
    targets: Annotated[tuple[RuleTarget, ...], Canonical(as_targets)] = ()
    """Who receives the events; five at most unless the account's quota was raised."""
    tags: Tags = {}

    @model_validator(mode="after")
    def _fires(self) -> EventsRuleSpec:
        if not (self.event_pattern or self.schedule_expression):
            message = "a rule needs event_pattern or schedule_expression"
            raise ValueError(message)
        if self.schedule_expression and self.event_bus_name != DEFAULT_BUS:
            message = "only rules on the default bus take schedule_expression"
            raise ValueError(message)
        ids = [target.id for target in self.targets]
        if len(ids) != len(set(ids)):
            message = "each target of a rule has an id of its own"
            raise ValueError(message)
        return self


ATTRIBUTES = {
    "id": "the name, after `bus|` unless the bus is the default one",
    "name": "the rule's name",
    "arn": "the ARN of the rule",
}


def identity(spec: EventsRuleSpec, target: Target) -> str | None:  # noqa: ARG001
    """Bus and name."""
    return _id(spec.event_bus_name, spec.name)


def predict(spec: EventsRuleSpec, target: Target) -> Mapping[str, str]:
    """Everything follows from bus and name."""
    return _attributes(_id(spec.event_bus_name, spec.name), target)


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One ListRules for a bus; then targets and tags of each rule, side by side."""
    client = aws.client("events")
    buses: dict[str, list[str]] = {}
    for id_ in sorted(set(ids)):
        bus, name = parts(id_)
        buses.setdefault(bus, []).append(name)
    listed = aws.gather(
        partial(_rules, client, bus, commonprefix(names))  # noqa: RUF071  names, not paths
        for bus, names in buses.items()
    )
    return _completed(aws, {id_: rule for id_, rule in _flat(listed).items() if id_ in set(ids)})


def create(aws: Aws, spec: EventsRuleSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Put the rule with its tags, which are taken on creation only. Targets follow."""
    request = _request(spec)
    request["Tags"] = tag_list(tags)
    arn = aws.client("events").put_rule(**request)["RuleArn"]
    id_ = _id(spec.event_bus_name, spec.name)
    settings = {name: value for name, value in settings_of(spec).items() if name != "targets"}
    return id_, Observed(settings, {"id": id_, "name": spec.name, "arn": arn}, tags)


def update(aws: Aws, id_: str, spec: EventsRuleSpec, changes: Changes) -> Phase:
    """Put the whole rule if it differs; then remove and put the targets that differ."""
    client = aws.client("events")
    if changes.keys() - {"targets"}:
        client.put_rule(**_request(spec))
    if "targets" not in changes:
        return Phase.READY
    before, after = by_id(changes["targets"].before), by_id(changes["targets"].after)
    remove_targets(aws, id_, sorted(before.keys() - after.keys()))
    changed = [name for name, target in after.items() if before.get(name) != target]
    put_targets(
        aws, id_, [target_request(target) for target in spec.targets if target.id in changed]
    )
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Remove the targets, those added by others too, then the rule."""
    client = aws.client("events")
    bus, name = parts(id_)
    with absent_is_success("ResourceNotFoundException"):
        targets = targets_of(client, id_)
        remove_targets(aws, id_, [target["Id"] for target in targets or ()])
        client.delete_rule(Name=name, EventBusName=bus)


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    client = aws.client("events")
    arn = _attributes(id_, aws.target)["arn"]
    if added:
        client.tag_resource(ResourceARN=arn, Tags=tag_list(added))
    if removed:
        client.untag_resource(ResourceARN=arn, TagKeys=list(removed))


def tagged(aws: Aws, id_: str) -> Mapping[str, str] | None:
    """The tags alone."""
    return _tags(aws.client("events"), _attributes(id_, aws.target)["arn"])


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every rule that no AWS service manages, on every bus; EventBridge can't filter by tag."""
    client = aws.client("events")
    buses = _buses(client)
    rules = _flat(aws.gather(partial(_rules, client, bus, "") for bus in buses))
    ours = {id_: rule for id_, rule in rules.items() if not rule.get("ManagedBy")}
    return {
        id_: rule
        for id_, rule in _completed(aws, ours).items()
        if stack is None or (rule.tags or {}).get(STACK_TAG) == stack
    }


def _id(bus: str, name: str) -> str:
    return name if bus == DEFAULT_BUS else f"{bus}|{name}"


def _attributes(id_: str, target: Target) -> dict[str, str]:
    arn = target.arn("events", f"rule/{id_.replace('|', '/')}")
    return {"id": id_, "name": parts(id_)[1], "arn": arn}


def _buses(client: EventBridgeClient) -> list[str]:
    names: list[str] = []
    page = client.list_event_buses()
    while True:
        names += [bus["Name"] for bus in page["EventBuses"]]
        if not page.get("NextToken"):
            return names
        page = client.list_event_buses(NextToken=page["NextToken"])


def _rules(client: EventBridgeClient, bus: str, prefix: str) -> list[RuleTypeDef]:
    """The rules of a bus; none if there is no such bus."""
    rules = client.get_paginator("list_rules")
    pages = (
        rules.paginate(EventBusName=bus, NamePrefix=prefix)
        if prefix
        else rules.paginate(EventBusName=bus)
    )
    try:
        return [rule for page in pages for rule in page["Rules"]]
    except client.exceptions.ResourceNotFoundException:
        return []


def _flat(listed: Iterable[Sequence[RuleTypeDef]]) -> dict[str, RuleTypeDef]:
    return {
        _id(rule.get("EventBusName", DEFAULT_BUS), rule["Name"]): rule
        for rules in listed
        for rule in rules
    }


def _completed(aws: Aws, rules: Mapping[str, RuleTypeDef]) -> dict[str, Observed]:
    client = aws.client("events")
    targets = aws.gather(partial(targets_of, client, id_) for id_ in rules)
    tags = aws.gather(partial(_tags, client, rule["Arn"]) for rule in rules.values())
    return {
        id_: Observed(
            _settings(rule, own), {"id": id_, "name": rule["Name"], "arn": rule["Arn"]}, labels
        )
        for (id_, rule), own, labels in zip(rules.items(), targets, tags, strict=True)
        if own is not None and labels is not None
    }


def _tags(client: EventBridgeClient, arn: str) -> dict[str, str] | None:
    try:
        return tag_dict(client.list_tags_for_resource(ResourceARN=arn)["Tags"])
    except client.exceptions.ResourceNotFoundException:
        return None


def _settings(rule: RuleTypeDef, targets: Sequence[TargetOutputTypeDef]) -> dict[str, Json]:
    settings: dict[str, Json] = {
        "name": rule["Name"],
        "event_bus_name": rule.get("EventBusName", DEFAULT_BUS),
        "description": rule.get("Description"),
        "event_pattern": rule.get("EventPattern"),
        "schedule_expression": rule.get("ScheduleExpression"),
        "state": rule.get("State", "ENABLED"),
        "role_arn": rule.get("RoleArn"),
        "targets": [words(target) for target in targets],
    }
    return {name: value for name, value in settings.items() if value not in (None, [])}


def _request(spec: EventsRuleSpec) -> PutRuleRequestTypeDef:
    pattern = spec.event_pattern
    request = {
        "Name": spec.name,
        "EventBusName": spec.event_bus_name,
        "Description": spec.description,
        "EventPattern": json_text(pattern) if pattern else None,
        "ScheduleExpression": spec.schedule_expression,
        "State": spec.state,
        "RoleArn": spec.role_arn,
    }
    given = {member: value for member, value in request.items() if value}
    return cast("PutRuleRequestTypeDef", given)


RESOURCE = ResourceType(
    kind="events.rule",
    service="events",
    spec=EventsRuleSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    deletes=("events:DeleteRule", "events:RemoveTargets"),
    overwrites=True,
    tagged=tagged,
    seconds=0.5,
)


def ensure_events_rule(
    session: ClientFactory,
    spec: EventsRuleSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the rule if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
