"""Changes of an API's own settings as patch operations.

Source: https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from provisioner.lifecycle import Changes, Json
from provisioner.lifecycle.fields import policy_text
from provisioner.resources._apigateway import patch, pointer

_TEXTS = {
    "name": "/name",
    "description": "/description",
    "api_key_source": "/apiKeySource",
    "disable_execute_api_endpoint": "/disableExecuteApiEndpoint",
}


def patches(changes: Changes) -> Iterator[dict[str, str]]:
    """The operations of UpdateRestApi for these changes; parts of the definition have none."""
    for name, change in changes.items():
        after = change.after
        if name in _TEXTS:
            text = str(after).lower() if isinstance(after, bool) else str(after or "")
            yield patch(_TEXTS[name], text)
        elif name == "minimum_compression_size":
            yield patch("/minimumCompressionSize", None if after is None else str(after))
        elif name == "policy":
            yield patch("/policy", policy_text(cast("Any", after)) if after else "")
        elif name == "binary_media_types":
            yield from _members("/binaryMediaTypes/", change.before, after)
        elif name == "endpoint_configuration":
            yield from _endpoint(cast("Any", change.before), cast("Any", after))


def _members(path: str, before: Json, after: Json) -> Iterator[dict[str, str]]:
    old = {str(item) for item in before} if isinstance(before, list) else set()
    new = {str(item) for item in after} if isinstance(after, list) else set()
    for item in sorted(old - new):
        yield patch(path + pointer(item), None, op="remove")
    for item in sorted(new - old):
        yield patch(path + pointer(item), None, op="add")


def _endpoint(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    old, new = before["types"][0], after["types"][0]
    if old != new:
        yield patch(f"/endpointConfiguration/types/{old}", new)
    path = "/endpointConfiguration/vpcEndpointIds"
    has, wants = set(before.get("vpc_endpoint_ids") or ()), set(after.get("vpc_endpoint_ids") or ())
    for id_ in sorted(wants - has):
        yield patch(path, id_, op="add")
    for id_ in sorted(has - wants):
        yield patch(path, id_, op="remove")
