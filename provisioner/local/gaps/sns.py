"""What moto 5.2 leaves out of SNS, filled.

- `GetTopicAttributes` does not answer `TracingConfig`.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.sns.responses import SNSResponse

_get_topic_attributes = SNSResponse.get_topic_attributes


def get_topic_attributes(self: Any) -> ActionResult:
    """Answer the tracing mode, too."""
    answer: Any = _get_topic_attributes(self)
    topic = self.backend.get_topic(self._get_param("TopicArn"))
    if mode := getattr(topic, "tracing_config", None):
        answer.result["Attributes"]["TracingConfig"] = mode
    result: ActionResult = answer
    return result


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    SNSResponse.get_topic_attributes = get_topic_attributes  # type: ignore[method-assign]
