"""What `--json` prints fits the schemas that are checked in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from jsonschema import Draft202012Validator

from provisioner.api.plans import plan, plan_removal
from provisioner.api.runs import apply, teardown
from provisioner.engine.events import Event, LeaseAwaited
from provisioner.errors import ManifestError, Place, Problem
from provisioner.inventory import Lease
from provisioner.operations.desk import Options
from provisioner.stack import Setting, Stack
from provisioner.views.documents import error_document, event_document
from provisioner.views.plans.document import plan_document
from provisioner.views.schemas import schemas
from tests.conftest import VirtualClock

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


def stack(*actions: str, timeout: int = 30) -> Stack:
    """A queue with a policy, a table that holds data, and a secret."""
    made = Stack("told", tags={"Team": "care"})
    statement: dict[str, Setting] = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": [*actions],
        "Resource": "*",
    }
    made.add(
        "queue",
        "sqs.queue",
        queue_name="told",
        visibility_timeout=timeout,
        policy={"Statement": [statement]},
    )
    made.add("table", "dynamodb.table", table_name="told", key={"partition": "pk"})
    made.add("token", "ssm.parameter", name="/told", value=f"secret-{timeout}")
    return made


@pytest.fixture
def options(clock: VirtualClock) -> Options:
    return Options(clock=clock)


def checked(name: str, document: Mapping[str, object]) -> dict[str, Any]:
    """The document as a program reads it, which fits."""
    text = json.dumps(document)
    schema = json.loads((DOCS / "schema" / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    read: dict[str, Any] = json.loads(text)
    Draft202012Validator(schema).validate(read)
    return read


def test_the_schemas_are_current() -> None:
    """Whoever changes a shape writes them anew: scripts/docs."""
    for path, text in schemas().items():
        assert (DOCS / path).read_text(encoding="utf-8") == text, path


def test_a_plan_tells_programs_what_it_tells_people(
    session: boto3.Session, options: Options
) -> None:
    """Origin, dangers, and what a policy newly allows; of a secret only that it changes."""
    checked("plan", plan_document(plan(session, stack("sqs:SendMessage"), options)))
    apply(session, stack("sqs:SendMessage"), options).check()
    wanted = stack("sqs:*", timeout=60)
    document = checked("plan", plan_document(plan(session, wanted, options)))
    queue, _, token = document["changes"]
    assert queue["dangers"] == [{"risk": "access", "what": "policy gives more access"}]
    told = {one["field"]: one for one in queue["differences"]}
    assert told["visibility_timeout"]["origin"] == "manifest"
    assert told["policy"]["policy"]["newly_allowed"] == [
        {
            "principals": ["Service:sns.amazonaws.com"],
            "actions": ["sqs:*"],
            "resources": ["*"],
            "conditions": [],
        }
    ]
    [value] = token["differences"]
    assert (value["before"], value["after"], value["secret"]) == ("(secret)", "(secret)", True)
    assert "secret-60" not in json.dumps(document)


def test_every_line_of_a_run_fits(session: boto3.Session, options: Options) -> None:
    """An apply of which a step fails, then a teardown: plans, events, errors."""
    heard: list[Event] = []

    session.events.register("before-call.ssm.PutParameter", _refused)
    report = apply(session, stack("sqs:SendMessage"), options, listen=heard.append)
    assert report.result == "partial"
    removal = plan_document(plan_removal(session, "told", options))
    assert {one["address"]: one["action"] for one in removal["changes"]} == {
        "queue": "delete",
        "table": "delete",
    }
    checked("run", removal)
    teardown(session, "told", options, listen=heard.append)
    documents = [checked("run", event_document(event)) for event in heard]
    assert {"run.started", "step.started", "step.done", "step.failed", "run.finished"} <= {
        document["event"] for document in documents
    }
    [refused] = report.outcome.failed.values()
    assert checked("run", error_document(refused, 1))["code"] == "AccessDeniedException"
    problems = [Problem("no", Place("a.yaml", 1, 2), "do"), Problem("nowhere")]
    assert len(checked("run", error_document(ManifestError(problems), 1))["problems"]) == 2
    checked("run", event_document(LeaseAwaited(Lease(stack="told"), 3.0)))


def test_a_document_of_another_shape_does_not_fit(session: boto3.Session, options: Options) -> None:
    """The schema says more than that there is a document."""
    document = json.loads(json.dumps(plan_document(plan(session, stack("sqs:*"), options))))
    schema = json.loads((DOCS / "schema" / "plan.json").read_text(encoding="utf-8"))
    validator = Draft202012Validator(schema)
    for broken in (
        {**document, "news": 1},
        {**document, "changes": [{**document["changes"][0], "action": "explode"}]},
        {name: value for name, value in document.items() if name != "account"},
    ):
        assert not validator.is_valid(broken)


def _refused(**_: object) -> None:
    raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutParameter")
