"""Flow logs: refusals within a success, and the role that writes."""

from __future__ import annotations

from typing import Any

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._ec2 import FLOW_LOG, Item, matching
from provisioner.strict.world import World

SERVICE = "vpc-flow-logs.amazonaws.com"


def _create(world: World, call: Call) -> Answer | None:
    """Refuse, within a success, what has such a flow log already."""
    known = {(log["ResourceId"], _destination(log)) for log in matching(world, FLOW_LOG)}
    ids = call.params["ResourceIds"]
    doubled = [id_ for id_ in ids if (id_, _destination(call.params)) in known]
    if not doubled:
        return None
    rest = [id_ for id_ in ids if id_ not in doubled]
    made: Answer = {"FlowLogIds": []}
    if rest:
        made = world.client("ec2").create_flow_logs(**{**call.params, "ResourceIds": rest})
    message = (
        "Error. There is an existing Flow Log with the same configuration and log destination."
    )
    refused = [_unsuccessful(id_, "FlowLogAlreadyExists", message) for id_ in doubled]
    return {**made, "Unsuccessful": [*made.get("Unsuccessful", ()), *refused]}


def _destination(log: dict[str, Any]) -> str:
    """The name of the group, or the ARN of whatever else it is delivered to."""
    target = str(log.get("LogDestination") or log.get("LogGroupName"))
    return target.partition(":log-group:")[2].removesuffix(":*") or target


def _delete(world: World, call: Call) -> Answer | None:
    """Delete those that are there, and tell of the others within the success."""
    known = {log["FlowLogId"] for log in matching(world, FLOW_LOG)}
    ids = call.params["FlowLogIds"]
    there = [id_ for id_ in ids if id_ in known]
    if there:
        world.client("ec2").delete_flow_logs(FlowLogIds=there)
    return {
        "Unsuccessful": [
            _unsuccessful(id_, FLOW_LOG.absent, FLOW_LOG.message.format(id_))
            for id_ in ids
            if id_ not in known
        ]
    }


def _unsuccessful(id_: str, code: str, message: str) -> Item:
    return {"ResourceId": id_, "Error": {"Code": code, "Message": message}}


def _refuse_role(world: World, call: Call) -> Answer | None:
    """The role has to be known, and to trust the service."""
    role = call.params.get("DeliverLogsPermissionArn")
    if role and not world.can_assume(SERVICE, role):
        world.refuse("InvalidParameter", "Unable to assume given IAM role")
    return None


RULES = (
    Rule(
        name="ec2.flow-log-role",
        source="Flow log: role; Amazon VPC User Guide, Publish flow logs to CloudWatch Logs",
        says="A flow log is refused while its role is not there, not known yet, or does not trust "
        "vpc-flow-logs.amazonaws.com (InvalidParameter, Unable to assume given IAM role).",
        before={"ec2.CreateFlowLogs": _refuse_role},
    ),
    Rule(
        name="ec2.flow-log-unsuccessful",
        source="Flow log: create and delete; EC2 API Reference, CreateFlowLogs",
        says="A second flow log of a resource to the same destination (FlowLogAlreadyExists), and "
        "the deletion of one that is not there, are refused in Unsuccessful[] of a success.",
        before={"ec2.CreateFlowLogs": _create, "ec2.DeleteFlowLogs": _delete},
    ),
)
UNPLAYED = (
    Unplayed(
        "Delivery may fail minutes later: DeliverLogsStatus FAILED with its message.",
        "No traffic flows in an emulator; the kind does not wait for a delivery.",
    ),
    Unplayed(
        "A flow log to a bucket adds statements of delivery.logs.amazonaws.com to its policy.",
        "The stack delivers to a log group. With a bucket the statements belong into its policy.",
    ),
    Unplayed(
        "A late delivery makes a deleted log group again if the role may.",
        "The stack's role has no right to make log groups.",
    ),
)
