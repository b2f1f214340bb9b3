"""data_processor: what it stores, what it refuses, and what its log keeps to itself."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from tests.lambdas.conftest import Function, Lines, Stack, load

ID = "0b7f2a52-5a57-4c0e-9d1e-5f0a3f1c2d4e"
RECORD: dict[str, Any] = {
    "record_id": ID,
    "patient_id": "MRN-778812",
    "record_type": "laboratory",
    "recorded_at": "2026-03-01T08:30:00+02:00",
    "practitioner_id": "DR-17",
    "patient": {
        "given_name": "Zebulon",
        "family_name": "Quixworth",
        "birth_date": "1961-07-04",
        "sex": "male",
    },
    "observations": [{"code": "2345-7", "value": 98.6, "unit": "mg/dL"}],
    "notes": "Complains of xylophobia.",
}
HEALTH_INFORMATION = ("MRN-778812", "Zebulon", "Quixworth", "1961-07-04", "98.6", "xylophobia")


@pytest.fixture
def function(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Function:
    return load("data_processor", monkeypatch)


def _event(method: str, **more: Any) -> dict[str, Any]:
    identity = {"userArn": "arn:aws:iam::123456789012:role/clinic"}
    context = {"requestId": "api-request-1", "identity": identity}
    return {"httpMethod": method, "resource": "/data", "requestContext": context, **more}


def _post(record: Any) -> dict[str, Any]:
    return _event("POST", body=json.dumps(record))


def _get(record_id: str) -> dict[str, Any]:
    return _event("GET", queryStringParameters={"id": record_id})


def _body(answer: dict[str, Any]) -> Any:
    return json.loads(answer["body"])


def _reasons(answer: dict[str, Any]) -> dict[str, str]:
    return {one["field"]: one["reason"] for one in _body(answer)["errors"]}


def test_a_record_is_stored_and_read_back(function: Function, stack: Stack) -> None:
    """POST answers 201 with the id; GET by that id returns the record as it was sent."""
    posted = function(_post(RECORD))
    assert posted["statusCode"] == 201
    assert _body(posted) == {"id": ID, "request_id": "api-request-1"}
    read = function(_get(ID))
    assert read["statusCode"] == 200
    assert _body(read)["record"] == RECORD
    assert read["headers"]["Cache-Control"] == "no-store"


def test_the_document_is_under_the_key(function: Function, stack: Stack) -> None:
    """S3 holds one version, encrypted with the stack's key and with a bucket key."""
    function(_post(RECORD))
    (version,) = stack.versions()
    head = stack.client("s3").head_object(Bucket=stack.bucket, Key=version["Key"])
    assert version["Key"].startswith(f"records/{ID}/")
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"] == stack.key_arn
    assert head["BucketKeyEnabled"] is True


def test_the_index_item(function: Function, stack: Stack) -> None:
    """The item finds the document and sorts a patient's records by UTC date; no name is in it."""
    function(_post(RECORD))
    (item,) = stack.items()
    values = {name: value["S"] for name, value in item.items()}
    (version,) = stack.versions()
    assert values["pk"] == f"RECORD#{ID}"
    assert values["sk"] == "RECORD"
    assert values["gsi1pk"] == "PATIENT#MRN-778812"
    assert values["gsi1sk"] == f"2026-03-01T06:30:00.000000+00:00#{ID}"
    assert (values["object_key"], values["object_version"]) == (
        version["Key"],
        version["VersionId"],
    )
    assert values["created_by"] == "arn:aws:iam::123456789012:role/clinic"
    assert "Quixworth" not in json.dumps(item)


def test_records_of_a_patient_by_date(function: Function, stack: Stack) -> None:
    """The index `by-record-date` lists a patient's records in the order of their dates."""
    moments = ("2026-03-01T08:30:00+02:00", "2026-03-01T07:00:00Z", "2025-12-31T23:59:59.5Z")
    ids = [str(uuid.uuid4()) for _ in moments]
    for record_id, moment in zip(ids, moments, strict=True):
        function(_post({**RECORD, "record_id": record_id, "recorded_at": moment}))
    found = stack.client("dynamodb").query(
        TableName=stack.table,
        IndexName="by-record-date",
        KeyConditionExpression="gsi1pk = :patient",
        ExpressionAttributeValues={":patient": {"S": "PATIENT#MRN-778812"}},
    )["Items"]
    assert [item["pk"]["S"] for item in found] == [f"RECORD#{ids[n]}" for n in (2, 0, 1)]


