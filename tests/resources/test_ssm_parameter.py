"""ssm.parameter: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError

from provisioner.api.runs import apply
from provisioner.aws.clients import Aws
from provisioner.errors import ForeignObjectError, ProvisionerError
from provisioner.lifecycle import Json, Owner
from provisioner.lifecycle.creating import create_or_settle
from provisioner.lifecycle.ensure import ensure
from provisioner.manifest import load
from provisioner.operations.desk import Options
from provisioner.resources.ssm_parameter import (
    RESOURCE,
    SsmParameterSpec,
    ensure_ssm_parameter,
)
from provisioner.stack import Stack
from tests.conftest import VirtualClock
from tests.contract.case import Case

NAME = "/clinic/dev/token"
OWNER = Owner("clinic", "token", "t")


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {"name": NAME, "value": "one", "tags": {"Name": "contract"}}


def _alive(session: boto3.Session, id_: str) -> bool:
    return not session.client("ssm").get_parameters(Names=[id_])["InvalidParameters"]


CASE = Case(
    kind="ssm.parameter",
    settings=_settings,
    alive=_alive,
    changes={
        "name": {"name": "/clinic/dev/other"},
        "value": {"value": "two"},
        "type": {"type": "String"},
        "kms_key": {"kms_key": "alias/own"},
        "description": {"description": "of the laboratory"},
        "allowed_pattern": {"allowed_pattern": "[a-z]+"},
        "tier": {"tier": "Advanced"},
        "data_type": {"data_type": "aws:ec2:image"},
    },
)


def parameter(session: boto3.Session, name: str = NAME) -> Any:
    return session.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]


def test_it_is_encrypted_unless_told_otherwise(session: boto3.Session) -> None:
    """A SecureString under AWS's key by default; back to that key when another one is unset."""
    spec = SsmParameterSpec(name=NAME, value="one", kms_key="alias/own")
    ensure_ssm_parameter(session, spec)
    ensure_ssm_parameter(session, spec.model_copy(update={"kms_key": None}))
    [found] = session.client("ssm").describe_parameters()["Parameters"]
    assert (found["Type"], found["KeyId"]) == ("SecureString", "alias/aws/ssm")
    assert parameter(session)["Value"] == "one"


def test_many_are_read_in_few_calls(session: boto3.Session, aws: Aws) -> None:
    """Ten values a call, fifty descriptions a call."""
    names = [f"/clinic/{number:02}" for number in range(23)]
    for name in names:
        session.client("ssm").put_parameter(Name=name, Value=name, Type="SecureString")
    found = RESOURCE.read(aws, [*names, "/clinic/none"])
    assert {name: one.settings["value"] for name, one in found.items()} == dict(
        zip(names, names, strict=True)
    )
    assert aws.ledger.counts["ssm.GetParameters"] == 3
    assert aws.ledger.counts["ssm.DescribeParameters"] < 5


def test_a_lost_answer_is_settled_by_its_tags(session: boto3.Session, aws: Aws) -> None:
    """PutParameter without Overwrite is refused the second time, so it is sent once."""
    lost: list[str] = []

    def lose(**_: Any) -> None:
        if not lost:
            lost.append(NAME)
            raise ReadTimeoutError(endpoint_url="https://ssm")

    session.events.register("after-call.ssm.PutParameter", lose)
    spec = SsmParameterSpec(name=NAME, value="one")
    id_, observed = create_or_settle(RESOURCE, aws, spec, OWNER)
    assert (id_, Owner.of(observed.tags)) == (NAME, OWNER)
    assert parameter(session)["Version"] == 1


def test_a_name_that_is_taken_is_left_alone(session: boto3.Session, aws: Aws) -> None:
    """Neither overwritten nor tagged, whenever it appears."""
    session.client("ssm").put_parameter(Name=NAME, Value="theirs", Type="String")
    spec = SsmParameterSpec(name=NAME, value="ours")
    with pytest.raises(ForeignObjectError):
        ensure(RESOURCE, aws, spec, owner=OWNER)
    with pytest.raises(aws.client("ssm").exceptions.ParameterAlreadyExists):
        create_or_settle(RESOURCE, aws, spec, OWNER)
    assert (parameter(session)["Value"], parameter(session)["Version"]) == ("theirs", 1)
    tags = session.client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=NAME)
    assert tags["TagList"] == []


@pytest.mark.parametrize(
    ("made", "changed", "says"),
    [
        ({"tier": "Advanced"}, {"tier": "Standard"}, "Advanced"),
        ({"type": "StringList"}, {"type": "String"}, "StringList"),
    ],
)
def test_what_aws_can_not_do_in_place_is_told(
    session: boto3.Session, made: dict[str, Any], changed: dict[str, Any], says: str
) -> None:
    """In words of ours, before AWS's code."""
    ensure_ssm_parameter(session, SsmParameterSpec(name=NAME, value="a,b", **made))
    with pytest.raises(ProvisionerError, match=says):
        ensure_ssm_parameter(session, SsmParameterSpec(name=NAME, value="a,b", **changed))


def test_an_advanced_parameter_stays_one(session: boto3.Session, aws: Aws) -> None:
    """An unset tier sends the one it has: the account's default would be refused."""
    spec = SsmParameterSpec(name=NAME, value="one", tier="Advanced")
    ensure(RESOURCE, aws, spec, owner=OWNER)
    ensure(RESOURCE, aws, spec.model_copy(update={"tier": None, "value": "two"}), owner=OWNER)
    [found] = session.client("ssm").describe_parameters()["Parameters"]
    assert found["Tier"] == "Advanced"
    assert parameter(session)["Value"] == "two"


@pytest.mark.parametrize("name", ["aws-x", "/SSM/x", "a/b", "/a b", "/" + "/".join("a" * 16)])
def test_names_that_aws_refuses_are_refused_before(name: str) -> None:
    """Reserved beginnings, a path without its first slash, spaces, more than fifteen parts."""
    with pytest.raises(ValueError, match="is not letters"):
        SsmParameterSpec(name=name, value="one")


def test_the_value_may_come_from_variable_and_environment(
    session: boto3.Session, tmp_path: Path, clock: VirtualClock
) -> None:
    """As it stands, whatever is in it: what looks like a reference is none."""
    (tmp_path / "clinic.yaml").write_text(
        """
stack: clinic
variables:
  token: {env: API_TOKEN}
resources:
  token: {kind: ssm.parameter, name: /clinic/token, value: "${var.token}"}
  other: {kind: ssm.parameter, name: /clinic/other, value: "x-${env.OTHER}"}
""",
        encoding="utf-8",
    )
    given = {"API_TOKEN": "p${a}s$s: 1", "OTHER": "${b}"}
    stack = Stack.of(load(tmp_path / "clinic.yaml", environment=given))
    apply(session, stack, Options(clock=clock)).check()
    assert parameter(session, "/clinic/token")["Value"] == given["API_TOKEN"]
    assert parameter(session, "/clinic/other")["Value"] == "x-${b}"
    again = apply(session, stack, Options(clock=clock)).check()
    assert again.summary["unchanged"] == 2
