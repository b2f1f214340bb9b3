"""Tags between AWS's several forms and a plain mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict


class KeyValue(TypedDict):
    """`{"Key": …, "Value": …}`, the form of EC2, S3, IAM, SNS, DynamoDB, Events, CloudWatch."""

    Key: str
    Value: str


def tag_list(tags: Mapping[str, str]) -> list[KeyValue]:
    """As `[{"Key": …, "Value": …}]`, in a stable order."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def tag_dict(
    tags: Iterable[Mapping[str, str]] | Sequence[object] | None,
    key: str = "Key",
    value: str = "Value",
) -> dict[str, str]:
    """From a list of pairs, whatever the pair's members are called."""
    return {
        str(tag[key]): str(tag.get(value, "")) for tag in tags or () if isinstance(tag, Mapping)
    }