def test_an_id_is_made_when_absent(function: Function, stack: Stack) -> None:
    """Without `record_id` the function makes one, also inside of the document."""
    sent = {name: value for name, value in RECORD.items() if name != "record_id"}
    made = _body(function(_post(sent)))["id"]
    assert str(uuid.UUID(made)) == made
    assert _body(function(_get(made)))["record"] == {**sent, "record_id": made}


def test_overwriting_is_refused(function: Function, stack: Stack) -> None:
    """A second record with the same id is answered 409 and changes nothing anywhere."""
    function(_post(RECORD))
    before = (stack.items(), stack.versions())
    answer = function(_post({**RECORD, "notes": "Another text."}))
    assert answer["statusCode"] == 409
    assert (stack.items(), stack.versions()) == before
    assert _body(function(_get(ID)))["record"] == RECORD


def test_a_lost_race_leaves_no_document(
    function: Function, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When another request takes the id in between, 409 is the answer and no version remains."""
    function(_post(RECORD))
    store = function.modules["records"].RecordStore
    before = stack.versions()
    monkeypatch.setattr(store, "exists", lambda *_: False)
    assert function(_post({**RECORD, "notes": "Later."}))["statusCode"] == 409
    assert stack.versions() == before


def _refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutItem")


@pytest.mark.parametrize(
    ("error", "left"),
    [
        pytest.param(_refusal("AccessDeniedException", 400), 0, id="refused"),
        pytest.param(_refusal("InternalServerError", 500), 1, id="unknown"),
        pytest.param(ReadTimeoutError(endpoint_url="dynamodb"), 1, id="no answer"),
    ],
)
def test_a_failed_index_write(
    function: Function,
    stack: Stack,
    lines: Lines,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    left: int,
) -> None:
    """A refused item takes its document along; an unknown outcome keeps it and is logged."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(function.modules["records"].RecordStore, "_put_item", fail)
    with pytest.raises(function.handler.RequestFailedError):
        function(_post(RECORD))
    assert len(stack.versions()) == left
    events = [line["event"] for line in lines.read()]
    assert ("document.unindexed" in events) == bool(left)


def test_a_lost_answer_is_no_conflict(
    function: Function, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the item was written and only the answer was lost, the record counts as stored."""
    store = function.modules["records"].RecordStore
    real = store._put_item

    def write_twice(self: Any, item: Any) -> None:
        real(self, item)
        real(self, item)  # the client library's repeat meets the condition

    monkeypatch.setattr(store, "_put_item", write_twice)
    assert function(_post(RECORD))["statusCode"] == 201
    assert _body(function(_get(ID)))["record"] == RECORD


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"record_id": "mine"}, "record_id", "must match"),
        ({"record_id": None}, "record_id", "must be a JSON string"),
        ({"patient_id": "a b"}, "patient_id", "must match"),
        ({"patient_id": "abc\n"}, "patient_id", "must match"),
        ({"record_type": "gossip"}, "record_type", "must be one of encounter"),
        ({"recorded_at": "2026-03-01T08:30:00"}, "recorded_at", "with a zone"),
        ({"recorded_at": "2026-02-30T08:30:00Z"}, "recorded_at", "with a zone"),
        ({"recorded_at": "0001-01-01T00:00:00+23:00"}, "recorded_at", "with a zone"),
        ({"patient": []}, "patient", "must be a JSON object"),
        ({"patient": {"given_name": "A"}}, "patient.family_name", "is required"),
        ({"patient": {"birth_date": "1961-13-01"}}, "patient.birth_date", "must be a date"),
        ({"patient": {"given_name": ""}}, "patient.given_name", "at least 1 characters"),
        ({"observations": [{"value": True}]}, "observations[0].value", "must be a JSON number"),
        ({"observations": [{"value": 1e10}]}, "observations[0].value", "at most 1e+09"),
        ({"observations": [1] * 201}, "observations", "at most 200 items"),
        ({"notes": "x" * 20001}, "notes", "at most 20000 characters"),
        ({"ssn": "078-05-1120"}, "ssn", "is not a known field"),
    ],
)
def test_bad_records(
    function: Function, stack: Stack, change: dict[str, Any], field: str, reason: str
) -> None:
    """What the model does not describe is answered 400, a reason per field, and not stored."""
    answer = function(_post({**RECORD, **change}))
    assert answer["statusCode"] == 400
    assert reason in _reasons(answer)[field]
    assert stack.items() == []
    assert stack.versions() == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, "must be a JSON object"),
        ("{", "must be a JSON object"),
        ("[]", "must be a JSON object"),
        ('{"a": NaN}', "must be a JSON object"),
        ("[" * 100_000, "must be a JSON object"),
        ("x" * 300_000, "must have at most 262144 characters"),
    ],
)
def test_bad_bodies(function: Function, body: str | None, reason: str) -> None:
    """A body that is no JSON object of a reasonable size is answered 400 with the reason."""
    answer = function(_event("POST", body=body))
    assert answer["statusCode"] == 400
    assert _reasons(answer) == {"": reason}


def test_a_base64_body(function: Function) -> None:
    """API Gateway may hand over the body in base64; broken base64 is answered 400."""
    text = base64.b64encode(json.dumps(RECORD).encode()).decode()
    assert function(_event("POST", body=text, isBase64Encoded=True))["statusCode"] == 201
    assert function(_event("POST", body="?", isBase64Encoded=True))["statusCode"] == 400


@pytest.mark.parametrize("query", [None, {}, {"id": ""}, {"id": "../etc"}, {"id": ID.upper()}])
def test_bad_ids(function: Function, query: dict[str, str] | None) -> None:
    """GET without a well-formed id is answered 400 for the field `id`."""
    answer = function(_event("GET", queryStringParameters=query))
    assert answer["statusCode"] == 400
    assert list(_reasons(answer)) == ["id"]


def test_an_unknown_id(function: Function) -> None:
    """GET of an id that was never stored is answered 404."""
    assert function(_get(ID))["statusCode"] == 404


def test_other_methods(function: Function) -> None:
    """Only GET and POST are served."""
    assert function(_event("DELETE"))["statusCode"] == 405


def test_a_damaged_document_is_not_handed_out(function: Function, stack: Stack) -> None:
    """A document that is not the one stored is an error, not an answer."""
    function(_post(RECORD))
    (item,) = stack.items()
    stack.client("dynamodb").put_item(
        TableName=stack.table, Item={**item, "sha256": {"S": "0" * 64}}
    )
    with pytest.raises(function.handler.RequestFailedError, match="DamagedDocumentError"):
        function(_get(ID))


def test_no_health_information_in_the_log(
    function: Function, stack: Stack, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens, no line holds anything of a record, and each has the request's ids."""
    function(_post(RECORD))
    function(_post(RECORD))
    function(_get(ID))
    function(_post({**RECORD, "Quixworth": "Zebulon", "recorded_at": "1961-07-04"}))
    function(_event("POST", body=json.dumps(RECORD)[:-1]))
    function(_event("GET", queryStringParameters={"id": "MRN-778812"}))
    function(_event("Zebulon"))
    monkeypatch.setitem(function.modules["records"]._item.__globals__, "_item", _explode)
    with pytest.raises(function.handler.RequestFailedError) as caught:
        function(_post({**RECORD, "record_id": str(uuid.uuid4())}))
    written = lines.read()
    assert len(written) == 9
    for line in written:
        assert line["request_id"] == "api-request-1"
        assert line["lambda_request_id"] == "lambda-request-1"
    text = json.dumps(written) + str(caught.value) + str(caught.value.__cause__)
    assert [secret for secret in HEALTH_INFORMATION if secret in text] == []
    assert caught.value.__suppress_context__


def _explode(record: Any, *_: object) -> None:
    raise KeyError(record.document["patient"]["family_name"])


SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.text("aZ0-", max_size=3)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text("ab"), SCALARS)
PLAIN = sorted(set(RECORD) - {"recorded_at", "patient"})  # formats bind no plain validator


@pytest.fixture(scope="module")
def modules() -> Mapping[str, ModuleType]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return load("data_processor", monkeypatch).modules


@given(changes=st.dictionaries(st.sampled_from([*PLAIN, "unknown"]), VALUES, max_size=2))
def test_the_model_is_json_schema(
    modules: Mapping[str, ModuleType], changes: dict[str, Any]
) -> None:
    """The function accepts and refuses exactly what a JSON Schema validator does."""
    record, schema = {**RECORD, **changes}, modules["model"].PATIENT_RECORD
    ours = list(modules["validate"].problems(record, schema))
    assert bool(ours) != jsonschema.Draft4Validator(schema).is_valid(record)


def test_the_model_is_draft_4(modules: Mapping[str, ModuleType]) -> None:
    """API Gateway takes draft 4, so the model keeps to it."""
    jsonschema.Draft4Validator.check_schema(modules["model"].PATIENT_RECORD)
