"""backup.vault: where recovery points are kept, under a key of one's own.

A vault with recovery points can't be deleted. A policy that denies deleting them is a sound
default; a teardown takes that policy away first, since it is ours.
API: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from botocore.exceptions import ClientError

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import code_of, unless_absent
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    IMMUTABLE,
    LOCAL,
    Changes,
    Drained,
    Json,
    Observed,
    Obstacle,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    of_stack,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Arn, PolicyDocument, Shape, Tags, policy_text
from provisioner.resources._backup_points import emptied
from provisioner.resources._backup_points import obstacles as held_in
from provisioner.resources._policies import denies, parsed

if TYPE_CHECKING:
    from mypy_boto3_backup import BackupClient
    from mypy_boto3_backup.type_defs import CreateBackupVaultInputTypeDef

ABSENT = ("ResourceNotFoundException", "AccessDeniedException")
"""AWS answers AccessDenied for a vault that does not exist, and to whoever may not do it."""
DELETES = ("backup:DeleteRecoveryPoint", "backup:DeleteBackupVault")
AWS_OWN = ("Default", "aws/efs/automatic-backup-vault")


class BackupVaultSpec(Spec):
    """A backup vault."""

    backup_vault_name: Annotated[
        str, IMMUTABLE, Shape(r"[A-Za-z0-9_-]{2,50}", says="2 to 50 letters, digits, - _")
    ]
    kms_key: Annotated[Arn | None, IMMUTABLE] = None
    """The ARN of the key that encrypts recovery points: `${backup_key.arn}`."""
    policy: PolicyDocument | None = None
    """Who may do what with the vault and its points."""
    empty_on_delete: Annotated[bool, LOCAL] = False
    """Delete its recovery points with it. Without, a vault with points stops a teardown."""
    tags: Tags = {}


ATTRIBUTES = {"id": "the name", "name": "the name", "arn": "the ARN"}


def identity(spec: BackupVaultSpec, target: Target) -> str | None:
    """The name."""
    del target
    return spec.backup_vault_name


def predict(spec: BackupVaultSpec, target: Target) -> Mapping[str, str]:
    """Everything."""
    return _attributes(spec.backup_vault_name, target)


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One listing for all, since a missing vault reads as forbidden; two calls for each found."""
    client = aws.client("backup")
    wanted = set(ids)
    vaults = {
        name: vault for vault in _vaults(client) if (name := vault["BackupVaultName"]) in wanted
    }
    policies = [partial(_policy, client, name) for name in vaults]
    tags = [partial(_tags, client, _attributes(name, aws.target)["arn"]) for name in vaults]
    answers = aws.gather([*policies, *tags])
    return {
        name: _observed(aws.target, vaults[name], policy, tagged)
        for name, policy, tagged in zip(
            vaults, answers[: len(vaults)], answers[len(vaults) :], strict=True
        )
    }


