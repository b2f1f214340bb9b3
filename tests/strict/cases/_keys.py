"""Keys that the cases stand on."""

from __future__ import annotations

from typing import Any

from provisioner import Stack
from tests.strict.case import Client

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def admitting(*principals: str, services: tuple[str, ...] = ()) -> dict[str, Any]:
    """A key policy that lets the account, others of it, and services use the key."""
    allow = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    named: list[dict[str, Any]] = [{**allow, "Principal": {"AWS": [ROOT, *principals]}}]
    named += [{**allow, "Principal": {"Service": service}} for service in services]
    return {"Version": "2012-10-17", "Statement": named}


def key(client: Client, **request: Any) -> str:
    """Make a key; its id."""
    return str(client("kms").create_key(**request)["KeyMetadata"]["KeyId"])


def stack(**settings: Any) -> Stack:
    """One key."""
    made = Stack("strict")
    made.add("key", "kms.key", **{"alias": "alias/strict", **settings})
    return made
