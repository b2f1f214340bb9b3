"""Interfaces that Lambda keeps in a VPC, long after the function has left it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._lambda import VPC_UPDATING_SECONDS, name_of
from provisioner.strict.rules._policies import entity
from provisioner.strict.world import World

DRAINING_SECONDS = 1200.0
"""What a deleted function leaves behind goes in 5 to 45 minutes."""
FREED_SECONDS = 240.0
"""What a function let go of by itself goes sooner."""
OF_FUNCTION = "ec2.function-interfaces"
"""Region and function → what it holds."""
ENDS = "ec2.function-interface-ends"
"""Interface → when Lambda takes it away; infinite: never, it has nobody to do it as."""
NEVER = float("inf")
DESCRIPTION = "AWS Lambda VPC ENI-"


@dataclass
class Held:
    """What a function holds in a VPC.

    Attributes:
        place: its subnets and groups.
        role: that it runs as; Lambda takes interfaces away as that.
        ids: of its interfaces.
        left: those of an earlier place.
        moved: when it left that.
    """

    place: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    role: str = ""
    ids: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    moved: float = -NEVER


def _follow(world: World, call: Call, answer: Answer) -> None:
    """Keep an interface in every subnet that the function is in."""
    name, config = str(answer["FunctionName"]), answer.get("VpcConfig") or {}
    subnets, groups = config.get("SubnetIds") or [], config.get("SecurityGroupIds") or []
    held = world.notes(OF_FUNCTION).setdefault(f"{world.region} {name}", Held())
    held.role = str(answer["Role"])
    place = (tuple(subnets), tuple(groups))
    if held.place == place:
        return
    held.place, held.left, held.moved = place, held.ids, world.now
    held.ids = [_make(world, name, subnet, groups) for subnet in subnets]
    _leave(world, held.left, held.role, FREED_SECONDS)


def _make(world: World, name: str, subnet: str, groups: list[str]) -> str:
    made = world.client("ec2").create_network_interface(
        SubnetId=subnet, Groups=groups, Description=f"{DESCRIPTION}{name}"
    )
    return str(made["NetworkInterface"]["NetworkInterfaceId"])


def _gone(world: World, call: Call, answer: Answer) -> None:
    """What a deleted function holds stays long; also what it was about to let go of."""
    held = world.notes(OF_FUNCTION).pop(f"{world.region} {name_of(call)}", Held())
    moving = world.now - held.moved < VPC_UPDATING_SECONDS
    _leave(world, held.ids + (held.left if moving else []), held.role, DRAINING_SECONDS)


def _leave(world: World, ids: list[str], role: str, seconds: float) -> None:
    """The interfaces stay for a while, then go."""
    for id_ in ids:
        world.notes(ENDS)[id_] = at = world.now + seconds
        world.later(seconds, partial(_end, world, id_, role, at))


def _end(world: World, id_: str, role: str, at: float) -> None:
    """Lambda takes it away, as the function's role; if that is gone it stays for good."""
    if world.notes(ENDS).get(id_) != at:
        return
    if entity(world, "role", role.rpartition("/")[2]).get("Arn") != role:
        world.notes(ENDS)[id_] = NEVER
        return
    with suppress(ClientError):  # somebody was faster
        world.client("ec2").delete_network_interface(NetworkInterfaceId=id_)


def _show(world: World, call: Call, answer: Answer) -> None:
    """Lambda's interfaces are marked as such."""
    for interface in answer["NetworkInterfaces"]:
        if str(interface.get("Description")).startswith(DESCRIPTION):
            stuck = world.notes(ENDS).get(str(interface["NetworkInterfaceId"])) == NEVER
            interface.update(MARKS, Status="available" if stuck else "in-use")


def _refuse_delete(world: World, call: Call) -> Answer | None:
    """They can't be deleted by hand, unless Lambda has given them up."""
    id_ = call.params["NetworkInterfaceId"]
    filters = [{"Name": "network-interface-id", "Values": [id_]}]
    found = world.client("ec2").describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    lambdas = any(str(one.get("Description")).startswith(DESCRIPTION) for one in found)
    if lambdas and world.notes(ENDS).get(id_) != NEVER:
        message = f"Network interface '{id_}' is currently in use."
        world.refuse("InvalidParameterValue", message)
    return None


MARKS: dict[str, Any] = {"InterfaceType": "lambda", "RequesterManaged": True}
RULES = (
    Rule(
        name="ec2.function-interfaces",
        source="Lambda function: VPC; Lambda Developer Guide, Giving Lambda functions access to "
        "resources in a VPC",
        says="A function in a VPC keeps network interfaces in its subnets, with its groups: for "
        "minutes after it left the VPC, for 5 to 45 minutes after it was deleted, and for good if "
        "its role went first; until then nobody else can delete them.",
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
