"""Entries as text: what is written is read as it was meant, and nothing else is touched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.errors import ManifestError
from provisioner.manifest.writing import Addition, added_to, text_of
from provisioner.manifest.yamltree import parse

WORDS = st.one_of(
    st.sampled_from(["yes", "010", "1e3", "null", "~", "2012-10-17", "1:30", "", " ", "- a", "#x"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=90),
    st.text("ab: {}[],'\"\n\t#&*!|>%@`$", max_size=20),
)
KEYS = st.text("abcXYZ_-.*/1", min_size=1, max_size=20).filter(lambda key: not key.isdigit())
VALUES: Any = st.recursive(
    st.one_of(WORDS, st.integers(), st.booleans(), st.floats(-1e6, 1e6), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from("abcd"), inner, max_size=4)
    ),
    max_leaves=12,
)
MANIFEST = """\
# The clinic's own.
stack: clinic

resources:
    key: {kind: kms.key, alias: alias/clinic}   # shared

    # The inbox.
    inbox:
        kind: sqs.queue
        queue_name: inbox

# What others ask for.
outputs:
    inbox: ${inbox.url}
"""
NEWS: Any = {"news": {"kind": "sns.topic", "name": "news"}}


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["one", "two"]), VALUES, min_size=1))
def test_what_is_written_is_read_as_it_was_meant(values: dict[str, Any]) -> None:
    """By this package's reader, which takes some words otherwise than YAML does."""
    text = text_of(Addition({}, {"it": {"kind": "x", **values}}))
    assert parse(text, "").value == {"resources": {"it": {"kind": "x", **values}}}


def test_entries_go_behind_those_that_are_there() -> None:
    """At their column, with every comment and everything else as it was."""
    added = added_to(MANIFEST, "stack.yaml", Addition({}, NEWS, {"news": ["TODO look at it"]}))
    before, after = MANIFEST.split("\n# What others")
    assert added == (
        f"{before}\n    # TODO look at it\n    news:\n      kind: sns.topic\n      name: news\n"
        f"\n# What others{after}"
    )


def test_sections_that_are_missing_are_made() -> None:
    """Variables, for what is secret."""
    secret: Any = {"token": {"secret": True}}
    added = added_to("stack: clinic\n", "stack.yaml", Addition(secret, NEWS))
    assert parse(added, "").value == {"stack": "clinic", "variables": secret, "resources": NEWS}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("resources:\n  news: {kind: sqs.queue}\n", "stack.yaml:2:3: 'news' stands here already"),
        ("resources: {a: {kind: sqs.queue}}\n", "stack.yaml:1:1: resources is written on one line"),
        ("resources:\n\t- x\n", "stack.yaml:2:1"),
    ],
)
def test_what_can_not_be_extended_is_told(text: str, says: str) -> None:
    """With its place; nothing is guessed."""
    with pytest.raises(ManifestError, match=says.replace("{", "\\{")):
        added_to(text, "stack.yaml", Addition({}, NEWS))
