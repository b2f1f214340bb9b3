"""lambda.function: a function, its code from a folder of sources.

The same sources always make the same package, so unchanged code is no difference. A function logs
into a group that exists beforehand, with key and retention; its role must not be able to make one.
API: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.failures import absent_is_success
from provisioner.aws.target import Target
from provisioner.lifecycle import (
    COMPUTED,
    CREATE,
    IMMUTABLE,
    SECRET,
    Changes,
    Json,
    Observed,
    Obstacle,
    Owner,
    Patience,
    Phase,
    ResourceType,
    Settings,
    Spec,
    Wait,
    of_stack,
)
from provisioner.lifecycle.canonical import UNORDERED, Canonical
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import FOLDER, Arn, Shape, Tags, unresolved
from provisioner.packaging import package
from provisioner.resources._lambda import (
    CONFIGURATION,
    answers,
    observed_settings,
    phase_of,
    request_of,
)
from provisioner.resources._lambda_callers import extras, remove_extra
from provisioner.resources._lambda_interfaces import linger

DIGEST = "sha256:"
INTERFACES_SECONDS = 300.0
"""What Lambda typically takes to let go of a VPC; up to three quarters of an hour."""


def _code_form(value: Json) -> Json:
    """The digest of the package that a folder makes; AWS's own digest stands as it is."""
    if not isinstance(value, str) or value.startswith(DIGEST) or unresolved(value):
        return value
    return DIGEST + package(Path(value)).sha256


def _is_folder(value: str) -> str:
    if not unresolved(value) and Path(value).is_absolute() and not Path(value).is_dir():
        message = f"there is no folder {value}"
        raise ValueError(message)
    return value


class LambdaFunctionSpec(Spec):
    """A function from a folder of sources."""

    function_name: Annotated[
        str, IMMUTABLE, Shape(r"[A-Za-z0-9_-]+", longest=64, says="letters, digits, - _")
    ]
    role: Annotated[Arn, CREATE]
    """The role it runs as: `${processor_role.arn}`."""
    runtime: Annotated[str, CREATE]
    """E.g. `python3.13`."""
    handler: Annotated[str, CREATE] = "handler.handler"
    """FILE.FUNCTION."""
    code: Annotated[str, CREATE, FOLDER, AfterValidator(_is_folder), Canonical(_code_form)]
    """The folder of its sources, relative to the manifest."""
    architectures: Annotated[list[Literal["x86_64", "arm64"]], CREATE, Field(max_length=1)] = [
        "x86_64"
    ]
    description: Annotated[str | None, CREATE, Shape(longest=256)] = None
    memory_size: Annotated[int, CREATE, Field(ge=128, le=10240)] = 128
    """MB."""
    timeout: Annotated[int, CREATE, Field(ge=1, le=900)] = 3
    """Seconds."""
    ephemeral_storage: Annotated[int, CREATE, Field(ge=512, le=10240)] = 512
    """MB in /tmp."""
    environment: Annotated[dict[str, str], CREATE, SECRET, Wait.NAME] = {}
    """Environment variables; their values are never shown or stored."""
    kms_key: Annotated[Arn | None, CREATE] = None
    """The key that encrypts the environment: `${data_key.arn}`."""
    subnet_ids: Annotated[list[str], CREATE, UNORDERED, Wait.EXISTS] = []
    """Private subnets it runs in; none: outside of any VPC."""
    security_group_ids: Annotated[list[str], CREATE, UNORDERED, Wait.EXISTS] = []
    dead_letter_target_arn: Annotated[Arn | None, CREATE, Wait.EXISTS] = None
    """A queue or topic for events that could not be processed: `${failed.arn}`."""
    tracing_mode: Annotated[Literal["Active", "PassThrough"], CREATE] = "PassThrough"
    log_group: Annotated[str | None, CREATE, COMPUTED] = None
    """The group it logs into: `${processor_logs.name}`. Unset: /aws/lambda/NAME."""
    log_format: Annotated[Literal["Text", "JSON"], CREATE] = "Text"
    layers: Annotated[list[Arn], CREATE] = []
    reserved_concurrent_executions: Annotated[int | None, COMPUTED, Field(ge=0)] = None
    """How many may run at once, set aside from the account's. Unset: left as it is."""
    tags: Tags = {}

    @model_validator(mode="after")
    def _is_in_a_vpc_or_not(self) -> LambdaFunctionSpec:
        if bool(self.subnet_ids) is not bool(self.security_group_ids):
            message = "subnet_ids and security_group_ids go together: set both, or neither"
            raise ValueError(message)
        return self


