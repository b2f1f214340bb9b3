"""What moto 5.2 leaves out of SNS, filled.

- `GetTopicAttributes` does not answer `TracingConfig`.
- `CreateTopic` answers success for a topic that is there with other tags.
- `Subscribe` changes the attributes of a subscription that is there.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.sns.exceptions import InvalidParameterValue
from moto.sns.models import SNSBackend
from moto.sns.responses import SNSResponse

_create_topic = SNSBackend.create_topic
_get_topic_attributes = SNSResponse.get_topic_attributes
_subscribe = SNSResponse.subscribe


def get_topic_attributes(self: Any) -> ActionResult:
    """Answer the tracing mode, too."""
    answer: Any = _get_topic_attributes(self)
    topic = self.backend.get_topic(self._get_param("TopicArn"))
    if mode := getattr(topic, "tracing_config", None):
        answer.result["Attributes"]["TracingConfig"] = mode
    result: ActionResult = answer
    return result


def create_topic(
    self: Any,
    name: str,
    attributes: dict[str, str] | None = None,
    tags: Any = None,
) -> Any:
    """Refuse other tags than the topic has."""
    known = next((one for arn, one in self.topics.items() if arn.endswith(f":{name}")), None)
    if known is not None and tags and _pairs(tags) != _pairs(known._tags):
        raise InvalidParameterValue(
            "Invalid parameter: Tags Reason: Topic already exists with different tags"
        )
    return _create_topic(self, name, attributes, tags)


def subscribe(self: Any) -> ActionResult:
    """Refuse other attributes than the subscription has."""
    key = (self._get_param("TopicArn"), self._get_param("Endpoint"), self._get_param("Protocol"))
    known = self.backend._find_subscription(*key)
    sent = self._get_attributes() or {}
    if known is not None and any(known.attributes.get(name) != sent[name] for name in sent):
        raise InvalidParameterValue(
            "Invalid parameter: Attributes Reason: Subscription already exists with different "
            "attributes"
        )
    result: ActionResult = _subscribe(self)
    return result


def _pairs(tags: Any) -> dict[str, str]:
    return dict(tags) if isinstance(tags, dict) else {one["Key"]: one["Value"] for one in tags}


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    SNSBackend.create_topic = create_topic  # type: ignore[method-assign]
    SNSResponse.subscribe = subscribe  # type: ignore[method-assign]
    SNSResponse.get_topic_attributes = get_topic_attributes  # type: ignore[method-assign]
