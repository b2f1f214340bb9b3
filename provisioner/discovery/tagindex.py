"""AWS's own index of tags: it names what is ours where somebody else's object forbids a search.

A service without a filter for tags has to be searched object by object, and one of them may be
closed to us. The index lags minutes behind and knows not all kinds. So it only adds: nothing is
concluded from what it leaves out.
API: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from provisioner.aws.clients import Aws
from provisioner.lifecycle import STACK_TAG

TYPES: Mapping[str, tuple[str, str]] = {
    "dynamodb.table": ("dynamodb:table", "/"),
    "kms.key": ("kms:key", "/"),
    "lambda.function": ("lambda:function", ":"),
    "s3.bucket": ("s3", ":"),
    "sns.topic": ("sns", ""),
    "sqs.queue": ("sqs", ":"),
}
"""Kinds whose objects may be closed to us one by one: the index's name of each, and what precedes
the id in an ARN; empty where the ARN is the id."""


def ids_in_index(aws: Aws, kinds: Iterable[str], stack: str | None) -> dict[str, list[str]]:
    """The ids of what carries the stack's tag, or that of any stack, by kind. One call a page."""
    types = {kind: TYPES[kind] for kind in kinds if kind in TYPES}
    if not types:
        return {}
    pages = (
        aws.client("resourcegroupstaggingapi")
        .get_paginator("get_resources")
        .paginate(
            TagFilters=[{"Key": STACK_TAG, "Values": [stack] if stack else []}],
            ResourceTypeFilters=[name for name, _ in types.values()],
        )
    )
    arns = [item["ResourceARN"] for page in pages for item in page["ResourceTagMappingList"]]
    ids: dict[str, list[str]] = defaultdict(list)
    for arn in arns:
        for kind, (name, before) in types.items():
            if arn.split(":")[2] == name.partition(":")[0]:
                ids[kind].append(arn.rpartition(before)[2] if before else arn)
    return dict(ids)
