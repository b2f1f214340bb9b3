"""Interfaces that Lambda keeps in a VPC, long after the function has left it."""

from __future__ import annotations

from functools import partial
from typing import Any

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.world import World

DRAINING_SECONDS = 1200.0
"""AWS takes 5 to 45 minutes."""
OF_FUNCTION = "ec2.function-interfaces"
"""Function → the interfaces it has; the interface's id → its function, once it was made."""


def _follow(world: World, call: Call, answer: Answer) -> None:
    """Keep an interface in every subnet that the function is in."""
    name, config = str(answer["FunctionName"]), answer.get("VpcConfig") or {}
    subnets, groups = config.get("SubnetIds") or [], config.get("SecurityGroupIds") or []
    held = world.notes(OF_FUNCTION)
    if held.get(name, {}).get("place") == (subnets, groups):
        return
    _leave(world, name)
    held[name] = {
        "place": (subnets, groups),
        "ids": [_make(world, name, subnet, groups) for subnet in subnets],
    }


def _make(world: World, name: str, subnet: str, groups: list[str]) -> str:
    made = world.client("ec2").create_network_interface(
        SubnetId=subnet, Groups=groups, Description=f"AWS Lambda VPC ENI-{name}"
    )
    return str(made["NetworkInterface"]["NetworkInterfaceId"])


def _gone(world: World, call: Call, answer: Answer) -> None:
    _leave(world, str(call.params["FunctionName"]).rpartition(":")[2])


def _leave(world: World, name: str) -> None:
    """The interfaces stay for long, then go."""
    for id_ in world.notes(OF_FUNCTION).pop(name, {}).get("ids", ()):
        world.later(DRAINING_SECONDS, partial(_end, world, id_))


def _end(world: World, id_: str) -> None:
    world.client("ec2").delete_network_interface(NetworkInterfaceId=id_)


def _show(world: World, call: Call, answer: Answer) -> None:
    """Lambda's interfaces are marked as such."""
    for interface in answer["NetworkInterfaces"]:
        if str(interface.get("Description")).startswith("AWS Lambda VPC ENI-"):
            interface.update(MARKS)


def _refuse_delete(world: World, call: Call) -> Answer | None:
    """They can't be deleted by hand."""
    id_ = call.params["NetworkInterfaceId"]
    filters = [{"Name": "network-interface-id", "Values": [id_]}]
    found = world.client("ec2").describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    if any(str(one.get("Description")).startswith("AWS Lambda VPC ENI-") for one in found):
        message = f"Network interface '{id_}' is currently in use."
        world.refuse("InvalidParameterValue", message)
    return None


MARKS: dict[str, Any] = {
    "InterfaceType": "lambda",
    "RequesterManaged": True,
    "Status": "in-use",
}
RULES = (
    Rule(
        name="ec2.function-interfaces",
        source="Lambda function: VPC; Lambda Developer Guide, Giving Lambda functions access to "
        "resources in a VPC",
        says="A function in a VPC keeps network interfaces in its subnets, with its groups, until "
        "5 to 45 minutes after it has left the VPC or was deleted; nobody else can delete them.",
        before={"ec2.DeleteNetworkInterface": _refuse_delete},
        after={
            "lambda.CreateFunction": _follow,
            "lambda.UpdateFunctionConfiguration": _follow,
            "lambda.DeleteFunction": _gone,
            "ec2.DescribeNetworkInterfaces": _show,
        },
    ),
)
UNPLAYED = (
    Unplayed(
        "Functions with the same subnets and groups share interfaces.",
        "Each has its own here: what is held, and how long, is the same.",
    ),
)
