"""Security groups: who uses one, and what may be said of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._ec2 import ENDPOINT, GROUP, INTERFACE, Item, matching, one
from provisioner.strict.world import World

SET = "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")


def _refuse_used(world: World, call: Call) -> Answer | None:
    """Keep a group that an interface, an endpoint or a rule of another group uses."""
    id_ = str(call.params.get("GroupId"))
    group = one(world, GROUP, id_)
    if group and group["GroupName"] == "default":
        message = f'the specified group: "{id_}" name: "default" cannot be deleted by a user'
        world.refuse("CannotDelete", message)
    if group and _used(world, id_):
        world.refuse("DependencyViolation", f"resource {id_} has a dependent object")
    return None


def _used(world: World, id_: str) -> bool:
    if matching(world, INTERFACE, {"group-id": id_}):
        return True
    if any(id_ == used["GroupId"] for each in matching(world, ENDPOINT) for used in each["Groups"]):
        return True
    return any(id_ in _named(group) for group in matching(world, GROUP) if group["GroupId"] != id_)


def _named(group: Item) -> set[str]:
    """The groups that the rules of a group name."""
    permissions = [*group.get("IpPermissions", ()), *group.get("IpPermissionsEgress", ())]
    return {
        str(pair.get("GroupId"))
        for permission in permissions
        for pair in permission.get("UserIdGroupPairs", ())
    }


def _refuse_name(world: World, call: Call) -> Answer | None:
    """A name and a description are of a small set of characters."""
    name, description = str(call.params["GroupName"]), str(call.params["Description"])
    if not TEXT.fullmatch(description):
        world.refuse("InvalidParameterValue", _invalid("security group description"))
    if name.lower().startswith("sg-"):
        message = "Value for parameter groupName is invalid. Group names may not be in the format "
        world.refuse("InvalidParameterValue", f"{message}sg-*.")
    if not TEXT.fullmatch(name):
        world.refuse("InvalidParameterValue", _invalid("security group name"))
    return None


def _refuse_descriptions(world: World, call: Call) -> Answer | None:
    """So is the description of a rule."""
    if not all(TEXT.fullmatch(text) for text in _descriptions(call.params)):
        world.refuse("InvalidParameterValue", _invalid("rule description"))
    return None


def _descriptions(params: dict[str, Any]) -> Iterator[str]:
    for permission in params.get("IpPermissions", ()):
        for member in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"):
            for source in permission.get(member, ()):
                yield str(source.get("Description", ""))


def _invalid(what: str) -> str:
    plural = what.rpartition(" ")[2] + "s"
    return (
        f"Invalid {what}. Valid {plural} are strings less than 256 characters "
        f"from the following set: {SET}"
    )


RULES = (
    Rule(
        name="ec2.group-dependencies",
        source="Security group: delete; EC2 API Reference, DeleteSecurityGroup",
        says="A security group can't be deleted while a network interface, an endpoint or a rule "
        "of another group uses it (DependencyViolation), the default one never (CannotDelete).",
        before={"ec2.DeleteSecurityGroup": _refuse_used},
    ),
    Rule(
        name="ec2.group-texts",
        source="Security group: name and descriptions; EC2 API Reference, CreateSecurityGroup",
        says="Names and descriptions of groups and their rules are of a small set of characters, "
        "and no name begins with sg- (InvalidParameterValue).",
        before={
            "ec2.CreateSecurityGroup": _refuse_name,
            "ec2.AuthorizeSecurityGroup*": _refuse_descriptions,
            "ec2.UpdateSecurityGroupRuleDescriptions*": _refuse_descriptions,
        },
    ),
)
UNPLAYED = (
    Unplayed(
        "A new group lets everything out.",
        "The emulator does so by itself; the kind takes that rule away unless it is wanted.",
    ),
    Unplayed(
        "A second group of the same name, a rule that is there already and the revoking of one "
        "that is not are refused, with all the other rules of the call.",
        "The emulator does so by itself: InvalidGroup.Duplicate, InvalidPermission.Duplicate and "
        ".NotFound. That a description does not make another rule is checked there, too.",
    ),
    Unplayed(
        "Rules are merged by protocol and ports, protocol numbers read back as names, and -1 drops "
        "the ports.",
        "The emulator does so by itself.",
    ),
    Unplayed(
        "In a default VPC a revoke that finds nothing answers UnknownIpPermissions.",
        "The kind's groups are in VPCs of the stack.",
    ),
    Unplayed(
        "A group that an interface used is held some minutes longer than the interface lives.",
        "The interfaces themselves are held long enough: see ec2.function-interfaces and "
        "ec2.endpoint-states.",
    ),
)