ATTRIBUTES = {
    "id": "the name",
    "name": "the name, as metrics carry it",
    "arn": "the ARN",
    "invoke_arn": "what an API Gateway integration calls",
}


def identity(spec: LambdaFunctionSpec, target: Target) -> str | None:
    """The name."""
    del target
    return spec.function_name


def predict(spec: LambdaFunctionSpec, target: Target) -> Mapping[str, str]:
    """Everything."""
    return _attributes(spec.function_name, target)


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call a function tells everything."""
    return {id_: _observed(aws.target, id_, answer) for id_, answer in answers(aws, ids).items()}


def poll(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """The same call; here an update that failed ends the wait.

    To `read` such a function is ready: it runs as it was before the update, which a plan then
    shows as a difference and sends again, where a failed object would be replaced.
    """
    found = {}
    for id_, answer in answers(aws, ids).items():
        observed, configuration = _observed(aws.target, id_, answer), answer["Configuration"]
        if observed.phase is Phase.READY and configuration.get("LastUpdateStatus") == "Failed":
            reason = str(configuration.get("LastUpdateStatusReason") or "the update failed")
            observed = replace(observed, phase=Phase.FAILED, reason=reason)
        found[id_] = observed
    return found


def create(aws: Aws, spec: LambdaFunctionSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Make the function with everything but its reserved concurrency."""
    packed = package(Path(spec.code))
    request: dict[str, Any] = {
        "FunctionName": spec.function_name,
        "Role": spec.role,
        "Code": {"ZipFile": packed.data},
        "Architectures": spec.architectures,
        "Tags": dict(tags),
    }
    configured = request_of(spec, [name for name in CONFIGURATION if _said(spec, name)])
    answer = aws.client("lambda").create_function(**{**request, **configured})
    id_ = spec.function_name
    settings: dict[str, Json] = spec.model_dump(
        mode="json", exclude={"tags", "reserved_concurrent_executions"}, exclude_none=True
    )
    settings["code"] = DIGEST + packed.sha256
    phase, reason = phase_of({**answer})
    return id_, Observed(settings, _attributes(id_, aws.target), tags, phase, reason)


def update(aws: Aws, id_: str, spec: LambdaFunctionSpec, changes: Changes) -> Phase:
    """Code or configuration, one at a time; what is left differs still and is sent next."""
    client = aws.client("lambda")
    if "reserved_concurrent_executions" in changes and (
        spec.reserved_concurrent_executions is not None
    ):
        client.put_function_concurrency(
            FunctionName=id_, ReservedConcurrentExecutions=spec.reserved_concurrent_executions
        )
    if changes.keys() & {"code", "architectures"}:
        client.update_function_code(
            FunctionName=id_,
            ZipFile=package(Path(spec.code)).data,
            Architectures=spec.architectures,
        )
        return Phase.PENDING
    if fields := [name for name in changes if name in CONFIGURATION]:
        client.update_function_configuration(**{"FunctionName": id_, **request_of(spec, fields)})
        return Phase.PENDING
    return Phase.READY


