"""kms.key: a customer-managed symmetric key, known by its alias.

The key has no name of its own and CreateKey takes no client token, so the ownership tags set in
the create call are how a key whose answer was lost is found again.
API: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.facets import read_facets
from provisioner.aws.failures import absent_is_success
from provisioner.aws.tags import tag_dict
from provisioner.aws.target import Target
from provisioner.errors import ForeignObjectError
from provisioner.lifecycle import (
    COMPUTED,
    CREATE,
    LOCAL,
    STACK_TAG,
    Changes,
    Json,
    Observed,
    Obstacle,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    lags,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import PolicyDocument, Shape, Tags, policy_text
from provisioner.resources._kms_extras import chosen, extras, remove_extra
from provisioner.resources._kms_users import aliases_of, users

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_kms.type_defs import CreateKeyRequestTypeDef, TagTypeDef

GONE_STATES = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
DEFAULT_WINDOW_DAYS = 30
LAGS = lags(30)
"""KMS is eventually consistent: most reads show a change within seconds."""

Alias = Annotated[
    str, Shape(r"alias/[A-Za-z0-9/_-]+", longest=256, says="alias/ and letters, digits, / _ -")
]


class KmsKeySpec(Spec):
    """A symmetric encryption key. `alias` is how people and other stacks name it."""

    alias: Annotated[Alias, LAGS]
    description: Annotated[str | None, CREATE, LAGS, Shape(longest=8192)] = None
    policy: Annotated[PolicyDocument | None, COMPUTED, LAGS] = None
    """Who may use the key. Unset: AWS's default, which leaves it to the account's IAM policies."""
    rotation: Annotated[bool, LAGS] = True
    """Whether AWS makes new key material every `rotation_period_days`."""
    rotation_period_days: Annotated[int | None, COMPUTED, LAGS, Field(ge=90, le=2560)] = None
    enabled: Annotated[bool, LAGS] = True
    deletion_window_days: Annotated[int, LOCAL, Field(ge=7, le=30)] = DEFAULT_WINDOW_DAYS
    """How long a deleted key can be restored: 7 to 30 days."""
    tags: Tags = {}


ATTRIBUTES = {
    "id": "the key id",
    "arn": "the ARN of the key",
    "alias": "the alias, alias/NAME",
    "alias_arn": "the ARN of the alias",
}


def identity(spec: KmsKeySpec, target: Target) -> str | None:  # noqa: ARG001
    """AWS makes the id."""
    return None


def predict(spec: KmsKeySpec, target: Target) -> Mapping[str, str]:
    """The alias and its ARN are known beforehand, the key's own are not."""
    return {"alias": spec.alias, "alias_arn": target.arn("kms", spec.alias)}


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """Four calls a key (AWS has no batch read) and one ListAliases for all, side by side."""
    kms = aws.client("kms")
    facets = [partial(facet, kms) for facet in (_metadata, _policy, _rotation, _tags)]
    found = read_facets(aws, ids, facets)
    aliases = _aliases(kms) if found else {}
    return {
        id_: _observed(facts, aliases.get(str(facts["id"]), ""))
        for id_, facts in found.items()
        if facts["state"] not in GONE_STATES
    }


