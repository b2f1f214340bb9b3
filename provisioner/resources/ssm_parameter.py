"""ssm.parameter: a value under a name in Parameter Store, encrypted unless it is told not to be.

The value is a secret: it is compared with what AWS has, and shown and stored nowhere. It may come
from the environment or a variable: `value: ${env.API_TOKEN}`. A deleted name should rest for half
a minute before it is used again.
API: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from provisioner.aws.clients import Aws, ClientFactory
from provisioner.aws.tags import tag_dict, tag_list
from provisioner.aws.target import Target
from provisioner.errors import ProvisionerError
from provisioner.lifecycle import (
    COMPUTED,
    CREATE,
    IMMUTABLE,
    SECRET,
    STACK_TAG,
    Changes,
    Json,
    Observed,
    Owner,
    Patience,
    Phase,
    ResourceType,
    Settings,
    Spec,
)
from provisioner.lifecycle.ensure import Result, ensure
from provisioner.lifecycle.fields import Shape, Tags

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

DEFAULT_KEY = "alias/aws/ssm"
IMAGE = "aws:ec2:image"
VALUES_AT_ONCE = 10
DESCRIBED_AT_ONCE = 50
RESERVED = r"(?!/?([aA][wW][sS]|[sS][sS][mM]))"


class SsmParameterSpec(Spec):
    """A parameter."""

    name: Annotated[
        str,
        IMMUTABLE,
        Shape(
            RESERVED + r"([\w.-]+|(/[\w.-]+){1,15})",
            longest=1011,
            says="letters, digits, . - _, or such parts with a / before each, up to 15 of them; "
            "names that begin with aws or ssm are AWS's own",
        ),
    ]
    value: Annotated[str, CREATE, SECRET, Field(min_length=1, max_length=8192)]
    """Up to 4 KB, or 8 KB with `tier: Advanced`. A StringList's items have commas between them."""
    type: Annotated[Literal["String", "StringList", "SecureString"], CREATE] = "SecureString"
    """AWS turns a String into a SecureString and back; a StringList stays one."""
    kms_key: Annotated[str | None, CREATE] = None
    """The key that encrypts a SecureString: `${data_key.arn}`. Unset: a key of AWS's own."""
    description: Annotated[str | None, CREATE, Shape(longest=1024)] = None
    allowed_pattern: Annotated[str | None, CREATE, Shape(longest=1024)] = None
    """A regular expression that AWS holds the value against."""
    tier: Annotated[Literal["Standard", "Advanced"] | None, CREATE, COMPUTED] = None
    """Advanced parameters cost, hold 8 KB, and never become Standard again. Unset: the account's
    default."""
    data_type: Annotated[Literal["text", "aws:ec2:image", "aws:ssm:integration"], CREATE] = "text"
    """What AWS checks the value to be."""
    tags: Tags = {}

    @model_validator(mode="after")
    def _key_of_a_secure_string(self) -> SsmParameterSpec:
        if self.kms_key and self.type != "SecureString":
            message = "only a SecureString is encrypted: take kms_key away, or set the type"
            raise ValueError(message)
        return self


ATTRIBUTES = {"id": "the name", "name": "the name", "arn": "the ARN"}


def identity(spec: SsmParameterSpec, target: Target) -> str | None:
    """The name."""
    del target
    return spec.name


def predict(spec: SsmParameterSpec, target: Target) -> Mapping[str, str]:
    """Everything."""
    return _attributes(spec.name, target)


def read(aws: Aws, ids: Sequence[str]) -> Mapping[str, Observed]:
    """One call for ten values and one for fifty descriptions; one more for the tags of each."""
    ssm = aws.client("ssm")
    names = sorted(set(ids))
    values = aws.gather(partial(_values, ssm, some) for some in _parts(names, VALUES_AT_ONCE))
    descriptions = aws.gather(
        partial(_descriptions, ssm, [{"Key": "Name", "Option": "Equals", "Values": some}])
        for some in _parts(names, DESCRIBED_AT_ONCE)
    )
    described = {name: one for found in descriptions for name, one in found.items()}
    valued = {name: one for found in values for name, one in found.items() if name in described}
    tags = aws.gather(partial(_tags, ssm, name) for name in valued)
    return {
        name: _observed(aws.target, name, value, described[name], labels)
        for (name, value), labels in zip(valued.items(), tags, strict=True)
        if labels is not None
    }


def create(aws: Aws, spec: SsmParameterSpec, tags: Mapping[str, str]) -> tuple[str, Observed]:
    """Put it where there is none."""
    request = _request(spec) | {"Tags": tag_list(tags)}
    answer = aws.client("ssm").put_parameter(**request, Overwrite=False)
    settings: dict[str, Json] = spec.model_dump(mode="json", exclude={"tags"}, exclude_none=True)
    settings["tier"] = answer["Tier"]
    return spec.name, Observed(settings, _attributes(spec.name, aws.target), tags, _phase(spec))


def update(aws: Aws, id_: str, spec: SsmParameterSpec, changes: Changes) -> Phase:
    """Put it again, with every member: what is left out might be kept, or not."""
    _refuse_the_impossible(id_, changes)
    ssm = aws.client("ssm")
    request = _request(spec)
    if not spec.tier:  # the account's default would be taken for a wish
        equals = [{"Key": "Name", "Option": "Equals", "Values": [id_]}]
        request["Tier"] = _descriptions(ssm, equals)[id_]["Tier"]
    ssm.put_parameter(**request, Overwrite=True)
    return _phase(spec)


