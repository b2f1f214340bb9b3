"""Resource policies that always refuse plain HTTP: one statement, added and taken off again.

A kind with `tls_only` sends the person's policy with this statement, and shows it without.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from provisioner.lifecycle import Json, Settings
from provisioner.lifecycle.canonical import as_policy

SID = "RefuseInsecureTransport"


def refusal(action: str, resources: Sequence[str]) -> dict[str, Json]:
    """The statement that refuses every call without TLS (45 CFR 164.312(e)(1))."""
    return {
        "Sid": SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resources[0] if len(resources) == 1 else [*resources],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def joined(
    policy: Mapping[str, Json] | None, extra: Sequence[Mapping[str, Json]]
) -> dict[str, Json] | None:
    """A policy with statements of ours put behind it; None if there are none at all."""
    statements = [*_statements(policy), *(dict(one) for one in extra)]
    if not statements:
        return None
    head = {key: value for key, value in (policy or {}).items() if key != "Statement"}
    return {"Version": "2012-10-17", **head, "Statement": [*statements]}


def parted(
    policy: Mapping[str, Json] | None, wanted: Mapping[str, Json]
) -> tuple[dict[str, Json] | None, bool]:
    """The policy without a statement of ours, and whether that stood in it as it should."""
    statements = _statements(policy)
    ours = [one for one in statements if isinstance(one, dict) and one.get("Sid") == wanted["Sid"]]
    right = as_policy({"Statement": [dict(wanted)]})
    there = bool(ours) and all(as_policy({"Statement": [one]}) == right for one in ours)
    rest = [one for one in statements if one not in ours]
    if not rest:
        return None, there
    return {**(policy or {}), "Statement": [*rest]}, there


def parsed(text: object) -> dict[str, Json] | None:
    """A policy from AWS's text; None if there is none."""
    if not isinstance(text, str) or not text:
        return None
    document = json.loads(text)
    return document if isinstance(document, dict) else None


def without_tls(settings: Settings) -> list[str]:
    """Calls without TLS."""
    return ["calls without TLS"] if settings.get("tls_only") is False else []


def denies(policy: Json, actions: Sequence[str]) -> bool:
    """Whether a statement of a policy denies one of these actions to somebody.

    The statement that refuses plain HTTP denies everything to nobody who comes by TLS.
    """
    statements = _statements(policy if isinstance(policy, dict) else None)
    return any(
        isinstance(one, dict)
        and one.get("Effect") == "Deny"
        and not _only_without_tls(one.get("Condition"))
        and any(_fits(one, action) for action in actions)
        for one in statements
    )


def _only_without_tls(condition: Json) -> bool:
    tests = condition.get("Bool") if isinstance(condition, dict) and len(condition) == 1 else None
    return isinstance(tests, dict) and [key.lower() for key in tests] == ["aws:securetransport"]


def _fits(statement: Mapping[str, Json], action: str) -> bool:
    named = statement.get("Action", [])
    patterns = named if isinstance(named, list) else [named]
    return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in patterns)


def _statements(policy: Mapping[str, Json] | None) -> list[Json]:
    found = (policy or {}).get("Statement", [])
    return [*found] if isinstance(found, list) else [found]
