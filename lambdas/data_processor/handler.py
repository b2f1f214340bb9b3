"""`POST /data` stores a patient record, `GET /data?id=…` returns it: behind API Gateway.

Bad input is answered with 400 and a reason per field, a taken id with 409, an unknown one with
404. Anything else that goes wrong leaves as `RequestFailedError`, which says nothing of the
record: API Gateway answers 502 and Lambda counts an error. No log line holds health information.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Final, NoReturn, Protocol, TypedDict

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from model import PATIENT_RECORD, UUID_PATTERN
from records import Record, RecordExistsError, RecordStore
from validate import Json, Problem, problems

LARGEST_BODY: Final = 256 * 1024
"""Characters of a request's body."""

MOST_PROBLEMS: Final = 50
"""Problems told in one answer."""


class Context(Protocol):
    """What is used of Lambda's context."""

    @property
    def aws_request_id(self) -> str:
        """The id of this invocation."""


class Identity(TypedDict, total=False):
    """Who signed the request."""

    userArn: str | None


class RequestContext(TypedDict, total=False):
    """What API Gateway knows of the request."""

    requestId: str
    identity: Identity


class ProxyEvent(TypedDict, total=False):
    """What is used of API Gateway's proxy event; the names are AWS's."""

    httpMethod: str
    body: str | None
    isBase64Encoded: bool
    queryStringParameters: dict[str, str] | None
    requestContext: RequestContext


class ProxyAnswer(TypedDict):
    """What API Gateway takes for an answer."""

    statusCode: int
    headers: dict[str, str]
    body: str


Log = Callable[..., None]


class RefusedError(Exception):
    """A request that can't be served, with the answer to give."""

    def __init__(self, status: HTTPStatus, message: str, found: list[Problem] | None = None):
        super().__init__(message)
        self.status = status
        self.body: dict[str, Json] = {"message": message}
        if found:
            self.body["errors"] = [{"field": one.field, "reason": one.reason} for one in found]


class RequestFailedError(Exception):
    """The request failed on our side; the log line with the same request id says where."""


def handler(event: ProxyEvent, context: Context) -> ProxyAnswer:
    """Answer one request of the REST API.

    Raises:
        RequestFailedError: AWS or this code failed; the message holds no health information.
    """
    started = time.monotonic()
    request_id = event.get("requestContext", {}).get("requestId") or context.aws_request_id
    log = partial(_log, request_id=request_id, lambda_request_id=context.aws_request_id)
    try:
        status, body = _route(event, log)
    except RefusedError as refused:
        status, body = refused.status, refused.body
    except Exception as error:  # noqa: BLE001  its text may hold health information: only its kind leaves
        _fail(error, log)
    log(
        "request.answered",
        method=_method(event),
        status=status.value,
        milliseconds=round((time.monotonic() - started) * 1000, 1),
    )
    return _answer(status, {**body, "request_id": request_id})


def _route(event: ProxyEvent, log: Log) -> tuple[HTTPStatus, dict[str, Json]]:
    match _method(event):
        case "POST":
            return _store(event, log)
        case "GET":
            return _fetch(event)
    raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and POST are served here.")


def _store(event: ProxyEvent, log: Log) -> tuple[HTTPStatus, dict[str, Json]]:
    document = _document(event)
    chosen = document.get("record_id")
    record_id = str(chosen or uuid.uuid4())
    caller = event.get("requestContext", {}).get("identity", {}).get("userArn")
    record = Record(record_id, {**document, "record_id": record_id}, caller or "")
    taken = RefusedError(HTTPStatus.CONFLICT, "A record with this record_id exists already.")
    if chosen and _store_of_records().exists(record_id):
        raise taken
    try:
        _store_of_records().save(record, lambda name, key: log(name, level="ERROR", object_key=key))
    except RecordExistsError:
        raise taken from None
    log("record.stored", record_id=record_id)
    return HTTPStatus.CREATED, {"id": record_id}


def _fetch(event: ProxyEvent) -> tuple[HTTPStatus, dict[str, Json]]:
    record_id = (event.get("queryStringParameters") or {}).get("id", "")
    if not re.fullmatch(UUID_PATTERN, record_id):
        reason = Problem("id", f"must match {UUID_PATTERN}" if record_id else "is required")
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The query is not valid.", [reason])
    document = _store_of_records().load(record_id)
    if document is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, "There is no record with this id.")
    return HTTPStatus.OK, {"id": record_id, "record": document}


def _document(event: ProxyEvent) -> dict[str, Json]:
    """Return the record in the request's body.

    Raises:
        RefusedError: it is too large, no JSON, or not what the model describes.
    """
    document = _parse(_body(event))
    found = list(problems(document, PATIENT_RECORD))
    if found or not isinstance(document, dict):
        message = "The record is not valid."
        raise RefusedError(HTTPStatus.BAD_REQUEST, message, found[:MOST_PROBLEMS])
    return document


def _body(event: ProxyEvent) -> str:
    body = event.get("body") or ""
    if len(body) > LARGEST_BODY:
        reason = Problem("", f"must have at most {LARGEST_BODY} characters")
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The body is too large.", [reason])
    if not event.get("isBase64Encoded"):
        return body
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        reason = Problem("", "must be base64 of UTF-8 text")
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The body is not valid.", [reason]) from None


def _parse(text: str) -> Json:
    try:
        document: Json = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        reason = Problem("", "must be a JSON object")
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The body is no JSON.", [reason]) from None
    return document


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("JSON has neither NaN nor Infinity")


def _fail(error: Exception, log: Log) -> NoReturn:
    """Log the kind of the failure and the line of code, and leave with nothing else."""
    kind = type(error).__name__
    if isinstance(error, ClientError):
        kind = f"{error.operation_name} {error.response['Error']['Code']}"
    here = Path(__file__).parent
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).parent == here]
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    log("request.failed", level="ERROR", error=kind, where=where)
    raise RequestFailedError(f"The request failed: {kind}.") from None


def _method(event: ProxyEvent) -> str:
    method = event.get("httpMethod", "")
    return method if method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"} else "other"


def _answer(status: HTTPStatus, body: Mapping[str, Json]) -> ProxyAnswer:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return {"statusCode": status.value, "headers": headers, "body": json.dumps(body)}


def _log(event: str, *, level: str = "INFO", **fields: str | float) -> None:
    sys.stdout.write(json.dumps({"level": level, "event": event, **fields}) + "\n")


@cache
def _store_of_records() -> RecordStore:
    """Open the store once per execution environment, at the first request."""
    config = Config(
        connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3}
    )
    return RecordStore(
        dynamodb=boto3.client("dynamodb", config=config),
        s3=boto3.client("s3", config=config),
        table=os.environ["TABLE_NAME"],
        bucket=os.environ["BUCKET_NAME"],
        key_arn=os.environ["KMS_KEY_ARN"],
    )
