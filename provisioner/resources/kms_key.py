"""kms.key: a customer-managed symmetric key, known by its alias.

The key has no name of its own and CreateKey takes no client token, so the ownership tags set in
the create call are how a key whose answer was lost is found again.
API: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from botocore.exceptions import ClientError
from pydantic import Field

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success, code_of
from provisioner.aws.tags import tag_dict
from provisioner.aws.target import Target
from provisioner.ensure import Result, ensure
from provisioner.fields import PolicyDocument, Shape, Tags, policy_text
from provisioner.lifecycle import (
    COMPUTED,
    CREATE,
    STACK_TAG,
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Spec,
)

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_kms.type_defs import TagTypeDef

ABSENT_STATES = frozenset({"PendingDeletion", "PendingReplicaDeletion"})

Alias = Annotated[
    str,
    Shape(r"alias/[A-Za-z0-9/_-]+", longest=256, says="alias/ and letters, digits, / _ -"),
]


class KmsKeySpec(Spec):
    """A symmetric encryption key. `alias` is how people and other stacks name it."""

    alias: Alias
    description: Annotated[str | None, CREATE, Shape(longest=8192)] = None
    policy: Annotated[PolicyDocument | None, COMPUTED] = None
    """Who may use the key. Unset: AWS's default, which leaves it to IAM policies of the account."""
    rotation: bool = True
    """Whether AWS makes new key material every `rotation_period_days`."""
    rotation_period_days: Annotated[int | None, COMPUTED, Field(ge=90, le=2560)] = None
    enabled: bool = True
    deletion_window_days: Annotated[int, COMPUTED, Field(ge=7, le=30)] = 30
    """How long a deleted key can be restored: 7 to 30 days."""
    tags: Tags = {}


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """Four calls a key (AWS has no batch read) and one ListAliases for all, side by side."""
    kms = aws.client("kms")
    aliases, *found = aws.gather([partial(_aliases, kms), *(partial(_key, kms, id_) for id_ in ids)])
    return {
        id_: _with_alias(observed, aliases.get(id_))
        for id_, observed in zip(ids, found, strict=True)
        if observed is not None
    }
