"""apigateway.account: the role with which API Gateway writes logs, one for account and region.

There is one such setting for all APIs and all stacks of an account and region: let one stack hold
it. Stages with access logs or a logging level need it first (`depends_on`). A delete takes the role
out only if it is still the one that was set; another stack's role stays.
API: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateAccount.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    CREATE,
    Changes,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Arn

ID = "account"
"""The id of the one object there is in a region."""


class ApigatewayAccountSpec(Spec):
    """API Gateway's settings for the account and region."""

    cloudwatch_role_arn: Annotated[Arn, CREATE]
    """A role that trusts `apigateway.amazonaws.com` and may write logs, its policies attached:
    AWS tries it at once."""


ATTRIBUTES = {"id": "always `account`", "cloudwatch_role_arn": "the ARN of the role"}


def identity(spec: ApigatewayAccountSpec, target: Target) -> str | None:  # noqa: ARG001
    """There is one."""
    return ID


def predict(spec: ApigatewayAccountSpec, target: Target) -> Mapping[str, str]:  # noqa: ARG001
    """The role."""
    return {"id": ID, "cloudwatch_role_arn": spec.cloudwatch_role_arn}


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One GetAccount. An account without a role counts as absent."""
    if ID not in ids:
        return {}
    role = aws.client("apigateway").get_account().get("cloudwatchRoleArn")
    return {ID: _observed(role)} if role else {}


def create(
    aws: Aws,
    spec: ApigatewayAccountSpec,
    tags: Mapping[str, str],  # noqa: ARG001
) -> tuple[str, Observed]:
    """Set the role. AWS takes one such call in 20 seconds."""
    _set(aws, spec.cloudwatch_role_arn)
    return ID, _observed(spec.cloudwatch_role_arn)


def update(aws: Aws, id_: str, spec: ApigatewayAccountSpec, changes: Changes) -> Phase:  # noqa: ARG001
    """Set another role."""
    _set(aws, spec.cloudwatch_role_arn)
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:
    """Take the role out if it is still the one that was set: it would be left dangling."""
    found = read(aws, [id_]).get(id_)
    ours = settings.get("cloudwatch_role_arn")
    if found and ours and found.settings["cloudwatch_role_arn"] == ours:
        _set(aws, "")


def within(aws: Aws, parents: Sequence[str]) -> Mapping[str, Observed]:
    """The setting, if it names one of these roles."""
    found = read(aws, [ID])
    return {
        id_: one for id_, one in found.items() if one.settings["cloudwatch_role_arn"] in parents
    }


def _observed(role: str) -> Observed:
    return Observed({"cloudwatch_role_arn": role}, {"id": ID, "cloudwatch_role_arn": role})


def _set(aws: Aws, role: str) -> None:
    aws.client("apigateway").update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    )


RESOURCE = ResourceType(
    kind="apigateway.account",
    service="apigateway",
    spec=ApigatewayAccountSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    read=read,
    create=create,
    update=update,
    delete=delete,
    deletes=("apigateway:PATCH -",),
    overwrites=True,
    parent="cloudwatch_role_arn",
    belongs_to="iam.role.arn",
    within=within,
    seconds=5.0,
)


def ensure_apigateway_account(
    session: ClientFactory,
    spec: ApigatewayAccountSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Set the account's role if it is not the wanted one, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
