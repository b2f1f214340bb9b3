"""What the kinds of API Gateway share: ARNs, JSON pointers, "not found"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TypeVar

from botocore.exceptions import ClientError

from provisioner.aws.clients import Aws
from provisioner.aws.failures import code_of
from provisioner.aws.target import Target

T = TypeVar("T")

ABSENT = "NotFoundException"


def in_turn(aws: Aws, rest_api_id: str) -> AbstractContextManager[object]:
    """One change of an API at a time: AWS refuses those side by side."""
    return aws.in_turn(f"apigateway {rest_api_id}")


def rest_api_arn(target: Target, rest_api_id: str) -> str:
    """The ARN of an API as tags want it: without an account."""
    return f"arn:{target.partition}:apigateway:{target.region}::/restapis/{rest_api_id}"


def stage_arn(target: Target, rest_api_id: str, stage: str) -> str:
    """The ARN of a stage, as tags, WAF and usage plans want it."""
    return f"{rest_api_arn(target, rest_api_id)}/stages/{stage}"


def execution_arn(target: Target, rest_api_id: str) -> str:
    """The prefix of the ARNs that permissions to invoke name: `…/STAGE/METHOD/path` follows."""
    return target.arn("execute-api", rest_api_id)


def pointer(text: str) -> str:
    """One step of a JSON pointer, as patch operations want it."""
    return text.replace("~", "~0").replace("/", "~1")


def patch(path: str, value: str | None, *, op: str = "replace") -> dict[str, str]:
    """One patch operation; None sends no value, which is AWS's null."""
    return {"op": op, "path": path} | ({} if value is None else {"value": value})


def if_found(call: Callable[[], T]) -> T | None:
    """The answer of a call, None when AWS says that the object does not exist."""
    try:
        return call()
    except ClientError as error:
        if code_of(error) == ABSENT:
            return None
        raise


def by_first_part(ids: Iterable[str]) -> dict[str, list[str]]:
    """Ids joined with `|`, grouped by their first part: the API's id → the rests."""
    grouped: dict[str, list[str]] = {}
    for id_ in sorted(set(ids)):
        first, _, rest = id_.partition("|")
        grouped.setdefault(first, []).append(rest)
    return grouped
