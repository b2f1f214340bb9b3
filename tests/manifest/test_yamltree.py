"""Strict YAML: what is read, as what; what is refused, and where; JSON comes back as it was."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import JsonValue

from provisioner.errors import ManifestError, Place
from provisioner.manifest.yamltree import parse

SURPRISING = (
    *("yes", "no", "on", "off", "y", "n", "Yes", "NO", "On", "OFF"),
    *("010", "0x1f", "0o17", "0b11", "1_000", "1:30", "07:00", "190:20:30"),
    *("2012-10-17", "2012-10-17T10:00:00Z"),
    *(".", "1.2.3", ".nan", ".inf", "1e999", "<<", "=", "tRUE"),
)
VALUES: dict[str, JsonValue] = {
    "true": True,
    "True": True,
    "false": False,
    "FALSE": False,
    "null": None,
    "~": None,
    "Null": None,
    "": None,
    "0": 0,
    "3": 3,
    "-7": -7,
    "+7": 7,
    "123456789012": 123456789012,
    "12345678901234567890123": 12345678901234567890123,
    "1.5": 1.5,
    "-0.25": -0.25,
    "1e3": 1000.0,
    "1.0e+20": 1e20,
    "2.": 2.0,
    ".5": 0.5,
    "'3'": "3",
    '"true"': "true",
    "'~'": "~",
    "''": "",
    "'2012-10-17'": "2012-10-17",
    "[]": [],
    "{}": {},
    "[1, [b]]": [1, ["b"]],
    "{b: {c: 1}}": {"b": {"c": 1}},
    "|\n  b\n  c\n": "b\nc\n",
    ">-\n  b\n  c\n": "b c",
}
REFUSED: dict[str, tuple[str, list[tuple[int, int]], str]] = {
    # name: text, line and column of every problem, part of the message
    "anchor": ("a: &x foo\n", [(1, 4)], "&x"),
    "anchor of a mapping": ("a: &x\n  b: c\n", [(1, 4)], "&x"),
    "anchor of a key": ("&x a: 1\n", [(1, 1)], "&x"),
    "alias of a text": ("a: &x foo\nb: *x\n", [(1, 4), (2, 4)], "write it out"),
    "alias of a mapping": ("a: &x {b: c}\nd: *x\n", [(1, 4), (2, 4)], "write it out"),
    "alias of itself": ("a: &x [*x]\n", [(1, 4), (1, 8)], "write it out"),
    "alias of nothing": ("a: *x\n", [(1, 4)], "*x"),
    "alias as a key": ("a: &x b\n*x : c\n", [(1, 4), (2, 1)], "write it out"),
    "merge key": ("a:\n  <<: {b: c}\n", [(2, 3)], "Merge keys"),
    "tag": ("a: !Ref b\n", [(1, 4)], "The tag !Ref"),
    "tag of a mapping": ("a: !Sub {b: c}\n", [(1, 4)], "The tag !Sub"),
    "tag of a key": ("!x a: b\n", [(1, 1)], "The tag !x"),
    "standard tag": ("a: !!str 1\n", [(1, 4)], "The tag !!str"),
    "tag of Python": ("a: !!python/none\n", [(1, 4)], "!!python/none"),
    "bare tag": ("a: ! b\n", [(1, 4)], "The tag !"),
    "number as a key": ("200: a\n", [(1, 1)], "The key 200 is no text; put it in quotes."),
    "boolean as a key": ("a:\n  true: b\n", [(2, 3)], "The key true is no text"),
    "null as a key": ("~: b\n", [(1, 1)], "The key ~ is no text"),
    "list as a key": ("? [a]\n: b\n", [(1, 3)], "must be a text"),
    "mapping as a key": ("? {a: b}\n: c\n", [(1, 3)], "must be a text"),
    "empty key": ('"": b\n', [(1, 1)], "must not be empty"),
    "key twice": ("a: 1\nb: 2\n'a': 3\n", [(3, 1)], "'a' stands here a second time"),
    "key thrice": ("a: 1\na: 2\na: 3\n", [(2, 1), (3, 1)], "the first is at f:1:1"),
    "key twice within": ("- {b: 1, b: 2}\n", [(1, 10)], "'b' stands here a second time"),
    "two documents": ("a: 1\n---\nb: 1\n", [(2, 1)], "one document"),
    "tab": ("a:\n\tb: 1\n", [(2, 1)], "tab"),
    "open list": ("a: [b\n", [(2, 1)], "no YAML"),
    "open text": ('a: "b\n', [(2, 1)], "no YAML"),
    "bad indent": ("a: 1\n b: 2\n", [(2, 3)], "no YAML"),
    "unknown escape": ('a: "\\q"\n', [(1, 5)], "no YAML"),
    "control character": ('a: 1\nb: "x\x07"\n', [(2, 6)], "no YAML"),
    "reserved sign": ("a: @b\n", [(1, 4)], "no YAML"),
    "deep list": ("a: " + "[" * 99 + "]" * 99, [(1, 63)], "too deeply"),
    "several": ("a: !x 1\nb: 1\nb: 2\n3: 4\n", [(1, 4), (3, 1), (4, 1)], "second time"),
}


@pytest.mark.parametrize("text", SURPRISING)
def test_surprising_scalars_are_texts(text: str) -> None:
    """YAML 1.1's guesses are not made: no other boolean, no octal, no sexagesimal, no date."""
    assert parse(f"a: {text}\n", "f").value == {"a": text}


