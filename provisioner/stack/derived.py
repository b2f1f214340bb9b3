"""Names that AWS services make from ours, for what they create by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

LOG_GROUP = "logs.log_group"


def _of_function(id_: str) -> str:
    return f"/aws/lambda/{id_}"


def _of_stage(id_: str) -> str:
    api, _, stage = id_.partition("|")
    return f"API-Gateway-Execution-Logs_{api}/{stage}"


_LOG_GROUPS: Mapping[str, Callable[[str], str]] = {
    "lambda.function": _of_function,
    "apigateway.stage": _of_stage,
}


def log_group_of(kind: str, id_: str) -> str | None:
    """The log group that a service makes when an object of ours first writes, if it does so.

    Args:
        kind: of our object.
        id_: of our object.

    Sources:
        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    make = _LOG_GROUPS.get(kind)
    return make(id_) if make else None
