"""Keys of KMS."""

from __future__ import annotations

import json

from provisioner import Stack, apply
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._identity import role, settle, trust
from tests.strict.cases._keys import ROOT, admitting, key, stack


def name_at_once(client: Client) -> None:
    """Make a key and its alias next."""
    client("kms").create_alias(AliasName="alias/strict", TargetKeyId=key(client))


def schedule_twice(client: Client) -> None:
    """Schedule the deletion of a key, and again."""
    id_ = key(client)
    settle()
    client("kms").schedule_key_deletion(KeyId=id_)
    client("kms").schedule_key_deletion(KeyId=id_)


def through_its_states(ground: Ground) -> None:
    """A key is disabled, changed, enabled; scheduled by somebody else; and made anew."""
    off, on = stack(enabled=False), stack(enabled=True, rotation=False)
    ground.up(stack())
    ground.up(off)
    ground.up(stack(enabled=False, rotation=False))
    ground.up(on)
    kms = ground.plain("kms")
    first = kms.describe_key(KeyId="alias/strict")["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=first)
    kms.delete_alias(AliasName="alias/strict")
    ground.up(on)
    assert kms.describe_key(KeyId="alias/strict")["KeyMetadata"]["KeyId"] != first
    ground.down(on)


def admit_a_new_role(client: Client) -> None:
    """Make a role and a key whose policy names it."""
    key(client, Policy=json.dumps(admitting(role(client, "reader"))))


def admitted(ground: Ground) -> None:
    """A key is made with the role that it admits; and is changed to admit another."""
    first, second = Stack("strict"), Stack("strict")
    for made, name in ((first, "reader"), (second, "other")):
        reader = made.add("reader", "iam.role", role_name=name, assume_role_policy=trust())
        made.add("key", "kms.key", alias="alias/strict", policy=admitting(reader.arn))
    ground.through(first, second)


def lock_oneself_out(client: Client) -> None:
    """Make a key that a service alone may use."""
    policy = admitting(services=("s3.amazonaws.com",))
    policy["Statement"] = policy["Statement"][1:]
    key(client, Policy=json.dumps(policy))


def told_of_the_lockout(ground: Ground) -> None:
    """The run says what is wrong with the policy, at once, and makes no key."""
    policy = admitting(services=("s3.amazonaws.com",))
    policy["Statement"] = policy["Statement"][1:]
    started = ground.clock.monotonic()
    report = apply(ground.session, stack(policy=policy), ground.options)
    failed = [str(error) for error in report.outcome.failed.values()]
    assert any("will not allow you to update" in error for error in failed), failed
    assert ground.clock.monotonic() - started < 60
    assert ROOT not in str(ground.plain("kms").list_keys()["Keys"])
    ground.through(stack())


def many_keys(client: Client) -> None:
    """Make ten keys in a row."""
    for _ in range(10):
        key(client)


def many(ground: Ground) -> None:
    """Eight keys at once."""
    made = Stack("strict")
    for number in range(8):
        made.add(f"key_{number}", "kms.key", alias=f"alias/strict-{number}")
    ground.through(made)


CASES = [
    Case("kms.new-keys", name_at_once, "NotFoundException", lambda ground: ground.through(stack())),
    Case("kms.key-states", schedule_twice, "KMSInvalidStateException", through_its_states),
    Case("kms.policy-principals", admit_a_new_role, "MalformedPolicyDocumentException", admitted),
    Case(
        "kms.policy-lockout",
        lock_oneself_out,
        "MalformedPolicyDocumentException",
        told_of_the_lockout,
    ),
    Case("kms.rates", many_keys, "ThrottlingException", many),
]
