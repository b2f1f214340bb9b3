"""Who uses a key, as far as the key itself tells: by grants, and by other aliases.

A grant stands for a table, a function, a volume, which it names in its encryption context. One
whose grantee was deleted stays listed under an id, and gives nobody anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

from provisioner.aws.clients import Aws
from provisioner.aws.failures import unless_absent
from provisioner.lifecycle import Obstacle
from provisioner.quantities import counted, enumerated

Grant: TypeAlias = Mapping[str, Any]
"""A grant, as ListGrants answers it."""
DELETED = re.compile(r"A(ROA|IDA)[A-Z0-9]+")
"""What is left of a principal that was deleted."""
ABSENT = ("NotFoundException",)


def users(aws: Aws, id_: str, alias: str, ids: frozenset[str]) -> Iterator[Obstacle]:
    """Uses of a key by what is not deleted with it.

    Args:
        aws: clients.
        id_: of the key.
        alias: ours; another one is a name by which others use it.
        ids: of everything that is deleted with it.
    """
    kms = aws.client("kms")
    grants, aliases = aws.gather([partial(_grants, kms, id_), partial(aliases_of, kms, id_)])
    used = [grant for grant in grants if not _goes(grant, ids)]
    if used:
        names = enumerated([f"{_user(grant)} (grant {grant['GrantId']})" for grant in used], 3)
        yield Obstacle(
            f"the key is in use by {counted(len(used), 'grant')}: for {names}",
            f"Delete what uses it first. If that is gone, revoke the grant: "
            f"aws kms revoke-grant --key-id {id_} --grant-id {used[0]['GrantId']}",
        )
    if others := sorted({*aliases} - {alias}):
        yield Obstacle(
            f"others know the key as {enumerated(others)}",
            "Delete those aliases, or point them at another key.",
        )


def granted(kms: Any, id_: str, ids: frozenset[str]) -> Iterator[tuple[Grant, str]]:
    """Grants for what is none of these ids, each with what it is for, in words."""
    for grant in _grants(kms, id_):
        if not _goes(grant, ids):
            yield grant, f"{', '.join(grant.get('Operations', ()))} for {_user(grant)}"


def aliases_of(kms: Any, id_: str) -> list[str]:
    """The aliases of a key; none of one that does not exist."""
    pages = kms.get_paginator("list_aliases").paginate(KeyId=id_)
    listed = unless_absent(lambda: [one for page in pages for one in page["Aliases"]], *ABSENT)
    return [str(one["AliasName"]) for one in listed or ()]


def _grants(kms: Any, id_: str) -> list[Any]:
    pages = kms.get_paginator("list_grants").paginate(KeyId=id_)
    return unless_absent(lambda: [one for page in pages for one in page["Grants"]], *ABSENT) or []


def _goes(grant: Grant, ids: frozenset[str]) -> bool:
    """Whether a grant is for something that is deleted with the key, or for nobody any more."""
    grantee = str(grant.get("GranteePrincipal", ""))
    if DELETED.fullmatch(grantee):
        return True
    named = [grantee, *_context(grant).values()]
    return any(text in ids or re.split("[:/]", text)[-1] in ids for text in named)


def _user(grant: Grant) -> str:
    """What a grant is for: what its context names, account numbers apart; else who may use it."""
    context = [value for value in _context(grant).values() if not value.isdigit()]
    return context[0] if context else str(grant.get("GranteePrincipal", "somebody"))


def _context(grant: Grant) -> dict[str, str]:
    constraints = grant.get("Constraints", {})
    return {
        **constraints.get("EncryptionContextSubset", {}),
        **constraints.get("EncryptionContextEquals", {}),
    }
