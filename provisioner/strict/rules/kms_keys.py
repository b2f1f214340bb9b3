"""Keys of KMS: when they are seen, what their states allow, whom their policies may name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.strict.rule import After, Answer, Call, Rule, Unplayed
from provisioner.strict.rules._kms import ADMITTED, MADE, VISIBLE_SECONDS, key, key_id
from provisioner.strict.rules._policies import acts, listed, statements, strangers
from provisioner.strict.rules._rates import exceeds
from provisioner.strict.world import World

NAMES = ("KeyId", "TargetKeyId")
LEAVING = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
NOT_WHEN_LEAVING = frozenset(
    {
        "CreateAlias",
        "CreateGrant",
        "DisableKey",
        "DisableKeyRotation",
        "EnableKey",
        "EnableKeyRotation",
        "ScheduleKeyDeletion",
        "TagResource",
        "UntagResource",
        "UpdateAlias",
        "UpdateKeyDescription",
    }
)
NOT_WHEN_DISABLED = frozenset({"CreateGrant", "DisableKeyRotation", "EnableKeyRotation"})
"""Source: AWS KMS Developer Guide, Key states of AWS KMS keys."""
PER_SECOND: Mapping[str, float] = {
    **dict.fromkeys(
        (
            "CreateKey",
            "CreateAlias",
            "UpdateAlias",
            "EnableKey",
            "DisableKey",
            "UpdateKeyDescription",
        ),
        5.0,
    ),
    **dict.fromkeys(
        ("PutKeyPolicy", "ScheduleKeyDeletion", "EnableKeyRotation", "DeleteAlias"), 15.0
    ),
    "TagResource": 10.0,
}
"""Source: AWS KMS Developer Guide, Request quotas."""


def _note_made(world: World, call: Call, answer: Answer) -> None:
    id_ = answer["KeyMetadata"]["KeyId"]
    world.note(MADE, id_)
    world.note(ADMITTED, id_)


def _note_policy(world: World, call: Call, answer: Answer) -> None:
    world.note(ADMITTED, key_id(call.params["KeyId"]))


def _refuse_young(world: World, call: Call) -> Answer | None:
    """Refuse a call about a key that was made a moment ago."""
    for member in NAMES:
        name = call.params.get(member, "")
        if world.age(MADE, key_id(name)) < VISIBLE_SECONDS:
            arn = f"arn:aws:kms:{world.region}:{world.account}:key/{key_id(name)}"
            world.refuse("NotFoundException", f"Key '{arn}' does not exist")
    return None


def _refuse_by_state(world: World, call: Call) -> Answer | None:
    """Refuse what can't be done to a key that is disabled or on its way out."""
    name = next((call.params[member] for member in NAMES if member in call.params), None)
    forbidden = call.operation in NOT_WHEN_LEAVING | NOT_WHEN_DISABLED
    found = key(world, name) if name and forbidden else None
    if found is None:
        return None
    arn, state = found["Arn"], found["KeyState"]
    if state in LEAVING and call.operation in NOT_WHEN_LEAVING:
        world.refuse("KMSInvalidStateException", f"{arn} is pending deletion.")
    if state == "Disabled" and call.operation in NOT_WHEN_DISABLED:
        world.refuse("DisabledException", f"{arn} is disabled.")
    return None


def _refuse_strangers(world: World, call: Call) -> Answer | None:
    """A key's policy names who is there."""
    if strangers(world, call.params.get("Policy")):
        message = "Policy contains a statement with one or more invalid principals."
        world.refuse("MalformedPolicyDocumentException", message)
    return None


def _refuse_lockout(world: World, call: Call) -> Answer | None:
    """A key's policy lets the account, or the caller, change it later."""
    policy = call.params.get("Policy")
    if policy is None or call.params.get("BypassPolicyLockoutSafetyCheck"):
        return None
    if not any(_lets_change(world, statement) for statement in statements(policy)):
        message = "The new key policy will not allow you to update the key policy in the future."
        world.refuse("MalformedPolicyDocumentException", message)
    return None


def _lets_change(world: World, statement: Mapping[str, Any]) -> bool:
    if statement.get("Effect") != "Allow" or not acts(statement, "kms:PutKeyPolicy"):
        return False
    principal = statement.get("Principal")
    named = listed(principal.get("AWS", [])) if isinstance(principal, Mapping) else [principal]
    return any(one == "*" or world.account in str(one) for one in named)


def _refuse_too_many(world: World, call: Call) -> Answer | None:
    per_second = PER_SECOND.get(call.operation)
    if per_second and exceeds(world, str(call), per_second, per_second):
        world.refuse("ThrottlingException", "Rate exceeded")
    return None


WATCHES: dict[str, After] = {"kms.CreateKey": _note_made, "kms.PutKeyPolicy": _note_policy}
RULES = (
    Rule(
        name="kms.new-keys",
        source="KMS key: after create; AWS KMS Developer Guide, AWS KMS eventual consistency",
        says="For seconds after a key was made every call about it is NotFoundException.",
        before={"kms.*": _refuse_young},
    ),
    Rule(
        name="kms.key-states",
        source="KMS key: states; AWS KMS Developer Guide, Key states of AWS KMS keys",
        says="A key pending deletion takes no change, nor a second schedule "
        "(KMSInvalidStateException); a disabled one takes no rotation and no grant "
        "(DisabledException).",
        before={"kms.*": _refuse_by_state},
    ),
    Rule(
        name="kms.policy-principals",
        source="KMS key policy: principals; KMS API Reference, PutKeyPolicy",
        says="A key policy that names a role or user that is not there, or was made seconds ago, "
        "is refused as MalformedPolicyDocumentException, invalid principals.",
        before={"kms.CreateKey": _refuse_strangers, "kms.PutKeyPolicy": _refuse_strangers},
    ),
    Rule(
        name="kms.policy-lockout",
        source="KMS key policy: lockout safety check; AWS KMS Developer Guide, Default key policy",
        says="A key policy that would let nobody of the account change it is refused as "
        "MalformedPolicyDocumentException.",
        before={"kms.CreateKey": _refuse_lockout, "kms.PutKeyPolicy": _refuse_lockout},
    ),
    Rule(
        name="kms.rates",
        source="KMS: request quotas; AWS KMS Developer Guide, Request quotas",
        says="Keys are made and changed at 5 to 15 calls a second and operation; more are "
        "ThrottlingException.",
        before={"kms.*": _refuse_too_many},
    ),
)
UNPLAYED = (
    Unplayed(
        "A key whose deletion is cancelled is disabled.",
        "The embedded AWS does so itself.",
    ),
    Unplayed(
        "Multi-Region keys wait for their replicas (PendingReplicaDeletion, Creating, Updating).",
        "kms.key makes keys of one region.",
    ),
    Unplayed(
        "100,000 keys, 50 aliases a key, 50,000 grants a key (LimitExceededException).",
        "No stack comes near.",
    ),
)
