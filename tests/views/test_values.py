"""Values as people read them."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.views.values import LONGEST, abridged, apart, shown, whole, with_references


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (1, 2, [("", 1, 2)]),
        (None, "x", [("", None, "x")]),
        ([1, 2], [2, 3], [("", 1, None), ("", None, 3)]),
        ([1, 2], [2, 1], [("", [1, 2], [2, 1])]),
        (None, [1], [("", None, 1)]),
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}}, [("b.c", 2, 3)]),
        ({"a": [1]}, {"a": [1, 2]}, [("a", None, 2)]),
        ({"a": 1}, None, [("a", 1, None)]),
        ({"a": 1}, [1], [("", {"a": 1}, [1])]),
    ],
)
def test_what_differs_is_told_where_it_stands(before: Any, after: Any, told: Any) -> None:
    """Mappings by key, lists by item, anything else as it is."""
    assert [*apart(before, after)] == told


def test_of_long_values_the_difference_is_seen() -> None:
    """Two texts that differ after what fits on a line don't look the same."""
    before, after = "a" * 200 + "x" + "b" * 200, "a" * 200 + "y" + "b" * 200
    first, second = abridged(before, after)
    assert first != second
    assert max(len(first), len(second)) <= LONGEST
    assert ("x" in first, "y" in second) == (True, True)
    assert abridged("short", "other") == ("short", "other")


def test_what_is_not_known_yet_is_named() -> None:
    """Never a blank and never `${…}`; what is escaped is what it stands for."""
    value: Any = {"arn": "arn:${vpc.id}/x", "list": ["${account}", "$${literal.text}"], "n": 1}
    assert with_references(value) == {
        "arn": "arn:⟨id of vpc⟩/x",
        "list": ["⟨account⟩", "${literal.text}"],
        "n": 1,
    }


def test_absent_is_a_word_and_whole_is_whole() -> None:
    """Nothing is shown as nothing."""
    assert shown(None) == "(unset)"
    assert shown({"a": "ä"}) == '{"a": "ä"}'
    assert whole({"a": ["x" * 300]}) == ["a:", f"- {'x' * 300}"]
