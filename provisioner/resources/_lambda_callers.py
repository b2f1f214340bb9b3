"""What calls a function beside its permissions: a URL of its own, and mappings of event sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from provisioner.aws.clients import Aws
from provisioner.aws.failures import absent_is_success
from provisioner.lifecycle import Extra, Settings

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

URL, SOURCE = "function URL", "event source"


def extras(
    aws: Aws,
    applied: Mapping[str, Settings],
    ids: frozenset[str],
) -> Mapping[str, Sequence[Extra]]:
    """What calls it that nobody declared: its URL, one call each; event sources, one for all."""
    del ids
    client = aws.client("lambda")
    urls = dict(zip(applied, aws.gather([partial(_url, client, n) for n in applied]), strict=True))
    pages = client.get_paginator("list_event_source_mappings").paginate()
    for one in [one for page in pages for one in page["EventSourceMappings"]]:
        name = one["FunctionArn"].split(":")[6]
        if name in urls:
            says = f"from {one.get('EventSourceArn', 'its own sources')}"
            urls[name].append(Extra(SOURCE, one["UUID"], says))
    return urls


def remove_extra(aws: Aws, id_: str, extra: Extra) -> None:
    """Delete the URL, or the mapping."""
    client = aws.client("lambda")
    with absent_is_success("ResourceNotFoundException"):
        if extra.what == URL:
            client.delete_function_url_config(FunctionName=id_)
        else:
            client.delete_event_source_mapping(UUID=extra.id)


def _url(client: LambdaClient, name: str) -> list[Extra]:
    try:
        found = client.get_function_url_config(FunctionName=name)
    except client.exceptions.ResourceNotFoundException:
        return []
    auth = found["AuthType"]
    says = "open to everybody" if auth == "NONE" else f"calls are authorized by {auth}"
    return [Extra(URL, found["FunctionUrl"], says)]
