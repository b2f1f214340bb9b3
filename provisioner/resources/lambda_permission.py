"""lambda.permission: lets a service or account call a function.

AWS loses permissions that are added to one function at the same time, so they are added in turn.
API: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    IMMUTABLE,
    Changes,
    Json,
    Observed,
    Owner,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Arn, Shape, unresolved

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import AddPermissionRequestTypeDef


class LambdaPermissionSpec(Spec):
    """A permission; function and statement id name it. A service's is bound to its source."""

    function_name: Annotated[str, IMMUTABLE, Wait.EXISTS]
    """The function: `${processor.name}`."""
    statement_id: Annotated[
        str, IMMUTABLE, Shape(r"[A-Za-z0-9_-]+", longest=100, says="letters, digits, - _")
    ]
    principal: Annotated[str, IMMUTABLE]
    """A service, `events.amazonaws.com`, or an account id."""
    action: Annotated[str, IMMUTABLE] = "lambda:InvokeFunction"
    source_arn: Annotated[Arn | None, IMMUTABLE, Wait.NAME] = None
    """What may call: a rule, an API's methods, a bucket."""
    source_account: Annotated[str | None, IMMUTABLE] = None
    """The account of the source: for a bucket, whose ARN does not say it."""

    @model_validator(mode="after")
    def _is_bound(self) -> LambdaPermissionSpec:
        service = self.principal.endswith((".amazonaws.com", ".amazonaws.com.cn"))
        if service and not (self.source_arn or self.source_account):
            message = "a service's permission needs source_arn or source_account"
            raise ValueError(message)
        if self.principal.startswith("s3.") and service and not self.source_account:
            message = (
                "S3's permission needs source_account: a bucket's ARN names no account, and "
                "somebody else may own a bucket of that name one day"
            )
            raise ValueError(message)
        if self.principal == "*" and not unresolved(self.principal):
            message = "principal '*' would let everybody call the function"
            raise ValueError(message)
        return self


ATTRIBUTES = {"id": "function and statement id, joined by |"}


def identity(spec: LambdaPermissionSpec, target: Target) -> str | None:
    """Function and statement id."""
    del target
    return f"{spec.function_name}|{spec.statement_id}"


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call per function."""
    functions = sorted({id_.partition("|")[0] for id_ in ids})
    client = aws.client("lambda")
    listed = aws.gather([partial(_permissions, client, name) for name in functions])
    wanted = set(ids)
    return {id_: one for found in listed for id_, one in found.items() if id_ in wanted}


def create(aws: Aws, spec: LambdaPermissionSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Add the permission."""
    del tags
    request: AddPermissionRequestTypeDef = {
        "FunctionName": spec.function_name,
        "StatementId": spec.statement_id,
        "Principal": spec.principal,
        "Action": spec.action,
    }
    if spec.source_arn:
        request["SourceArn"] = spec.source_arn
    if spec.source_account:
        request["SourceAccount"] = spec.source_account
    with aws.in_turn(f"lambda policy {spec.function_name}"):
        aws.client("lambda").add_permission(**request)
    id_ = str(identity(spec, aws.target))
    settings: dict[str, Json] = spec.model_dump(mode="json", exclude_none=True)
    return id_, Observed(settings, {"id": id_})


def update(aws: Aws, id_: str, spec: LambdaPermissionSpec, changes: Changes) -> Phase:
    """Nothing of a permission can be changed."""
    del aws, id_, spec, changes
    return Phase.READY


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Take it away; with the function it is gone anyway."""
    name, _, statement = id_.partition("|")
    with absent_is_success("ResourceNotFoundException"), aws.in_turn(f"lambda policy {name}"):
        aws.client("lambda").remove_permission(FunctionName=name, StatementId=statement)


def within(aws: Aws, parents: Sequence[str]) -> Mapping[str, Observed]:
    """All permissions of these functions."""
    client = aws.client("lambda")
    listed = aws.gather([partial(_permissions, client, name) for name in parents])
    return {id_: one for found in listed for id_, one in found.items()}


def _permissions(client: LambdaClient, name: str) -> dict[str, Observed]:
    try:
        policy = json.loads(client.get_policy(FunctionName=name)["Policy"])
    except client.exceptions.ResourceNotFoundException:
        return {}
    listed = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    return {f"{name}|{one['Sid']}": _observed(name, one) for one in listed}


def _observed(name: str, statement: Mapping[str, Any]) -> Observed:
    condition = statement.get("Condition", {})
    principal = statement["Principal"]
    if isinstance(principal, dict):
        principal = _only(principal.get("Service") or principal.get("AWS"))
    if isinstance(principal, str) and principal.startswith("arn:") and principal.endswith(":root"):
        principal = principal.split(":")[4]
    settings: dict[str, Json] = {
        "function_name": name,
        "statement_id": statement["Sid"],
        "principal": principal,
        "action": _only(statement["Action"]),
        "source_arn": _value(condition, "AWS:SourceArn"),
        "source_account": _value(condition, "AWS:SourceAccount"),
    }
    return Observed(settings, {"id": f"{name}|{statement['Sid']}"})


def _value(condition: Mapping[str, Mapping[str, Json]], key: str) -> Json:
    """The value of a condition key, whatever its operator and case."""
    for test in condition.values():
        for name, value in test.items():
            if name.lower() == key.lower():
                return _only(value)
    return None


def _only(value: Json) -> Json:
    """AWS may write a single value as a list of one."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


RESOURCE = ResourceType(
    kind="lambda.permission",
    service="lambda",
    spec=LambdaPermissionSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    read=read,
    create=create,
    update=update,
    delete=delete,
    deletes=("lambda:RemovePermission -",),
    parent="function_name",
    belongs_to="lambda.function.name",
    within=within,
)


def ensure_lambda_permission(
    session: ClientFactory,
    spec: LambdaPermissionSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Add the permission if it is missing, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
