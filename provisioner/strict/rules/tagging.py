"""The Resource Groups Tagging API: an index, minutes behind."""

from __future__ import annotations

from typing import Any

from provisioner.strict.rule import After, Answer, Call, Rule, Unplayed
from provisioner.strict.world import World

LAG_SECONDS = 60.0
WRITTEN = "tagging.written"
"""When anything was last made, deleted or tagged: noted for the region."""
INDEX = "tagging.index"
"""Region → what the index last learned: ARN → entry."""
WRITES = ("*.Create*", "*.Delete*", "*.Put*", "*.Tag*", "*.Untag*", "*.*Tags*")


def _note_written(world: World, call: Call, answer: Answer) -> None:
    """The index does not know this yet; what was there before it does."""
    if not call.operation.startswith(("Get", "List", "Describe")):
        world.note(WRITTEN, world.region)


def _current(world: World) -> dict[str, dict[str, Any]]:
    pages = world.client("resourcegroupstaggingapi").get_paginator("get_resources").paginate()
    return {
        entry["ResourceARN"]: entry for page in pages for entry in page["ResourceTagMappingList"]
    }


def _from_index(world: World, call: Call) -> Answer | None:
    """Answer what the index has learned by now."""
    if world.age(WRITTEN, world.region) >= LAG_SECONDS:
        world.notes(INDEX)[world.region] = _current(world)
    known: dict[str, dict[str, Any]] = world.notes(INDEX).get(world.region, {})
    fitting = [entry for entry in known.values() if _fits(entry, call)]
    return {"ResourceTagMappingList": fitting, "PaginationToken": ""}


def _fits(entry: dict[str, Any], call: Call) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in entry["Tags"]}
    kinds = call.params.get("ResourceTypeFilters", ())
    service, kind = _kind(entry["ResourceARN"])
    return all(
        one["Key"] in tags and (not one.get("Values") or tags[one["Key"]] in one["Values"])
        for one in call.params.get("TagFilters", ())
    ) and (not kinds or bool({service, f"{service}:{kind}"} & {*kinds}))


def _kind(arn: str) -> tuple[str, str]:
    parts = arn.split(":", 5)
    return parts[2], parts[5].replace("/", ":").partition(":")[0]


WATCHES: dict[str, After] = dict.fromkeys(WRITES, _note_written)
RULES = (
    Rule(
        name="tagging.index-lags",
        source="Tagging API: index; Resource Groups Tagging API Reference, GetResources",
        says="GetResources answers from an index: for about a minute it lacks what was made and "
        "shows what was deleted.",
        before={"resourcegroupstaggingapi.GetResources": _from_index},
    ),
)
UNPLAYED = (
    Unplayed(
        "GetResources knows no IAM roles, and nothing that can't be tagged; TagResources lists "
        "failures inside a success.",
        "No kind asks this API: each is found by its own service's lists.",
    ),
)
