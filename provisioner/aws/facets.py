"""Objects that AWS shows in several calls: read side by side, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from pydantic import JsonValue

from provisioner.aws.clients import Aws

Facet: TypeAlias = Callable[[str], Mapping[str, JsonValue] | None]
"""Reads one side of the object with this id; None says the object does not exist."""


def read_facets(
    aws: Aws, ids: Sequence[str], facets: Sequence[Facet]
) -> dict[str, dict[str, JsonValue]]:
    """Read every facet of every id side by side, and merge them per id.

    Ids of which any facet is None are left out.
    """
    answers = iter(aws.gather([partial(facet, id_) for id_ in ids for facet in facets]))
    merged: dict[str, dict[str, JsonValue]] = {}
    for id_ in ids:
        parts = [next(answers) for _ in facets]
        if all(part is not None for part in parts):
            merged[id_] = {key: value for part in parts for key, value in (part or {}).items()}
    return merged


def read_present(
    aws: Aws, ids: Sequence[str], first: Facet, others: Sequence[Facet]
) -> dict[str, dict[str, JsonValue]]:
    """Read the first facet of every id, and the others only of what is there.

    For kinds that are looked for by name: an absent one costs a single call.
    """
    found = read_facets(aws, ids, [first])
    rest = read_facets(aws, [*found], others)
    return {id_: found[id_] | more for id_, more in rest.items()}
