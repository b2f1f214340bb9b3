"""AWS's errors in our words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004  botocore's own name
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from provisioner.errors import (
    AwsError,
    CredentialsError,
    ProvisionerError,
    UnreachableError,
)

T = TypeVar("T")

EXPIRED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
    }
)
DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "AuthorizationError",
        "NotAuthorized",
    }
)


def code_of(error: ClientError) -> str:
    """AWS's own error code, e.g. `NoSuchEntity`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: ClientError) -> str:
    """AWS's own sentence."""
    return str(error.response.get("Error", {}).get("Message", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status of the answer, 0 when unknown."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def request_id_of(error: ClientError) -> str:
    """AWS's request id, for its support."""
    return str(error.response.get("ResponseMetadata", {}).get("RequestId", ""))


@contextmanager
def absent_is_success(*codes: str) -> Iterator[None]:
    """Let a delete succeed when the object is already gone.

    Args:
        codes: the error codes by which this service says "not found".
    """
    try:
        yield
    except ClientError as error:
        if code_of(error) not in codes:
            raise


def unless_absent(call: Callable[[], T], *codes: str) -> T | None:
    """What the call answers, or None if AWS says that the object does not exist.

    Args:
        call: reads.
        codes: the error codes by which this service says "not found".
    """
    try:
        return call()
    except ClientError as error:
        if code_of(error) in codes:
            return None
        raise


def translate(error: Exception, doing: str) -> ProvisionerError:
    """Turn what botocore raised into one of our exceptions.

    Args:
        error: what was raised.
        doing: what was being done to what, e.g. `kms.key data_key: create`.
    """
    if isinstance(error, ProvisionerError):
        return error
    if isinstance(error, ClientError):
        return _refusal(error, doing)
    if isinstance(
        error,
        NoCredentialsError | PartialCredentialsError | TokenRetrievalError | ProfileNotFound,
    ):
        return CredentialsError(
            f"{doing}: no usable AWS credentials ({error}).",
            hint="Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or use --local for the embedded AWS.",
        )
    if isinstance(error, NoRegionError):
        return AwsError(
            f"{doing}: no AWS region is set.", hint="Set AWS_REGION, or a region in your profile."
        )
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError):
        return UnreachableError(
            f"{doing}: the endpoint can't be reached ({error}).",
            hint="Check the network, AWS_REGION and AWS_ENDPOINT_URL.",
        )
    if isinstance(error, HTTPClientError | ConnectionError):
        return UnreachableError(f"{doing}: the connection broke ({error}).", hint="Run it again.")
    if isinstance(error, ResponseParserError):
        return UnreachableError(
            f"{doing}: the endpoint answered what is no answer of AWS's.", hint="Run it again."
        )
    if isinstance(error, ParamValidationError):
        return AwsError(f"{doing}: {_without_values(str(error))}", code="ParamValidation")
    if isinstance(error, BotoCoreError):
        return AwsError(f"{doing}: {error}")
    return ProvisionerError(
        f"{doing}: {type(error).__name__}: {error}",
        hint="This is a defect in provisioner; run with -vv for the traceback and report it.",
    )


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Let nothing but our own exceptions out; also a decorator.

    Args:
        doing: what was being done to what.
    """
    try:
        yield
    except Exception as error:
        raise translate(error, doing) from error


def as_ours(error: Exception, doing: str) -> ProvisionerError:
    """The same, with what was raised standing behind it, for those who raise it later."""
    told = translate(error, doing)
    if told is not error:
        told.__cause__ = error
    return told


def _without_values(message: str) -> str:
    """Botocore's complaint about parameters, without the values given: one may be a secret."""
    return re.sub(r"value: .*?(, type: |, valid )", r"value: …\1", message, flags=re.DOTALL)


def _refusal(error: ClientError, doing: str) -> AwsError:
    code, operation = code_of(error), error.operation_name
    text = f"{doing}: {operation} was refused ({code}): {message_of(error) or 'no reason given'}"
    kind: type[AwsError] = CredentialsError if code in EXPIRED else AwsError
    hint = ""
    if code in EXPIRED:
        hint = "Renew the credentials and run the same command again; what was done is recorded."
    elif code in DENIED:
        hint = f"Grant the caller the permission for {operation}, then run it again."
    return kind(text, code=code, operation=operation, request_id=request_id_of(error), hint=hint)
