"""CloudWatch: rates, deletes of several, and dashboards, which belong to no region."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._rates import exceeds
from provisioner.strict.world import World

RATES = {
    "PutMetricAlarm": 3.0,
    "DeleteAlarms": 3.0,
    "DescribeAlarms": 9.0,
    "PutDashboard": 10.0,
    "GetDashboard": 10.0,
    "DeleteDashboards": 10.0,
    "ListTagsForResource": 10.0,
}
"""Calls a second."""
HOMES = "cloudwatch.dashboard-regions"
"""Dashboard → the region whose emulated CloudWatch has it."""
WIDGETS = frozenset({"metric", "text", "log", "alarm", "explorer", "custom"})


def _refuse_too_many(world: World, call: Call) -> Answer | None:
    rate = RATES[call.operation]
    if exceeds(world, f"cloudwatch.{call.operation}", rate, rate):
        world.refuse("Throttling", "Rate exceeded", modelled="Throttling")
    return None


def _delete_alarms(world: World, call: Call) -> Answer | None:
    """Delete what is there, and complain of what is not."""
    names = call.params["AlarmNames"]
    client = world.client("cloudwatch")
    found = client.describe_alarms(AlarmNames=names)["MetricAlarms"]
    there = {alarm["AlarmName"] for alarm in found}
    if missing := [name for name in names if name not in there]:
        if there:
            client.delete_alarms(AlarmNames=sorted(there))
        message = f"Alarms not found: {', '.join(missing)}"
        world.refuse("ResourceNotFound", message, 404, modelled="ResourceNotFound")
    return None


def _turn(world: World, call: Call, answer: Answer) -> None:
    """Answer lists in another order than they were sent."""
    for alarm in answer["MetricAlarms"]:
        for member in ("AlarmActions", "OKActions", "InsufficientDataActions", "Dimensions"):
            alarm[member] = [*reversed(alarm.get(member, []))]
        if "Metrics" in alarm:
            alarm["Metrics"] = [*reversed(alarm["Metrics"])]


def _elsewhere(world: World, name: str) -> Any | None:
    """A client of the region that has a dashboard; None if it is this one, or none has."""
    home = world.notes(HOMES).get(name, world.region)
    return None if home == world.region else world.at(home).client("cloudwatch")


def _put_once(world: World, call: Call) -> Answer | None:
    """Put a dashboard where it is, whatever region the call goes to."""
    name = call.params["DashboardName"]
    if client := _elsewhere(world, name):
        answer: Answer = client.put_dashboard(**call.params)
        return answer
    return None


def _note_home(world: World, call: Call, answer: Answer) -> None:
    world.notes(HOMES).setdefault(call.params["DashboardName"], world.region)


def _get_anywhere(world: World, call: Call) -> Answer | None:
    client = _elsewhere(world, call.params["DashboardName"])
    if client is None:
        return None
    try:
        answer: Answer = client.get_dashboard(**call.params)
    except ClientError:
        return None
    return answer


def _list_all(world: World, call: Call, answer: Answer) -> None:
    known = {entry["DashboardName"] for entry in answer["DashboardEntries"]}
    prefix = call.params.get("DashboardNamePrefix", "")
    for region in set(world.notes(HOMES).values()) - {world.region}:
        listed = world.at(region).client("cloudwatch").list_dashboards(DashboardNamePrefix=prefix)
        answer["DashboardEntries"] += [
            entry for entry in listed["DashboardEntries"] if entry["DashboardName"] not in known
        ]


def _delete_anywhere(world: World, call: Call) -> Answer | None:
    for name in call.params["DashboardNames"]:
        if client := _elsewhere(world, name):
            client.delete_dashboards(DashboardNames=[name])
        world.notes(HOMES).pop(name, None)
        if client and len(call.params["DashboardNames"]) == 1:
            return {}
    return None


def _tags_anywhere(world: World, call: Call) -> Answer | None:
    kind, _, name = str(call.params["ResourceARN"]).rpartition(":")[2].partition("/")
    client = _elsewhere(world, name) if kind == "dashboard" else None
    if client is None:
        return None
    answer: Answer = client.list_tags_for_resource(**call.params)
    return answer


def _complain(world: World, call: Call, answer: Answer) -> None:
    """Tell what is odd of a page that was taken all the same."""
    try:
        widgets = json.loads(call.params["DashboardBody"]).get("widgets", [])
    except (ValueError, AttributeError):
        return
    answer["DashboardValidationMessages"] = [
        {"DataPath": f"/widgets/{place}/type", "Message": "Should be one of the known types"}
        for place, widget in enumerate(widgets)
        if not isinstance(widget, dict) or widget.get("type") not in WIDGETS
    ]


def _refuse_parallel(world: World, call: Call) -> Answer | None:
    name = call.params["DashboardName"]
    others = world.others(call, "cloudwatch.PutDashboard")
    if any(other.params.get("DashboardName") == name for other in others):
        message = f"The dashboard {name} is being changed by another call."
        world.refuse("ConflictException", message, 409, modelled="ConflictException")
    return None


RULES = (
    Rule(
        name="cloudwatch.rates",
        source="CloudWatch: throttling; CloudWatch User Guide, Service quotas",
        says="CloudWatch takes 3 changes of alarms, 9 reads of alarms and 10 calls about each of "
        "dashboards and tags a second (Throttling).",
        before={f"cloudwatch.{operation}": _refuse_too_many for operation in RATES},
    ),
    Rule(
        name="cloudwatch.delete-alarms",
        source="CloudWatch alarm: delete; CloudWatch API Reference, DeleteAlarms",
        says="A delete of several alarms of which one is not there deletes the others and is "
        "refused all the same (ResourceNotFound).",
        before={"cloudwatch.DeleteAlarms": _delete_alarms},
    ),
    Rule(
        name="cloudwatch.list-order",
        source="CloudWatch alarm: read; CloudWatch API Reference, DescribeAlarms",
        says="Actions, dimensions and metrics of an alarm read back in any order.",
        after={"cloudwatch.DescribeAlarms": _turn},
    ),
    Rule(
        name="cloudwatch.dashboards-everywhere",
        source="CloudWatch dashboard: name; CloudWatch API Reference, PutDashboard",
        says="The name of a dashboard is one for the account: every region reads, overwrites and "
        "deletes the same page.",
        before={
            "cloudwatch.PutDashboard": _put_once,
            "cloudwatch.GetDashboard": _get_anywhere,
            "cloudwatch.DeleteDashboards": _delete_anywhere,
            "cloudwatch.ListTagsForResource": _tags_anywhere,
        },
        after={
            "cloudwatch.PutDashboard": _note_home,
            "cloudwatch.ListDashboards": _list_all,
        },
    ),
    Rule(
        name="cloudwatch.dashboard-messages",
        source="CloudWatch dashboard: validation; CloudWatch API Reference, PutDashboard",
        says="A page with mistakes is taken, and the success lists them.",
        after={"cloudwatch.PutDashboard": _complain},
    ),
    Rule(
        name="cloudwatch.one-dashboard-change",
        source="CloudWatch dashboard: concurrency; CloudWatch API Reference, PutDashboard",
        says="Changes of one dashboard side by side are refused (ConflictException).",
        before={"cloudwatch.PutDashboard": _refuse_parallel},
    ),
)
UNPLAYED = (
    Unplayed(
        "PutMetricAlarm overwrites an alarm as a whole, keeps its state, and takes tags only when "
        "it makes one.",
        "The embedded emulator does so by itself.",
    ),
    Unplayed(
        "A page that is no JSON is refused (InvalidParameterInput), and a delete of several "
        "dashboards fails as a whole if one is not there (ResourceNotFound).",
        "The emulator does so by itself.",
    ),
    Unplayed(
        "Members of an alarm that nobody set are absent, or filled in: TreatMissingData, "
        "DatapointsToAlarm.",
        "The equivalent forms of a setting are compared in a property test.",
    ),
    Unplayed(
        "DescribeAlarms leaves composite alarms out unless it is asked for them.",
        "There is no kind for composite alarms.",
    ),
    Unplayed(
        "An alarm on dimensions that no metric has never fires, and a message to a topic whose key "
        "does not admit CloudWatch is lost.",
        "AWS does not tell; the healthcare manifest's own tests look at both.",
    ),
)
