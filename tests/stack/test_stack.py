"""A stack built in Python says what is wrong with it, where, and what would be right."""

from __future__ import annotations

import pytest

from provisioner.errors import ManifestError
from provisioner.lifecycle import settings_of
from provisioner.stack import Stack

POLICY = {"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "${other.arn}"}]}


def test_handles_are_references() -> None:
    """A handle's attribute is the text a manifest would hold."""
    key = Stack("demo").add("key", "kms.key", alias="alias/a")
    assert key.arn == "${key.arn}"
    with pytest.raises(AttributeError, match="Did you mean 'arn'"):
        _ = key.anr


def test_stack_tags_reach_every_taggable_resource_and_own_tags_win() -> None:
    """Default tags are put under a resource's own."""
    stack = Stack("demo", tags={"Team": "care", "Tier": "one"})
    stack.add("key", "kms.key", alias="alias/a", tags={"Tier": "two"})
    stack.add("leave", "lambda.permission", function_name="f", statement_id="s", principal="1" * 12)
    assert stack.resources["key"].settings["tags"] == {"Team": "care", "Tier": "two"}
    assert "tags" not in stack.resources["leave"].settings


@pytest.mark.parametrize(
    ("kind", "settings", "says"),
    [
        ("kms.kay", {}, "There is no kind 'kms.kay'. Did you mean 'kms.key'?"),
        ("kms.key", {}, "key.alias is missing."),
        ("kms.key", {"alias": 3}, "key.alias: wants a text, not 3."),
        ("kms.key", {"alias": "a"}, "key.alias: 'a' is not alias/ and letters"),
        ("kms.key", {"alias": "alias/a", "rotaton": True}, "Did you mean 'rotation'?"),
        ("kms.key", {"alias": "alias/a", "rotation": "yes"}, "wants true or false, not 'yes'"),
        ("kms.key", {"alias": "alias/" + "a" * 260}, "AWS takes at most 256"),
        ("kms.key", {"alias": "alias/a", "policy": "{"}, "the policy is not JSON"),
        ("kms.key", {"alias": "alias/a", "tags": {"aws:x": "y"}}, "'aws:x' is reserved"),
    ],
)
def test_bad_settings_are_told_at_once(kind: str, settings: dict[str, object], says: str) -> None:
    """What can't be right is refused where it is written."""
    with pytest.raises(ManifestError) as caught:
        Stack("demo").add("key", kind, **settings)  # type: ignore[arg-type]
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["var", "env", "account", "1key", "a.b", ""])
def test_addresses_that_would_be_ambiguous_are_refused(name: str) -> None:
    """An address can't be a word that references use otherwise."""
    with pytest.raises(ManifestError):
        Stack("demo").add(name, "kms.key", alias="alias/a")


def test_a_reference_to_nothing_names_the_nearest() -> None:
    """A dangling reference says what was probably meant."""
    stack = Stack("demo")
    stack.add("otter", "kms.key", alias="alias/b")
    stack.add("key", "kms.key", alias="alias/a", policy=POLICY)
    stack.output("x", "${key.nope}")
    with pytest.raises(ManifestError) as caught:
        stack.check()
    assert "no resource 'other'. Did you mean 'otter'?" in str(caught.value)
    assert "kms.key has no attribute 'nope'" in str(caught.value)


def test_two_resources_can_not_share_an_address() -> None:
    """The second is refused."""
    stack = Stack("demo")
    stack.add("key", "kms.key", alias="alias/a")
    with pytest.raises(ManifestError, match="already a resource"):
        stack.add("key", "kms.key", alias="alias/b")


def test_an_escaped_reference_is_a_literal() -> None:
    """IAM's own variables pass as `$${aws:username}`."""
    stack = Stack("demo")
    stack.add("key", "kms.key", alias="alias/a", description="for $${aws:username}")
    stack.check()
    spec = stack.resources["key"].resolved(lambda _: None).spec
    assert spec.model_dump()["description"] == "for ${aws:username}"


def test_an_empty_field_is_an_absent_one() -> None:
    """`null` in a manifest and None in Python take a field away, whatever its shape."""
    stack = Stack("demo")
    stack.add("topic", "sns.topic", name="a", display_name=None)
    stack.add("group", "logs.log_group", log_group_name="b", kms_key=None, retention_in_days=None)
    for resource in stack:
        spec = resource.resolved(lambda _: None).spec
        assert {"display_name", "kms_key"}.isdisjoint(settings_of(spec))
