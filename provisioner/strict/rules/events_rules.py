"""EventBridge rules and their targets: what is new, what meets, and what a success hides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._rates import exceeds
from provisioner.strict.world import World

VISIBLE_SECONDS = 2.0
LAG_SECONDS = 5.0
"""So long a rule counts as having the targets that were removed."""
TARGETS = 5
PER_SECOND = 5.0
BURST = 10.0
CREATED = "events.created"
LET_GO = "events.targets-removed"
WRITES = ("PutRule", "DeleteRule", "EnableRule", "DisableRule", "PutTargets", "RemoveTargets")
ENTRIES = frozenset({"PutTargets", "RemoveTargets"})


def _rule_of(call: Call) -> tuple[str, str]:
    """The bus and the rule that a call is about; empty if it is about none."""
    params = call.params
    if arn := params.get("ResourceARN"):
        *bus, name = str(arn).partition(":rule/")[2].split("/")
        return (bus[0] if bus else "default"), name
    bus_name = str(params.get("EventBusName") or "default").rpartition("/")[2]
    return bus_name, str(params.get("Rule") or params.get("Name") or "")


def _there(world: World, bus: str, name: str) -> bool:
    try:
        world.client("events").describe_rule(Name=name, EventBusName=bus)
    except ClientError:
        return False
    return True


def _refuse_new(world: World, call: Call) -> Answer | None:
    """Not know a rule yet that was made a moment ago."""
    bus, name = _rule_of(call)
    if call.operation == "PutRule":
        if not _there(world, bus, name):
            world.note(CREATED, f"{bus}/{name}")
    elif name and world.age(CREATED, f"{bus}/{name}") < VISIBLE_SECONDS:
        message = f"Rule {name} does not exist on EventBus {bus}."
        world.refuse("ResourceNotFoundException", message)
    return None


def _hide_new(world: World, call: Call, answer: Answer) -> None:
    answer["Rules"] = [
        rule
        for rule in answer["Rules"]
        if world.age(CREATED, f"{rule.get('EventBusName', 'default')}/{rule['Name']}")
        >= VISIBLE_SECONDS
    ]


def _refuse_role(world: World, call: Call) -> Answer | None:
    """Refuse a role that EventBridge can't take on by now."""
    for role in _roles(call):
        if not world.can_assume("events.amazonaws.com", role):
            message = (
                f"Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'."
            )
            world.refuse("ValidationException", message)
    return None


def _roles(call: Call) -> Iterator[str]:
    for one in (call.params, *call.params.get("Targets", ())):
        if role := one.get("RoleArn"):
            yield str(role)


def _note_let_go(world: World, call: Call) -> Answer | None:
    bus, name = _rule_of(call)
    try:
        found = world.client("events").list_targets_by_rule(Rule=name, EventBusName=bus)
    except ClientError:
        return None
    if {target["Id"] for target in found["Targets"]} & set(call.params["Ids"]):
        world.note(LET_GO, f"{bus}/{name}")
    return None


def _refuse_held(world: World, call: Call) -> Answer | None:
    bus, name = _rule_of(call)
    if world.age(LET_GO, f"{bus}/{name}") < LAG_SECONDS and _there(world, bus, name):
        world.refuse("ValidationException", "Rule can't be deleted since it has targets.")
    return None


def _met(world: World, call: Call) -> bool:
    """Whether another change of the same rule is under way."""
    return any(
        _rule_of(other) == _rule_of(call)
        for operation in WRITES
        for other in world.others(call, f"events.{operation}")
    )


def _refuse_parallel(world: World, call: Call) -> Answer | None:
    if _met(world, call):
        message = f"Rule {_rule_of(call)[1]} is being modified concurrently."
        world.refuse("ConcurrentModificationException", message)
    return None


def _fail_entries(world: World, call: Call) -> Answer | None:
    """Answer success, and say inside which entries failed: here, all."""
    if not _met(world, call):
        return None
    failed = [
        {
            "TargetId": id_,
            "ErrorCode": "ConcurrentModificationException",
            "ErrorMessage": f"Rule {_rule_of(call)[1]} is being modified concurrently.",
        }
        for id_ in _entries(call)
    ]
    return {"FailedEntryCount": len(failed), "FailedEntries": failed}


