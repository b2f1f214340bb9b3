"""Settings of methods on a stage: the model, its form of comparison, its patch operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from provisioner.lifecycle import Json, Spec
from provisioner.lifecycle.canonical import Canonical, without_empties
from provisioner.lifecycle.fields import Shape
from provisioner.resources._apigateway import patch, pointer

MethodPath = Annotated[
    str,
    Shape(
        r"\*/\*|/.*/(\*|[A-Z]+)", says="*/* for all methods, or /path/METHOD (//GET for the root)"
    ),
]


class MethodSetting(Spec):
    """How a stage runs one method, or all of them."""

    metrics_enabled: bool = False
    """Detailed metrics, one set for each method."""
    logging_level: Literal["OFF", "ERROR", "INFO"] = "OFF"
    """The execution log. The account needs a role for it: apigateway.account."""
    data_trace_enabled: bool = False
    """Logs requests and answers in full: never where they hold personal data."""
    throttling_rate_limit: Annotated[float | None, Field(ge=0)] = None
    """Calls a second. Unset: the account's limit."""
    throttling_burst_limit: Annotated[int | None, Field(ge=0)] = None
    """Calls at once. Unset: the account's limit."""
    caching_enabled: bool = False
    cache_ttl_in_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    cache_data_encrypted: bool = True
    require_authorization_for_cache_control: bool = True
    unauthorized_cache_control_header_strategy: Literal[
        "FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER"
    ] = "SUCCEED_WITH_RESPONSE_HEADER"


SETTINGS = {
    "metrics_enabled": ("metrics/enabled", "metricsEnabled"),
    "logging_level": ("logging/loglevel", "loggingLevel"),
    "data_trace_enabled": ("logging/dataTrace", "dataTraceEnabled"),
    "throttling_rate_limit": ("throttling/rateLimit", "throttlingRateLimit"),
    "throttling_burst_limit": ("throttling/burstLimit", "throttlingBurstLimit"),
    "caching_enabled": ("caching/enabled", "cachingEnabled"),
    "cache_ttl_in_seconds": ("caching/ttlInSeconds", "cacheTtlInSeconds"),
    "cache_data_encrypted": ("caching/dataEncrypted", "cacheDataEncrypted"),
    "require_authorization_for_cache_control": (
        "caching/requireAuthorizationForCacheControl",
        "requireAuthorizationForCacheControl",
    ),
    "unauthorized_cache_control_header_strategy": (
        "caching/unauthorizedCacheControlHeaderStrategy",
        "unauthorizedCacheControlHeaderStrategy",
    ),
}
"""Field → its path in a patch operation, its member in an answer."""

OF_A_CACHE = frozenset([*SETTINGS][6:])
"""What matters only while `caching_enabled` is true."""

UNLIMITED = -1
"""How a method without throttling of its own is sent and read."""


def as_method_settings(value: Json) -> Json:
    """Settings by method; those of a cache count only where there is one."""
    if not isinstance(value, dict):
        return without_empties(value)
    kept: dict[str, Json] = {
        path: {
            name: item
            for name, item in setting.items()
            if setting.get("caching_enabled") or name not in OF_A_CACHE
        }
        for path, setting in value.items()
        if isinstance(setting, dict)
    }
    return without_empties(kept)


METHOD_SETTINGS = Canonical(as_method_settings)


def observed_settings(answer: Mapping[str, Mapping[str, Any]]) -> dict[str, Json]:
    """AWS's `methodSettings`, all defaults filled in, by the path people write."""
    return {_path(key): _setting(item) for key, item in answer.items()}


def setting_patches(before: Json, after: Json) -> Iterator[dict[str, str]]:
    """Take out the methods that are not wanted, set every field of those that differ.

    AWS refuses to take out a single field, so each is sent with its value.
    """
    old, new = _mapping(before), _mapping(after)
    for path in sorted(old.keys() - new.keys()):
        yield patch(f"/{_key(path)}", None, op="remove")
    for path, setting in sorted(new.items()):
        if old.get(path) != setting:
            for name, value in _fields(_mapping(setting)):
                yield patch(f"/{_key(path)}/{SETTINGS[name][0]}", value)


def _fields(setting: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for name in SETTINGS:
        if name in setting:
            value = setting[name]
            yield name, str(value).lower() if isinstance(value, bool) else str(value)
        elif name.startswith("throttling"):
            yield name, str(UNLIMITED)


def _setting(item: Mapping[str, Any]) -> Json:
    setting = {
        name: item[member] for name, (_, member) in SETTINGS.items() if item.get(member) is not None
    }
    for name in ("throttling_rate_limit", "throttling_burst_limit"):
        if setting.get(name) == UNLIMITED:
            del setting[name]
    return {"logging_level": "OFF", **setting}


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _key(path: str) -> str:
    """`/data/POST` is `~1data/POST` to AWS."""
    place, _, method = path.rpartition("/")
    return f"{pointer(place)}/{method}"


def _path(key: str) -> str:
    place, _, method = key.rpartition("/")
    place = place.replace("~1", "/").replace("~0", "~")
    return f"{place if place == '*' or place.startswith('/') else '/' + place}/{method}"