def delete(aws: Aws, id_: str, settings: Settings) -> None:  # noqa: ARG001
    """Delete it; AWS lists apart, without an error, what is gone already."""
    aws.client("ssm").delete_parameters(Names=[id_])


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags."""
    ssm = aws.client("ssm")
    if added:
        ssm.add_tags_to_resource(
            ResourceType="Parameter",
            ResourceId=id_,
            Tags=[{**tag} for tag in tag_list(added)],
        )
    if removed:
        ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId=id_, TagKeys=[*removed])


def search(aws: Aws, stack: str | None) -> Mapping[str, Observed]:
    """Every parameter, or those with the stack's tag, which AWS filters by."""
    filters = [{"Key": f"tag:{STACK_TAG}", "Option": "Equals", "Values": [stack]}] if stack else []
    return read(aws, [*_descriptions(aws.client("ssm"), filters)])


def survives(settings: Settings, now: datetime) -> str:
    """The name."""
    del settings, now
    return "its name should not be used again for 30 seconds"


def _attributes(name: str, target: Target) -> dict[str, str]:
    arn = target.arn("ssm", f"parameter/{name.removeprefix('/')}")
    return {"id": name, "name": name, "arn": arn}


def _phase(spec: SsmParameterSpec) -> Phase:
    """AWS answers, and then looks whether an image is one, before it shows the parameter."""
    return Phase.PENDING if spec.data_type == IMAGE else Phase.READY


def _parts(names: Sequence[str], size: int) -> list[list[str]]:
    return [[*names[start : start + size]] for start in range(0, len(names), size)]


def _request(spec: SsmParameterSpec) -> dict[str, Any]:
    """What both puts carry; an empty text clears."""
    request = {
        "Name": spec.name,
        "Value": spec.value,
        "Type": spec.type,
        "Description": spec.description or "",
        "AllowedPattern": spec.allowed_pattern or "",
        "DataType": spec.data_type,
    }
    if spec.type == "SecureString":
        request["KeyId"] = spec.kms_key or DEFAULT_KEY
    if spec.tier:
        request["Tier"] = spec.tier
    return request


def _refuse_the_impossible(id_: str, changes: Changes) -> None:
    """AWS would refuse it with a code that says less.

    Raises:
        ProvisionerError: a StringList would become something else, or Advanced Standard.
    """
    kind, tier = changes.get("type"), changes.get("tier")
    listed = kind is not None and "StringList" in {kind.before, kind.after}
    if listed or (tier is not None and tier.before == "Advanced"):
        what = (
            "a StringList is not made of, or into, another type"
            if listed
            else ("an Advanced parameter does not become Standard again")
        )
        raise ProvisionerError(
            f"ssm.parameter {id_}: {what}.",
            hint="Give the new one another name, or delete the old one first.",
        )


def _values(ssm: SSMClient, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Values by name, decrypted; those that do not exist are left out."""
    answer = ssm.get_parameters(Names=[*names], WithDecryption=True)
    return {one["Name"]: {**one} for one in answer["Parameters"]}


def _descriptions(
    ssm: SSMClient, filters: Sequence[Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Everything but the values, by name."""
    wanted: Any = {"ParameterFilters": [*filters]} if filters else {}
    pages = ssm.get_paginator("describe_parameters").paginate(
        **wanted, PaginationConfig={"PageSize": DESCRIBED_AT_ONCE}
    )
    return {one["Name"]: {**one} for page in pages for one in page["Parameters"]}


def _tags(ssm: SSMClient, name: str) -> dict[str, str] | None:
    """None when the parameter went away since it was listed."""
    try:
        answer = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)
    except ssm.exceptions.InvalidResourceId:
        return None
    return tag_dict(answer.get("TagList"))


def _observed(
    target: Target,
    name: str,
    value: Mapping[str, Any],
    described: Mapping[str, Any],
    tags: Mapping[str, str],
) -> Observed:
    key = described.get("KeyId") if value["Type"] == "SecureString" else None
    settings: dict[str, Json] = {
        "name": name,
        "value": value["Value"],
        "type": value["Type"],
        "kms_key": None if key == DEFAULT_KEY else key,
        "description": described.get("Description"),
        "allowed_pattern": described.get("AllowedPattern"),
        "tier": described.get("Tier"),
        "data_type": described.get("DataType") or "text",
    }
    return Observed(settings, _attributes(name, target), dict(tags))


RESOURCE = ResourceType(
    kind="ssm.parameter",
    service="ssm",
    spec=SsmParameterSpec,
    attributes=ATTRIBUTES,
    identity=identity,
    predict=predict,
    chosen=lambda _: {"tier": "Standard"},
    read=read,
    create=create,
    update=update,
    delete=delete,
    retag=retag,
    search=search,
    deletes=("ssm:DeleteParameters",),
    survives=survives,
    ready=Patience(every=2, typical=10, limit=180),
)


def ensure_ssm_parameter(
    session: ClientFactory,
    spec: SsmParameterSpec,
    *,
    owner: Owner | None = None,
    adopt: bool = False,
) -> Result:
    """Create the parameter if it is missing, correct it where it differs, else do nothing.

    See `provisioner.lifecycle.ensure.ensure`.
    """
    return ensure(RESOURCE, session, spec, owner=owner, adopt=adopt)
