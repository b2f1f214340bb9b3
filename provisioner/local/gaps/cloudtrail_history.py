"""CloudTrail's event history, which moto 5.2 lacks.

- `LookupEvents` is missing. The writes that moto answered are remembered, two thousand of them, and
  found by a word of their request: only `ResourceName` can be asked for. AWS lags minutes behind.
"""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from moto.cloudtrail.models import CloudTrailBackend, cloudtrail_backends
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.responses import BaseResponse

READS = ("BatchGet", "Describe", "Get", "Head", "List", "Lookup", "Query", "Scan", "Search")
DATA = frozenset(
    {
        *("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"),
        *("PutObject", "DeleteObject", "SendMessage", "Publish", "Invoke", "PutLogEvents"),
    }
)
"""Calls on what objects hold: AWS tells them only to trails that ask for them."""
GLOBAL = {"iam": "us-east-1"}
REMEMBERED = 2000
LONGEST = 20_000
"""Characters of a request that are looked through: code comes behind them."""

_call_action = BaseResponse.call_action


def call_action(self: Any) -> Any:
    """Answer, and remember what changed something."""
    answer = _call_action(self)
    action = str(self._get_action() or "")
    if answer[0] < 300 and action and action not in DATA and not action.startswith(READS):
        service = str(self.boto3_service_name or "")
        region = GLOBAL.get(service, self.region)
        history = _history(cloudtrail_backends[self.current_account][region])
        history.appendleft(_event(self, service, action))
    return answer


def lookup_events(self: Any) -> str:
    """The newest first."""
    asked = json.loads(self.body)
    words = [one["AttributeValue"] for one in asked.get("LookupAttributes", ())]
    backend = cloudtrail_backends[self.current_account][self.region]
    events = [
        event
        for text, event in _history(backend)
        if all(word in text for word in words)
        and event["EventTime"] >= float(asked.get("StartTime", 0))
    ]
    return json.dumps({"Events": events[:50]})


def _history(backend: CloudTrailBackend) -> deque[tuple[str, dict[str, Any]]]:
    """Goes with the backend when that is reset."""
    history: deque[tuple[str, dict[str, Any]]] = backend.__dict__.setdefault(
        "history", deque(maxlen=REMEMBERED)
    )
    return history


def _event(response: Any, service: str, action: str) -> tuple[str, dict[str, Any]]:
    form = json.dumps(response.querystring, default=str)
    text = unquote(f"{response.uri} {str(response.body)[:LONGEST]} {form[:LONGEST]}")
    detail = {
        "userIdentity": {"arn": f"arn:aws:iam::{response.current_account}:user/local"},
        "sourceIPAddress": "127.0.0.1",
    }
    return text, {
        "EventName": action,
        "EventSource": f"{service}.amazonaws.com",
        "EventTime": int(datetime.now(UTC).timestamp()),
        "ReadOnly": "false",
        "Username": "local",
        "CloudTrailEvent": json.dumps(detail),
    }


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    BaseResponse.call_action = call_action  # type: ignore[method-assign]
    CloudTrailResponse.lookup_events = lookup_events  # type: ignore[attr-defined]
