"""What KMS's reads show, and when: aliases, grants, and what was changed a moment ago."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rule import After, Answer, Before, Call, Rule
from provisioner.strict.rules._kms import key, key_id
from provisioner.strict.rules._stale import keep, kept
from provisioner.strict.world import World

LISTED_SECONDS = 5.0
STALE_SECONDS = 8.0
GRANT_FIELDS = ("GranteePrincipal", "RetiringPrincipal", "Operations", "Constraints")


def _note_alias(world: World, call: Call, answer: Answer) -> None:
    world.note("kms.alias-made", call.params["AliasName"])


def _hide_new_aliases(world: World, call: Call, answer: Answer) -> None:
    answer["Aliases"] = [
        one
        for one in answer["Aliases"]
        if world.age("kms.alias-made", one["AliasName"]) >= LISTED_SECONDS
    ]


def _same_grant(world: World, call: Call) -> Answer | None:
    """Answer the grant that is there already, if it has this name and says the same."""
    if "Name" not in call.params:
        return None
    try:
        grants = world.client("kms").list_grants(KeyId=call.params["KeyId"])["Grants"]
    except ClientError:
        return None
    for grant in grants:
        if grant.get("Name") == call.params["Name"] and _says(grant) == _says(call.params):
            return {"GrantId": grant["GrantId"], "GrantToken": f"{grant['GrantId']}-again"}
    return None


def _says(grant: Any) -> str:
    said = {name: grant[name] for name in GRANT_FIELDS if grant.get(name)}
    return json.dumps({**said, "Operations": sorted(said.get("Operations", []))}, sort_keys=True)


def _policy(world: World, id_: str) -> Any:
    return world.client("kms").get_key_policy(KeyId=id_, PolicyName="default")["Policy"]


def _rotation(world: World, id_: str) -> Any:
    answer = world.client("kms").get_key_rotation_status(KeyId=id_)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _description(world: World, id_: str) -> Any:
    return (key(world, id_) or {}).get("Description", "")


LOOKS = {
    "kms.stale-policy": _policy,
    "kms.stale-rotation": _rotation,
    "kms.stale-description": _description,
}


def _keep(what: str, world: World, call: Call) -> Answer | None:
    """Look at what is about to change."""
    id_ = key_id(call.params["KeyId"])
    if key(world, id_) is not None:
        keep(world, what, id_, LOOKS[what](world, id_), STALE_SECONDS)
    return None


def _show_old_policy(world: World, call: Call, answer: Answer) -> None:
    old = kept(world, "kms.stale-policy", key_id(call.params["KeyId"]), STALE_SECONDS)
    answer["Policy"] = answer["Policy"] if old is None else old


def _show_old_rotation(world: World, call: Call, answer: Answer) -> None:
    old = kept(world, "kms.stale-rotation", key_id(call.params["KeyId"]), STALE_SECONDS)
    if old is not None:
        answer.pop("RotationPeriodInDays", None)
        answer.update(old)


def _show_old_description(world: World, call: Call, answer: Answer) -> None:
    metadata = answer["KeyMetadata"]
    old = kept(world, "kms.stale-description", str(metadata["KeyId"]), STALE_SECONDS)
    metadata["Description"] = metadata["Description"] if old is None else old


WRITES: dict[str, Before] = {
    "kms.PutKeyPolicy": partial(_keep, "kms.stale-policy"),
    "kms.EnableKeyRotation": partial(_keep, "kms.stale-rotation"),
    "kms.DisableKeyRotation": partial(_keep, "kms.stale-rotation"),
    "kms.UpdateKeyDescription": partial(_keep, "kms.stale-description"),
}
READS: dict[str, After] = {
    "kms.GetKeyPolicy": _show_old_policy,
    "kms.GetKeyRotationStatus": _show_old_rotation,
    "kms.DescribeKey": _show_old_description,
}
RULES = (
    Rule(
        name="kms.aliases-lag",
        source="KMS alias: ListAliases; KMS API Reference, ListAliases",
        says="For seconds after an alias was made ListAliases leaves it out.",
        after={
            "kms.CreateAlias": _note_alias,
            "kms.UpdateAlias": _note_alias,
            "kms.ListAliases": _hide_new_aliases,
        },
    ),
    Rule(
        name="kms.named-grants",
        source="KMS grant: name; KMS API Reference, CreateGrant",
        says="A grant with a name, asked for again with the same parameters, is the same grant.",
        before={"kms.CreateGrant": _same_grant},
    ),
    Rule(
        name="kms.stale-reads",
        source="KMS key: reads after a write; AWS KMS Developer Guide, AWS KMS eventual "
        "consistency",
        says="For seconds after a key's policy, rotation or description was changed reads show "
        "the old one.",
        before=WRITES,
        after=READS,
    ),
)