def _entries(call: Call) -> list[str]:
    targets: Sequence[dict[str, Any]] = call.params.get("Targets", ())
    return [*call.params.get("Ids", ())] or [target["Id"] for target in targets]


def _refuse_sixth(world: World, call: Call) -> Answer | None:
    """A rule has five targets."""
    bus, name = _rule_of(call)
    try:
        found = world.client("events").list_targets_by_rule(Rule=name, EventBusName=bus)
    except ClientError:
        return None
    ids = {target["Id"] for target in found["Targets"]} | set(_entries(call))
    if len(ids) > TARGETS:
        message = "The requested resource exceeds the maximum number allowed."
        world.refuse("LimitExceededException", message)
    return None


def _refuse_too_many(world: World, call: Call) -> Answer | None:
    if exceeds(world, f"events.{call.operation}", PER_SECOND, BURST):
        world.refuse("ThrottlingException", "Rate exceeded")
    return None


RULES = (
    Rule(
        name="events.rates",
        source="EventBridge: throttling; EventBridge User Guide, Quotas",
        says="Each change of rules and targets is taken a few times a second "
        "(ThrottlingException).",
        before={f"events.{operation}": _refuse_too_many for operation in WRITES},
    ),
    Rule(
        name="events.new-rule",
        source="EventBridge rule: create; EventBridge API Reference, PutRule",
        says="A rule is unknown for some seconds after it was made (ResourceNotFoundException), "
        "and not listed.",
        before={"events.*": _refuse_new},
        after={"events.ListRules": _hide_new},
    ),
    Rule(
        name="events.role",
        source="EventBridge rule and target: role; EventBridge API Reference, PutRule",
        says="A role that was made seconds ago, or does not trust EventBridge, is refused "
        "(ValidationException, cannot be assumed by principal).",
        before={"events.PutRule": _refuse_role, "events.PutTargets": _refuse_role},
    ),
    Rule(
        name="events.targets-lag",
        source="EventBridge rule: delete; EventBridge API Reference, DeleteRule",
        says="A rule can't be deleted for some seconds after its targets were removed "
        "(ValidationException, has targets).",
        before={"events.RemoveTargets": _note_let_go, "events.DeleteRule": _refuse_held},
    ),
    Rule(
        name="events.failed-entries",
        source="EventBridge target: partial failure; EventBridge API Reference, PutTargets",
        says="PutTargets and RemoveTargets answer success and list the targets that failed, with "
        "a code each, for instance while somebody else changes the rule.",
        before={f"events.{operation}": _fail_entries for operation in sorted(ENTRIES)},
    ),
    Rule(
        name="events.one-change",
        source="EventBridge rule: concurrency; EventBridge API Reference, PutRule",
        says="Changes of one rule side by side are refused (ConcurrentModificationException).",
        before={
            f"events.{operation}": _refuse_parallel
            for operation in WRITES
            if operation not in ENTRIES
        },
    ),
    Rule(
        name="events.five-targets",
        source="EventBridge target: quota; EventBridge User Guide, Quotas",
        says="A rule has five targets at most (LimitExceededException).",
        before={"events.PutTargets": _refuse_sixth},
    ),
)
UNPLAYED = (
    Unplayed(
        "PutRule replaces a rule as a whole and takes tags only when it makes one; a rule with "
        "targets can't be deleted; deleting one that is not there succeeds; only the default bus "
        "takes schedules.",
        "The embedded emulator does so by itself.",
    ),
    Unplayed(
        "A rule that an AWS service manages refuses changes (ManagedRuleException).",
        "None is made by the tests; the kind leaves such rules out of what it finds.",
    ),
    Unplayed(
        "A change takes effect within about a minute.",
        "No event is sent in the tests.",
    ),
    Unplayed(
        "Buses have names of their own and can't be deleted while they have rules.",
        "There is no kind for buses.",
    ),
)
