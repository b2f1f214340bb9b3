"""The names under which something of ours may live, and what each is known from."""

from __future__ import annotations

from provisioner.discovery.names import Memory, names_of
from provisioner.inventory import Record, RunEvent, Status

FUNCTION, GROUP = "lambda.function", "logs.log_group"
STAGE, EXECUTION = "apigateway.stage", "API-Gateway-Execution-Logs_nnkzdtpvqq/prod"


def record(address: str, kind: str, id_: str | None, **news: object) -> Record:
    fields = {
        "stack": "clinic",
        "address": address,
        "kind": kind,
        "id": id_,
        "region": "eu-central-1",
        "account": "123456789012",
        "status": Status.READY,
        "created_at": "2026-01-01T00:00:00+00:00",
        "updated_at": "2026-01-01T00:00:00+00:00",
    }
    return Record.model_validate({**fields, **news})


def event(action: str, kind: str, id_: str, *, failed: bool = False) -> RunEvent:
    at = "2026-01-01T00:00:00+00:00"
    return RunEvent(number=1, at=at, address="was", kind=kind, action=action, id=id_, failed=failed)


def test_log_groups_that_services_make() -> None:
    """Of what is recorded, and of what was deleted; not those that have a record themselves."""
    records = {
        "app": record("app", FUNCTION, "app"),
        "stage": record("stage", STAGE, "nnkzdtpvqq|prod"),
        "logs": record("logs", GROUP, EXECUTION),
    }
    names = names_of(Memory(records, events=[event("delete", FUNCTION, "gone")]))
    derived = {id_ for kind, id_ in names if kind == GROUP}
    assert derived == {"/aws/lambda/app", "/aws/lambda/gone", EXECUTION}
    assert names[GROUP, "/aws/lambda/app"].why == "AWS makes it for lambda.function app"
    assert "carries no tag of ours" in names[GROUP, EXECUTION].why


def test_what_was_adopted_intended_or_never_made_gives_no_name() -> None:
    """An adopted object carries no tags by right, an intent has made nothing yet."""
    records = {
        "theirs": record("theirs", "s3.bucket", "theirs", owned=False),
        "soon": record("soon", "s3.bucket", "soon", status=Status.INTENDED),
        "open": record("open", "ec2.vpc", None, status=Status.INTENDED),
    }
    failed = event("create", "s3.bucket", "refused", failed=True)
    updated = event("configure", "s3.bucket", "updated")
    assert names_of(Memory(records, events=[failed, updated])) == {}


def test_what_a_run_was_about_to_delete_stays_known() -> None:
    """Until it has a good record again."""
    condemned = {("s3.bucket", "old"): record("bucket_1", "s3.bucket", "old")}
    leaving = record("bucket_1", "s3.bucket", "old", status=Status.DELETING)
    memory = Memory({"bucket_1": leaving}, condemned=condemned)
    assert [*names_of(memory)] == [("s3.bucket", "old")]
    kept = record("kept", "s3.bucket", "old", owned=False)
    assert names_of(Memory({"kept": kept}, condemned=condemned)) == {}
