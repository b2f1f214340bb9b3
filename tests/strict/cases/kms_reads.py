"""What KMS's reads show, and when."""

from __future__ import annotations

import json
from functools import partial

import pytest

from provisioner.errors import BlockedError
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._identity import role, settle
from tests.strict.cases._keys import admitting, key, stack


def look_for_the_alias(client: Client) -> None:
    """Make an alias and look for it."""
    kms = client("kms")
    id_ = key(client)
    kms.create_alias(AliasName="alias/strict", TargetKeyId=id_)
    assert [one["AliasName"] for one in kms.list_aliases(KeyId=id_)["Aliases"]] == ["alias/strict"]


def another_alias(ground: Ground) -> None:
    """A key gets another alias; a second apply sees it."""
    ground.through(stack(), stack(alias="alias/strict-2"))


def grant_twice(client: Client) -> None:
    """Ask twice for a grant, and count on there being two, one for each user of it."""
    grant = partial(
        client("kms").create_grant,
        KeyId=key(client),
        GranteePrincipal=role(client, "reader"),
        Operations=["Decrypt"],
        Name="reading",
    )
    first, second = grant(), grant()
    assert first["GrantId"] != second["GrantId"]


def granted(ground: Ground) -> None:
    """Grants that others made on a key of ours are no difference, and keep it until they go."""
    ground.up(stack())
    id_ = ground.plain("kms").describe_key(KeyId="alias/strict")["KeyMetadata"]["KeyId"]
    arn = role(ground.plain, "reader")
    kms = ground.aws.client("kms")
    for _ in range(2):
        kms.create_grant(KeyId=id_, GranteePrincipal=arn, Operations=["Decrypt"], Name="reading")
    [one] = ground.plain("kms").list_grants(KeyId=id_)["Grants"]
    ground.plain("iam").delete_role(RoleName="reader")
    ground.up(stack())
    with pytest.raises(BlockedError, match="in use by 1 grant"):
        ground.take_down(stack())
    kms.revoke_grant(KeyId=id_, GrantId=one["GrantId"])
    ground.down(stack())


def read_back(client: Client) -> None:
    """Change a key's policy and read it back."""
    kms = client("kms")
    id_ = key(client)
    settle()
    policy = admitting(services=("s3.amazonaws.com",))
    kms.put_key_policy(KeyId=id_, PolicyName="default", Policy=json.dumps(policy))
    found = json.loads(kms.get_key_policy(KeyId=id_, PolicyName="default")["Policy"])
    assert found == policy


def changed(ground: Ground) -> None:
    """A key changes in all its sides; the apply right behind it has nothing to do."""
    ground.through(
        stack(),
        stack(description="patients", rotation_period_days=120),
        stack(
            description="records",
            rotation=False,
            policy=admitting(services=("s3.amazonaws.com",)),
        ),
    )


CASES = [
    Case("kms.aliases-lag", look_for_the_alias, "", another_alias),
    Case("kms.named-grants", grant_twice, "", granted),
    Case("kms.stale-reads", read_back, "", changed),
]