@pytest.mark.parametrize("text", VALUES)
def test_a_value_is_what_it_looks_like(text: str) -> None:
    """Numbers keep their digits, quoted texts stay texts, true and false are the booleans."""
    value = parse(f"a: {text}\n", "f").value
    assert value == {"a": VALUES[text]}
    assert isinstance(value, dict)
    assert type(value["a"]) is type(VALUES[text])


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_told_with_its_place(name: str) -> None:
    """Every problem of the file, in its order, in a sentence."""
    text, places, message = REFUSED[name]
    with pytest.raises(ManifestError) as caught:
        parse(text, "f")
    problems = caught.value.problems
    assert [problem.place for problem in problems] == [Place("f", *place) for place in places]
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n", "# a remark\n", "---\n", "---\n...\n"])
def test_nothing_is_null(text: str) -> None:
    """An empty file holds nothing, and that is no error."""
    assert parse(text, "f").value is None


@pytest.mark.parametrize("text", ["[" * 1_000_000, "{a: " * 300_000, "- " * 300_000, "? " * 99_999])
def test_no_depth_brings_the_process_down(text: str) -> None:
    """Nesting without end is refused before anything calls itself for every level of it."""
    with pytest.raises(ManifestError, match="nested too deeply"):
        parse(text, "f")


def test_every_key_and_item_has_its_place() -> None:
    """Also behind a byte order mark, with CRLF, in flow style, with characters beyond ASCII."""
    tree = parse("\ufeffa:\r\n  - {ä: 1, c: 2}\r\n  - d\r\n", "dir/f.yaml")
    assert tree.value == {"a": [{"ä": 1, "c": 2}, "d"]}
    assert {path: (place.line, place.column) for path, place in tree.places.items() if path} == {
        ("a",): (1, 1),
        ("a", 0): (2, 5),
        ("a", 0, "ä"): (2, 6),
        ("a", 0, "c"): (2, 12),
        ("a", 1): (3, 5),
    }
    assert {place.file for place in tree.places.values()} == {"dir/f.yaml"}


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(SURPRISING)
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=8), inner)
    ),
    max_leaves=12,
)


def looks_like_a_number(text: str) -> bool:
    """PyYAML writes texts such as 1e5 without quotes; JSON calls them numbers, and so do we."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def texts_of(tree: JsonValue) -> list[str]:
    """Every text and key of a tree."""
    if isinstance(tree, dict):
        return [*tree, *(text for item in tree.values() for text in texts_of(item))]
    if isinstance(tree, list):
        return [text for item in tree for text in texts_of(item)]
    return [tree] if isinstance(tree, str) else []


@given(TREES, st.sampled_from([True, False, None]))
def test_what_was_dumped_as_yaml_is_read_back(tree: JsonValue, style: bool | None) -> None:  # noqa: FBT001
    """Values and their types, in block and in flow style."""
    assume(not any(looks_like_a_number(text) for text in texts_of(tree)))
    dumped = yaml.safe_dump(tree, default_flow_style=style, allow_unicode=True, sort_keys=False)
    assert json.dumps(parse(dumped, "f").value) == json.dumps(tree)


@given(TREES, st.sampled_from([None, 2]))
def test_json_is_read_as_json(tree: JsonValue, indent: int | None) -> None:
    """Every JSON file is a YAML file that says the same."""
    dumped = json.dumps(tree, indent=indent)
    assume("\\ud" not in dumped and "\x7f" not in dumped)  # halves of a character are no YAML
    assert json.dumps(parse(dumped, "f").value) == json.dumps(tree)


PIECES = st.sampled_from(
    [
        *"ab:-?[]{},&*!|>'\"%@`#~=<. \n\t\r0",
        ": ",
        "- ",
        "\n  ",
        "<<",
        "---\n",
        "...\n",
        "${",
        "\x85",
    ]
)


@given(st.text(max_size=60) | st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No input makes anything but a value, or problems each with line and column."""
    try:
        json.dumps(parse(text, "f").value, allow_nan=False)
    except ManifestError as error:
        assert error.problems  # noqa: PT017
        assert all(item.place and item.place.line and item.place.column for item in error.problems)  # noqa: PT017