def create(aws: Aws, spec: KmsKeySpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the bare key with its description, policy and tags. The alias follows."""
    kms = aws.client("kms")
    request: CreateKeyRequestTypeDef = {
        "Description": spec.description or "",
        "Tags": _tag_list(tags),
    }
    if spec.policy:
        request["Policy"] = policy_text(spec.policy)
    metadata = kms.create_key(**request)["KeyMetadata"]
    settings: dict[str, Json] = {"description": spec.description, "policy": spec.policy}
    settings |= {"rotation": False, "enabled": True}
    attributes = {"id": metadata["KeyId"], "arn": metadata["Arn"]}
    return metadata["KeyId"], Observed(settings, attributes, tags)


def update(aws: Aws, id_: str, spec: KmsKeySpec, changes: Changes) -> Phase:
    """Enable before, and disable after, all other changes: a disabled key takes not all.

    The rotation of one that stays disabled is changed while it is enabled for a moment.
    """
    kms = aws.client("kms")
    rotates = bool(changes.keys() & {"rotation", "rotation_period_days"})
    rouse = rotates and not spec.enabled and "enabled" not in changes
    if rouse or ("enabled" in changes and spec.enabled):
        kms.enable_key(KeyId=id_)
    if "alias" in changes:
        _point_alias(kms, id_, spec.alias, changes["alias"].before)
    if "policy" in changes and spec.policy:
        kms.put_key_policy(KeyId=id_, PolicyName="default", Policy=policy_text(spec.policy))
    if "description" in changes:
        kms.update_key_description(KeyId=id_, Description=spec.description or "")
    if rotates:
        _rotate(kms, id_, spec)
    if rouse or ("enabled" in changes and not spec.enabled):
        kms.disable_key(KeyId=id_)
    return Phase.READY


def obstacles(aws: Aws, id_: str, settings: Settings, ids: frozenset[str]) -> Sequence[Obstacle]:
    """Who else uses it: grants, and aliases that are not ours."""
    return [*users(aws, id_, str(settings.get("alias", "")), ids)]


def delete(aws: Aws, id_: str, settings: Settings) -> None:
    """Free our alias, then schedule the deletion; a key already scheduled is a success."""
    kms = aws.client("kms")
    if settings.get("alias") in aliases_of(kms, id_):
        with absent_is_success("NotFoundException"):
            kms.delete_alias(AliasName=str(settings["alias"]))
    with absent_is_success("NotFoundException", "KMSInvalidStateException"):
        kms.schedule_key_deletion(KeyId=id_, PendingWindowInDays=_window(settings))


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    kms = aws.client("kms")
    if added:
        kms.tag_resource(KeyId=id_, Tags=_tag_list(added))
    if removed:
        kms.untag_resource(KeyId=id_, TagKeys=list(removed))


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every customer key that is not on its way out; KMS can't filter by tag."""
    kms = aws.client("kms")
    pages = kms.get_paginator("list_keys").paginate()
    ids = [key["KeyId"] for page in pages for key in page["Keys"]]
    if stack is not None:
        tagged = read_facets(aws, ids, [partial(_tags, kms)])
        ids = [id_ for id_, facts in tagged.items() if _claims(facts["tags"], stack)]
    return read(aws, ids)


def taken(aws: Aws, specs: Mapping[str, KmsKeySpec]) -> Mapping[str, str]:
    """The keys that have these aliases, in one ListAliases."""
    keys = {alias: key for key, alias in _pairs(aws.client("kms"))}
    return {name: keys[spec.alias] for name, spec in specs.items() if spec.alias in keys}


def survives(settings: Settings, now: datetime) -> str:
    """The deletion window."""
    days = _window(settings)
    return (
        f"the key stays pending deletion for {days} days and can be restored until "
        f"{now + timedelta(days=days):%Y-%m-%d}"
    )


def _window(settings: Settings) -> int:
    days = settings.get("deletion_window_days")
    return days if isinstance(days, int) else DEFAULT_WINDOW_DAYS


def _claims(tags: Json, stack: str) -> bool:
    return isinstance(tags, dict) and tags.get(STACK_TAG) == stack


def _metadata(kms: KMSClient, id_: str) -> dict[str, Json] | None:
    try:
        metadata = kms.describe_key(KeyId=id_)["KeyMetadata"]
    except kms.exceptions.NotFoundException:
        return None
    if metadata.get("KeyManager") == "AWS":
        return None
    return {
        "id": metadata["KeyId"],
        "arn": metadata["Arn"],
        "description": metadata.get("Description"),
        "state": metadata.get("KeyState", ""),
    }


def _policy(kms: KMSClient, id_: str) -> dict[str, Json] | None:
    try:
        return {"policy": json.loads(kms.get_key_policy(KeyId=id_, PolicyName="default")["Policy"])}
    except kms.exceptions.NotFoundException:
        return None


def _rotation(kms: KMSClient, id_: str) -> dict[str, Json] | None:
    try:
        status = kms.get_key_rotation_status(KeyId=id_)
    except kms.exceptions.NotFoundException:
        return None
    except kms.exceptions.KMSInvalidStateException:  # pending deletion
        return {"rotation": False}
    return {
        "rotation": status["KeyRotationEnabled"],
        "rotation_period_days": status.get("RotationPeriodInDays"),
    }


def _tags(kms: KMSClient, id_: str) -> dict[str, Json] | None:
    pages = kms.get_paginator("list_resource_tags").paginate(KeyId=id_)
    try:
        tags = [tag for page in pages for tag in page["Tags"]]
    except kms.exceptions.NotFoundException:
        return None
    return {"tags": {**tag_dict(tags, "TagKey", "TagValue")}}


def _aliases(kms: KMSClient) -> dict[str, str]:
    """Key id → its alias, the first by name if there are several."""
    return dict(sorted(_pairs(kms), reverse=True))


def _pairs(kms: KMSClient) -> list[tuple[str, str]]:
    """Key id and alias of every alias that has a key."""
    return [
        (alias["TargetKeyId"], alias["AliasName"])
        for page in kms.get_paginator("list_aliases").paginate()
        for alias in page["Aliases"]
        if "TargetKeyId" in alias
    ]


def _observed(facts: Mapping[str, Json], alias: str) -> Observed:
    settings: dict[str, Json] = {
        "alias": alias,
        "description": facts["description"],
        "policy": facts["policy"],
        "rotation": facts["rotation"],
        "rotation_period_days": facts.get("rotation_period_days"),
        "enabled": facts["state"] != "Disabled",
    }
    arn = str(facts["arn"])
    attributes = {"id": str(facts["id"]), "arn": arn}
    if alias:
        attributes |= {"alias": alias, "alias_arn": f"{arn.rpartition(':')[0]}:{alias}"}
    tags = facts["tags"]
    return Observed(settings, attributes, dict(tags) if isinstance(tags, dict) else {})  # type: ignore[arg-type]


def _point_alias(kms: KMSClient, id_: str, alias: str, before: Json) -> None:
    """Make the alias, or a new one beside an old one that is then dropped."""
    try:
        kms.create_alias(AliasName=alias, TargetKeyId=id_)
    except kms.exceptions.AlreadyExistsException as error:
        target = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
        if target != id_:
            raise ForeignObjectError(
                f"kms.key {id_}: {alias} is the alias of another key, {target}; it stays so.",
                hint="Choose another alias, or delete that one first.",
            ) from error
    if before:
        kms.delete_alias(AliasName=str(before))


def _rotate(kms: KMSClient, id_: str, spec: KmsKeySpec) -> None:
    if not spec.rotation:
        kms.disable_key_rotation(KeyId=id_)
    elif spec.rotation_period_days:
        kms.enable_key_rotation(KeyId=id_, RotationPeriodInDays=spec.rotation_period_days)
    else:
        kms.enable_key_rotation(KeyId=id_)


def _tag_list(tags: Mapping[str, str]) -> list[TagTypeDef]:
    return [{"TagKey": key, "TagValue": value} for key, value in sorted(tags.items())]


RESOURCE = ResourceType(
    kind="kms.key",
    service="kms",
    spec=KmsKeySpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    chosen=chosen,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    taken=taken,
    survives=survives,
    obstacles=obstacles,
    extras=extras,
    remove_extra=remove_extra,
    last=True,
    deletes=("kms:ScheduleKeyDeletion", "kms:DeleteAlias {alias_arn}"),
    holds_data=True,
)


def ensure_kms_key(
    session: ClientFactory, spec: KmsKeySpec, *, owner: Owner | None = None, adopt: bool = False
) -> Result:
    """Create the key if it is missing, correct it where it differs, else do nothing.

    Without an owner the key is found again by its `Name` tag. See
    `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
