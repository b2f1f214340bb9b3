"""What moto 5.2 gets wrong in SQS, filled.

- `CreateQueue` tags a queue that was there already.
- `SetQueueAttributes` without `Policy` takes the queue's policy away.
- `StartMessageMoveTask` and `ListMessageMoveTasks` are missing; here a task moves at once.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.core.responses import ActionResult
from moto.sqs.models import Queue, SQSBackend
from moto.sqs.responses import SQSResponse

_create_queue = SQSBackend.create_queue
_set_attributes = Queue._set_attributes


def set_attributes(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
    """Keep the policy that is not spoken of."""
    kept = getattr(self, "policy", None)
    _set_attributes(self, attributes, now)
    if "Policy" not in attributes:
        self.policy = kept


def create_queue(self: Any, name: str, tags: Any = None, **named: Any) -> Any:
    """Take tags on creation only."""
    return _create_queue(self, name, None if name in self.queues else tags, **named)


def _tasks(backend: SQSBackend) -> list[dict[str, Any]]:
    if not hasattr(backend, "move_tasks"):
        backend.move_tasks = []  # type: ignore[attr-defined]
    tasks: list[dict[str, Any]] = backend.move_tasks  # type: ignore[attr-defined]
    return tasks


def start_message_move_task(self: Any) -> ActionResult:
    """Move every message back to where it came from, or to the destination."""
    backend = self.sqs_backend
    source = self._get_param("SourceArn")
    destination = self._get_param("DestinationArn")
    queues = {queue.queue_arn: queue for queue in backend.queues.values()}
    dead = queues[source]
    back = queues.get(destination) or next(
        queue
        for queue in queues.values()
        if source == (queue.redrive_policy or {}).get("deadLetterTargetArn")
    )
    moved = len(dead._messages)
    for message in [*dead._messages]:
        back.add_message(message)
    dead._messages.clear()
    task = {
        "TaskHandle": uuid.uuid4().hex,
        "Status": "COMPLETED",
        "SourceArn": source,
        "ApproximateNumberOfMessagesMoved": moved,
        "ApproximateNumberOfMessagesToMove": moved,
    }
    _tasks(backend).insert(0, task)
    return ActionResult({"TaskHandle": task["TaskHandle"]})


def list_message_move_tasks(self: Any) -> ActionResult:
    """The tasks of one queue, newest first."""
    source = self._get_param("SourceArn")
    found = [task for task in _tasks(self.sqs_backend) if task["SourceArn"] == source]
    return ActionResult({"Results": json.loads(json.dumps(found))})


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    SQSBackend.create_queue = create_queue  # type: ignore[method-assign]
    Queue._set_attributes = set_attributes  # type: ignore[method-assign]
    for function in (start_message_move_task, list_message_move_tasks):
        setattr(SQSResponse, function.__name__, function)
