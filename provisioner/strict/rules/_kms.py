"""What KMS's rules, and those of whoever encrypts, ask about a key."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from provisioner.strict.rules._policies import lets
from provisioner.strict.world import World

MADE = "kms.made"
"""When a key was made: noted for its id."""
ADMITTED = "kms.policy-put"
"""When a key's policy was put: noted for its id."""
VISIBLE_SECONDS = 4.0
ADMITTING_SECONDS = 5.0
"""So long after a policy was put those whom it lets in are still turned away."""


def key_id(name: str) -> str:
    """The id in an id or ARN of a key."""
    return name.rpartition("/")[2]


def key(world: World, name: str) -> dict[str, Any] | None:
    """What KMS says of a key, named by id, ARN or alias; None if it is not there."""
    try:
        return dict(world.client("kms").describe_key(KeyId=name)["KeyMetadata"])
    except ClientError:
        return None


def usable(world: World, name: str) -> bool:
    """Whether a key is there by now, and enabled."""
    found = key(world, name)
    return (
        found is not None
        and found["KeyState"] == "Enabled"
        and world.age(MADE, str(found["KeyId"])) >= VISIBLE_SECONDS
    )


def admits(world: World, name: str, service: str, action: str = "kms:GenerateDataKey") -> bool:
    """Whether a key can be used by a service by now: its policy has to name it."""
    if not usable(world, name):
        return False
    id_ = key_id(str((key(world, name) or {})["KeyId"]))
    policy = world.client("kms").get_key_policy(KeyId=id_, PolicyName="default")["Policy"]
    return world.age(ADMITTED, id_) >= ADMITTING_SECONDS and lets(policy, service, action)
