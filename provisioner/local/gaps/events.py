"""What moto 5.2 gets wrong in EventBridge, filled.

- `PutRule` tags a rule that was there already.
- Tags are read and set on the first rule of that name, whichever bus it is on.
"""

from __future__ import annotations

from typing import Any

from moto.events.models import EventsBackend

_list_tags_for_resource = EventsBackend.list_tags_for_resource
_tag_resource = EventsBackend.tag_resource
_untag_resource = EventsBackend.untag_resource
_put_rule = EventsBackend.put_rule


def put_rule(self: Any, name: str, *args: Any, **named: Any) -> Any:
    """Take tags on creation only."""
    bus = self.describe_event_bus(self._normalize_event_bus_arn(named.get("event_bus_arn")))
    if name in bus.rules:
        named.pop("tags", None)
    return _put_rule(self, name, *args, **named)


def _is_rule(backend: Any, arn: str) -> bool:
    return any(
        rule.arn == arn for bus in backend.event_buses.values() for rule in bus.rules.values()
    )


def list_tags_for_resource(self: Any, arn: str) -> Any:
    """Of this very rule."""
    if _is_rule(self, arn):
        return self.tagger.list_tags_for_resource(arn)
    return _list_tags_for_resource(self, arn)


def tag_resource(self: Any, arn: str, tags: dict[str, str]) -> None:
    """This very rule."""
    if _is_rule(self, arn):
        self.tagger.tag_resource(arn, self.tagger.convert_dict_to_tags_input(tags))
    else:
        _tag_resource(self, arn, tags)


def untag_resource(self: Any, arn: str, tag_keys: list[str]) -> None:
    """This very rule."""
    if _is_rule(self, arn):
        self.tagger.untag_resource_using_names(arn, tag_keys)
    else:
        _untag_resource(self, arn, tag_keys)


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    EventsBackend.put_rule = put_rule  # type: ignore[method-assign]
    for function in (list_tags_for_resource, tag_resource, untag_resource):
        setattr(EventsBackend, function.__name__, function)
