"""What others added to a key: grants, aliases, statements in a policy that was left to AWS."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from provisioner.aws.clients import Aws
from provisioner.aws.failures import absent_is_success
from provisioner.lifecycle import Extra, Json, Settings
from provisioner.lifecycle.canonical import as_policy
from provisioner.resources._kms_users import ABSENT, aliases_of, granted

GRANT, ALIAS, STATEMENT = "grant", "alias", "policy statement"


def extras(
    aws: Aws, applied: Mapping[str, Settings], ids: frozenset[str]
) -> Mapping[str, Sequence[Extra]]:
    """Grants, aliases, statements in a policy that was left to AWS; two or three calls a key."""
    kms = aws.client("kms")
    told = aws.gather([partial(_of_key, kms, id_, one, ids) for id_, one in applied.items()])
    return dict(zip(applied, told, strict=True))


def remove_extra(aws: Aws, id_: str, extra: Extra) -> None:
    """Revoke the grant, delete the alias, take the statement out of the policy."""
    kms = aws.client("kms")
    with absent_is_success(*ABSENT):
        if extra.what == GRANT:
            kms.revoke_grant(KeyId=id_, GrantId=extra.id)
        elif extra.what == ALIAS:
            kms.delete_alias(AliasName=extra.id)
        else:
            policy = _policy(kms, id_)
            kept = [one for one in policy["Statement"] if _name(one) != extra.id]
            text = json.dumps({**policy, "Statement": kept})
            kms.put_key_policy(KeyId=id_, PolicyName="default", Policy=text)


def chosen(settings: Settings) -> Settings:
    """AWS's default policy, and a year between rotations."""
    policy = settings.get("policy")
    default = isinstance(policy, dict) and not [*_added(policy)]
    return {"rotation_period_days": 365} | ({"policy": policy} if default else {})


def _of_key(kms: Any, id_: str, applied: Settings, ids: frozenset[str]) -> list[Extra]:
    found = [Extra(GRANT, grant["GrantId"], says) for grant, says in granted(kms, id_, ids)]
    found += [
        Extra(ALIAS, alias) for alias in aliases_of(kms, id_) if alias != applied.get("alias")
    ]
    if applied.get("policy") is None:
        found += [Extra(STATEMENT, _name(one), _told(one)) for one in _added(_policy(kms, id_))]
    return found


def _policy(kms: Any, id_: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        kms.get_key_policy(KeyId=id_, PolicyName="default")["Policy"]
    )
    return document


def _added(policy: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All but the one that leaves the key to the account's IAM policies."""
    for one in policy["Statement"]:
        principal = _canonical(one).get("Principal", {})
        whole = one.get("Effect") == "Allow" and one.get("Action") == "kms:*"
        named = principal.get("AWS") if isinstance(principal, dict) else None
        account = isinstance(named, list) and [str(who).isdigit() for who in named] == [True]
        if not (whole and account and "Condition" not in one):
            yield one


def _canonical(statement: Mapping[str, Any]) -> dict[str, Json]:
    policy: Any = as_policy({"Statement": [dict(statement)]})
    found: dict[str, Json] = policy["Statement"][0]
    return found


def _name(statement: Mapping[str, Any]) -> str:
    text = json.dumps(_canonical(statement), sort_keys=True)
    return str(statement.get("Sid") or f"no. {hashlib.sha256(text.encode()).hexdigest()[:8]}")


def _told(statement: Mapping[str, Any]) -> str:
    kept = {name: item for name, item in statement.items() if name not in {"Sid", "Resource"}}
    return json.dumps(kept, sort_keys=True)