def unwire(aws: Aws, id_: str) -> Phase:
    """Have it leave its VPC, so that Lambda lets the interfaces go early."""
    found = answers(aws, [id_]).get(id_)
    vpc = (found["Configuration"].get("VpcConfig") or {}) if found else {}
    if not found or not vpc.get("SubnetIds") or found["Configuration"].get("State") == "Failed":
        return Phase.READY
    with absent_is_success("ResourceNotFoundException"):
        aws.client("lambda").update_function_configuration(
            FunctionName=id_, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []}
        )
    return Phase.PENDING


def aftermath(aws: Aws, id_: str, settings: Settings) -> str:  # noqa: ARG001
    """The interfaces that Lambda still keeps for it in its subnets."""
    return linger(aws, settings)


def obstacles(
    aws: Aws,  # noqa: ARG001
    id_: str,
    settings: Settings,
    ids: frozenset[str],  # noqa: ARG001
) -> Sequence[Obstacle]:
    """In a VPC it is not gone at once."""
    if not settings.get("subnet_ids"):
        return ()
    told = f"interfaces of {id_} stay in its subnets for some minutes after it is gone"
    return [Obstacle(told, blocks=False, seconds=INTERFACES_SECONDS)]


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it; its interfaces stay in the VPC for some minutes more."""
    with absent_is_success("ResourceNotFoundException"):
        aws.client("lambda").delete_function(FunctionName=id_)


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    client = aws.client("lambda")
    arn = _attributes(id_, aws.target)["arn"]
    if added:
        client.tag_resource(Resource=arn, Tags=dict(added))
    if removed:
        client.untag_resource(Resource=arn, TagKeys=[*removed])


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every function; Lambda can't filter by tag."""
    pages = aws.client("lambda").get_paginator("list_functions").paginate()
    found = read(aws, [one["FunctionName"] for page in pages for one in page["Functions"]])
    return of_stack(found, stack)


def _attributes(name: str, target: Target) -> dict[str, str]:
    arn = target.arn("lambda", f"function:{name}")
    gateway = f"arn:{target.partition}:apigateway:{target.region}:lambda:path"
    return {
        "id": name,
        "name": name,
        "arn": arn,
        "invoke_arn": f"{gateway}/2015-03-31/functions/{arn}/invocations",
    }


def _said(spec: LambdaFunctionSpec, name: str) -> bool:
    """Whether a field says something worth sending with the create call."""
    return getattr(spec, name) not in (None, [], {})


def _observed(target: Target, name: str, answer: Mapping[str, Any]) -> Observed:
    configuration = answer["Configuration"]
    settings = observed_settings(configuration)
    settings["code"] = DIGEST + str(configuration["CodeSha256"])
    reserved = answer.get("Concurrency", {}).get("ReservedConcurrentExecutions")
    settings["reserved_concurrent_executions"] = reserved
    phase, reason = phase_of(configuration)
    tags = {str(key): str(value) for key, value in answer.get("Tags", {}).items()}
    return Observed(settings, _attributes(name, target), tags, phase, reason)


def chosen(settings: Settings) -> Settings:
    """The log group that is named after it."""
    return {"log_group": f"/aws/lambda/{settings['function_name']}"}


RESOURCE = ResourceType(
    kind="lambda.function",
    service="lambda",
    spec=LambdaFunctionSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    chosen=chosen,
    read=read,
    create=create,
    update=update,
    delete=delete,
    extras=extras,
    remove_extra=remove_extra,
    retag=retag,
    search=search,
    unwire=unwire,
    aftermath=aftermath,
    obstacles=obstacles,
    deletes=(
        "lambda:DeleteFunction",
        "lambda:UpdateFunctionConfiguration",
        "ec2:DeleteNetworkInterface -",
    ),
    poll=poll,
    ready=Patience(every=2, typical=10, limit=600),
    gone=Patience(every=2, typical=2, limit=600),
    seconds=8,
)


def ensure_lambda_function(
    session: ClientFactory,
    spec: LambdaFunctionSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the function if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
