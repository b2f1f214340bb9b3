"""Errors that quote what was sent: nothing of it is left in them, nor behind them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, HTTPClientError, ParamValidationError
from pydantic import ValidationError

from provisioner.api.plans import plan
from provisioner.api.runs import apply
from provisioner.aws.clients import Aws
from provisioner.engine.events import Event
from provisioner.engine.report import RunFailedError
from provisioner.errors import ManifestError, ProvisionerError
from provisioner.lifecycle import Json
from provisioner.lifecycle.ensure import ensure, validated
from provisioner.operations.desk import Options
from provisioner.registry import kind_of
from provisioner.resources.ssm_parameter import RESOURCE, SsmParameterSpec
from provisioner.stack import Stack
from tests.conftest import VirtualClock
from tests.secrets.planted import (
    AWKWARD,
    ENVIRONMENT,
    found_in,
    stack,
    stored,
    told,
    written,
)

CREATES = ("lambda.CreateFunction", "ssm.PutParameter", "sns.Subscribe")
UPDATES = ("lambda.UpdateFunctionConfiguration", "ssm.PutParameter")


def refusal(quoted: str, operation: str, status: int = 400) -> Exception:
    error = {
        "Error": {"Code": "InvalidParameter", "Message": f"Invalid parameter: {quoted} Reason: x"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "r"},
    }
    return ClientError(error, operation)  # type: ignore[arg-type]


def unlike_json(quoted: str, operation: str) -> Exception:
    try:
        SsmParameterSpec.model_validate({"name": "/a", "value": 5, "type": quoted})
    except ValidationError as error:
        return error
    raise AssertionError


TROUBLES: dict[str, Callable[[str, str], Exception]] = {
    "refused": refusal,
    "failed": lambda quoted, operation: refusal(quoted, operation, 500),
    "lost": lambda quoted, _: HTTPClientError(error=quoted),
    "not sent": lambda quoted, _: ParamValidationError(report=f"value: {quoted}, type: x"),
    "said otherwise": lambda quoted, _: ParamValidationError(report=quoted),
    "a defect": lambda quoted, _: ValueError(f"what is {quoted}?"),
    "a defect of types": unlike_json,
}


def quoting(session: boto3.Session, calls: tuple[str, ...], trouble: str) -> Callable[[], None]:
    """Let every such call fail with an error that quotes it; gives back what ends that."""

    def fail(params: Any, model: Any, **_: Any) -> None:
        sent = json.dumps(params, default=str) + repr(params)
        error = TROUBLES[trouble](sent, model.name)
        error.add_note(f"it was {params}")
        error.__context__ = LookupError(sent)
        raise error from KeyError(sent)

    for call in calls:
        session.events.register(f"provide-client-params.{call}", fail)

    def end() -> None:
        for call in calls:
            session.events.unregister(f"provide-client-params.{call}", fail)

    return end


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_failed_create_tells_no_secret(
    session: boto3.Session, tmp_path: Path, clock: VirtualClock, trouble: str
) -> None:
    """Report, events, history, and the error with all that stands behind it."""
    heard: list[Event] = []
    options = Options(clock=clock)
    wanted = stack(written(tmp_path / "clinic"))
    end = quoting(session, CREATES, trouble)
    report = apply(session, wanted, options, listen=heard.append)
    errors = report.outcome.failed
    assert {key.address for key in errors} == {"function", "hook", "parameter", "other"}
    assert [found_in(told(error)) for error in errors.values()] == [set()] * 4
    with pytest.raises(RunFailedError) as failed:
        report.check()
    assert found_in(told(failed.value) + repr(report) + repr(heard) + stored()) == set()
    end()
    apply(session, wanted, options).check()


@pytest.mark.parametrize("trouble", ["refused", "a defect"])
def test_a_failed_update_tells_neither_the_old_nor_the_new_secret(
    session: boto3.Session, tmp_path: Path, clock: VirtualClock, trouble: str
) -> None:
    """What AWS has now is as secret as what it gets."""
    options = Options(clock=clock)
    folder = written(tmp_path / "clinic")
    apply(session, stack(folder), options).check()
    quoting(session, UPDATES, trouble)
    report = apply(session, stack(folder, changed=True), options)
    errors = report.outcome.failed
    assert {key.address for key in errors} == {"function", "parameter", "other"}
    assert [found_in(told(error)) for error in errors.values()] == [set()] * 3
    assert found_in(stored() + repr(report)) == set()


def test_a_plan_that_fails_tells_no_secret(
    session: boto3.Session, tmp_path: Path, clock: VirtualClock
) -> None:
    """A defect in reading or judging is told as one, without what it was about."""
    wanted = stack(written(tmp_path / "clinic"))

    def fail(**_: Any) -> None:
        message = f"what is {AWKWARD} to {ENVIRONMENT}?"
        raise ValueError(message)

    session.events.register("provide-client-params.ssm.GetParameters", fail)
    with pytest.raises(ProvisionerError, match="what is") as failed:
        plan(session, wanted, Options(clock=clock))
    assert found_in(told(failed.value)) == set()


def test_what_is_no_secret_stays_readable(
    session: boto3.Session, tmp_path: Path, clock: VirtualClock
) -> None:
    """Names and ARNs are told, also those that stand in an environment variable."""
    quoting(session, CREATES, "refused")
    report = apply(session, stack(written(tmp_path / "clinic")), Options(clock=clock))
    errors = {key.address: str(error) for key, error in report.outcome.failed.items()}
    assert "arn:aws:iam::123456789012:role/clinic" in errors["function"]
    assert "CreateFunction was refused (InvalidParameter)" in errors["function"]
    assert "'Name': '/clinic/token'" in errors["parameter"]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_ensure_tells_no_secret(session: boto3.Session, aws: Aws, trouble: str) -> None:
    """The functions for one resource keep to the same."""
    quoting(session, ("ssm.PutParameter",), trouble)
    with pytest.raises(ProvisionerError) as failed:
        ensure(RESOURCE, aws, SsmParameterSpec(name="/clinic", value=AWKWARD))
    assert found_in(told(failed.value)) == set()


def test_a_spec_that_does_not_fit_quotes_nothing() -> None:
    """Pydantic tells the field and the rule, not what was given."""
    wrong: tuple[dict[str, Json], ...] = (
        {"value": AWKWARD * 1000},
        {"value": [ENVIRONMENT]},
        {"value": ENVIRONMENT, "kms_key": "alias/a", "type": "String"},
    )
    for settings in wrong:
        with pytest.raises(ValidationError) as refused:
            validated(kind_of("ssm.parameter"), {"name": "/clinic", **settings})
        assert found_in(str(refused.value) + repr(refused.value)) == set()


def test_a_stack_that_does_not_fit_quotes_nothing() -> None:
    """The same in a manifest and in Python, with its place and name."""
    made = Stack("clinic")
    code = {"code": ".", "role": "arn:aws:iam::1:role/a", "handler": "a.b", "runtime": "python3.13"}
    for kind, settings in (
        ("ssm.parameter", {"name": "/clinic", "value": [AWKWARD]}),
        ("ssm.parameter", {"name": "/clinic", "value": AWKWARD, "valeu": ENVIRONMENT}),
        ("lambda.function", {"function_name": "a", "environment": {"A": [ENVIRONMENT]}, **code}),
        ("sns.subscription", {"topic_arn": "arn:a:b:c:d:e", "protocol": "x", "endpoint": AWKWARD}),
    ):
        with pytest.raises(ManifestError) as refused:
            made.add("thing", kind, **settings)
        assert found_in(told(refused.value)) == set()