def create(aws: Aws, spec: BackupVaultSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the vault; its policy follows."""
    request: CreateBackupVaultInputTypeDef = {
        "BackupVaultName": spec.backup_vault_name,
        "BackupVaultTags": dict(tags),
    }
    if spec.kms_key:
        request["EncryptionKeyArn"] = spec.kms_key
    aws.client("backup").create_backup_vault(**request)
    settings: dict[str, Json] = {
        "backup_vault_name": spec.backup_vault_name,
        "kms_key": spec.kms_key,
    }
    return spec.backup_vault_name, Observed(settings, predict(spec, aws.target), tags)


def update(aws: Aws, id_: str, spec: BackupVaultSpec, changes: Changes) -> Phase:
    """The policy is all that can change. One that denies its own change is taken away before."""
    client = aws.client("backup")
    if "policy" in changes and spec.policy:
        if denies(changes["policy"].before, ("backup:PutBackupVaultAccessPolicy",)):
            client.delete_backup_vault_access_policy(BackupVaultName=id_)
        text = policy_text(spec.policy)
        client.put_backup_vault_access_policy(BackupVaultName=id_, Policy=text)
    elif "policy" in changes:
        client.delete_backup_vault_access_policy(BackupVaultName=id_)
    return Phase.READY


def protection(settings: Settings) -> str:
    """A policy that denies deleting recovery points, or the vault."""
    return "the policy that denies deletes" if denies(settings.get("policy"), DELETES) else ""


def lift(aws: Aws, id_: str) -> Phase:
    """Take the policy away."""
    client = aws.client("backup")
    _unless_gone(client, id_, lambda: client.delete_backup_vault_access_policy(BackupVaultName=id_))
    return Phase.READY


def obstacles(
    aws: Aws,
    id_: str,
    settings: Settings,  # noqa: ARG001
    ids: frozenset[str],  # noqa: ARG001
) -> Sequence[Obstacle]:
    """The recovery points in it, and a lock on them."""
    return [*held_in(aws, id_)]


def drain(aws: Aws, id_: str) -> Drained | None:
    """Have some hundred recovery points deleted."""
    return emptied(aws, id_)


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it; refused as long as there are points in it."""
    client = aws.client("backup")
    _unless_gone(client, id_, lambda: client.delete_backup_vault(BackupVaultName=id_))


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    client = aws.client("backup")
    arn = _attributes(id_, aws.target)["arn"]
    if added:
        client.tag_resource(ResourceArn=arn, Tags=dict(added))
    if removed:
        client.untag_resource(ResourceArn=arn, TagKeyList=[*removed])


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every vault but AWS's own."""
    names = _names(aws.client("backup"))
    found = read(aws, [name for name in names if name not in AWS_OWN])
    return of_stack(found, stack)


def _unless_gone(client: BackupClient, name: str, call: Callable[[], object]) -> None:
    """Make a call that takes away; refused for a vault that is still there, it is not done."""
    try:
        call()
    except ClientError as error:
        gone = code_of(error) in ABSENT and name not in _names(client)
        if not gone:
            raise


def _names(client: BackupClient) -> list[str]:
    return [str(vault["BackupVaultName"]) for vault in _vaults(client)]


def _attributes(name: str, target: Target) -> dict[str, str]:
    return {"id": name, "name": name, "arn": target.arn("backup", f"backup-vault:{name}")}


def _vaults(client: BackupClient) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_backup_vaults").paginate()
    return [{**vault} for page in pages for vault in page["BackupVaultList"]]


def _policy(client: BackupClient, name: str) -> dict[str, Json]:
    call = partial(client.get_backup_vault_access_policy, BackupVaultName=name)
    answer = unless_absent(call, "ResourceNotFoundException")
    return (parsed(answer.get("Policy")) if answer else None) or {}


def _tags(client: BackupClient, arn: str) -> dict[str, Json]:
    return {**client.list_tags(ResourceArn=arn).get("Tags", {})}


def _observed(
    target: Target, vault: Mapping[str, Any], policy: dict[str, Json], tags: Mapping[str, Json]
) -> Observed:
    name = str(vault["BackupVaultName"])
    settings: dict[str, Json] = {
        "backup_vault_name": name,
        "kms_key": vault.get("EncryptionKeyArn") or None,
        "policy": policy or None,
    }
    return Observed(
        settings, _attributes(name, target), {key: str(value) for key, value in tags.items()}
    )


RESOURCE = ResourceType(
    kind="backup.vault",
    service="backup",
    spec=BackupVaultSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    protection=protection,
    lift=lift,
    drain=drain,
    refilled=frozenset({"contains recovery points"}),
    obstacles=obstacles,
    deletes=("backup:DeleteBackupVault",),
    lifts=("backup:DeleteBackupVaultAccessPolicy",),
    drains=("backup:DeleteRecoveryPoint -", "backup:DisassociateRecoveryPoint -"),
    holds_data=True,
    replace_first="delete",
)


def ensure_backup_vault(
    session: ClientFactory,
    spec: BackupVaultSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the vault if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
