"""Keys that are pending deletion, and how they are brought back before their day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from provisioner.aws.clients import Aws
from provisioner.aws.failures import absent_is_success, unless_absent
from provisioner.aws.tags import tag_dict
from provisioner.lifecycle import Owner
from provisioner.resources._kms_users import aliases_of

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

PENDING = "PendingDeletion"
DISABLED = "Disabled"
"""What a key is whose deletion was cancelled."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A key that carries the tags of a stack.

    Attributes:
        id, arn: of the key.
        address: that its tags tell.
        state: AWS's word.
        until: when AWS deletes it; None if it does not.
    """

    id: str
    arn: str
    address: str
    state: str
    until: datetime | None


def keys_of(aws: Aws, stack: str) -> list[Kept]:
    """Every key with the stack's tag, whatever its state. Reads only."""
    kms = aws.client("kms")
    pages = kms.get_paginator("list_keys").paginate()
    ids = [key["KeyId"] for page in pages for key in page["Keys"]]
    owners = zip(ids, aws.gather([partial(_owner, kms, id_) for id_ in ids]), strict=True)
    ours = [(id_, owner) for id_, owner in owners if owner and owner.stack == stack]
    found = aws.gather([partial(_kept, kms, id_, owner) for id_, owner in ours])
    return [key for key in found if key is not None]


def restore(aws: Aws, key: Kept, alias: str) -> bool:
    """Cancel the deletion, switch the key on, give it its alias if that is free.

    Every call may be repeated. Returns whether the key has the alias.
    """
    kms = aws.client("kms")
    if key.until is not None:
        with absent_is_success("KMSInvalidStateException"):  # it is not pending any more
            kms.cancel_key_deletion(KeyId=key.id)
    kms.enable_key(KeyId=key.id)
    if alias and alias not in aliases_of(kms, key.id):
        with absent_is_success("AlreadyExistsException"):  # another key has it by now
            kms.create_alias(AliasName=alias, TargetKeyId=key.id)
    return bool(alias) and alias in aliases_of(kms, key.id)


def _owner(kms: KMSClient, id_: str) -> Owner | None:
    pages = kms.get_paginator("list_resource_tags").paginate(KeyId=id_)
    tags = unless_absent(
        lambda: [tag for page in pages for tag in page["Tags"]], "NotFoundException"
    )
    return Owner.of(tag_dict(tags, "TagKey", "TagValue"))


def _kept(kms: KMSClient, id_: str, owner: Owner) -> Kept | None:
    answer = unless_absent(partial(kms.describe_key, KeyId=id_), "NotFoundException")
    if answer is None:
        return None
    metadata = answer["KeyMetadata"]
    state = metadata.get("KeyState", "")
    until = metadata.get("DeletionDate") if state == PENDING else None
    return Kept(id_, metadata["Arn"], owner.address, state, until)
