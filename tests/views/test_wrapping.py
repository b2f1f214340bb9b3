"""Lines that are longer than the screen."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.text import Text

from provisioner.views.wrapping import HANG, hung

WORDS = st.text(alphabet="abc⟩:/- ", max_size=120)


@settings(max_examples=100, deadline=None)
@given(WORDS, st.integers(min_value=20, max_value=80), st.integers(min_value=0, max_value=12))
def test_nothing_is_cut_and_nothing_is_too_long(words: str, width: int, indent: int) -> None:
    """Whatever stands in a line stands in the lines made of it, none of them too long."""
    plain = " " * indent + words.strip()
    lines = hung(Text(plain), width).plain.split("\n")
    assert max(map(len, lines)) <= width
    assert "".join("".join(lines).split()) == "".join(plain.split())


def test_what_goes_on_hangs_below_its_line() -> None:
    """So that the beginnings of lines stay a list; an id that fits on a line is not broken."""
    text = Text("  - delete  patients  arn:aws:dynamodb:eu-central-1:123456789012:table/patients")
    assert hung(text, 60).plain.split("\n") == [
        "  - delete  patients",
        "      arn:aws:dynamodb:eu-central-1:123456789012:table/patie",
        "      nts",
    ]
    assert hung(text, 70).plain.split("\n")[1] == " " * (2 + HANG) + text.plain.split()[3]
    assert hung(text, 200).plain == text.plain


def test_lines_within_a_line_stay_lines() -> None:
    """An error of several problems is one text."""
    text = Text("one\n\n  two is longer than a line\n")
    assert hung(text, 24).plain == "one\n\n  two is longer than a\n      line\n"


def test_colours_stay_on_their_words() -> None:
    """What is red before it is broken is red after."""
    text = Text.assemble("  aaaa ", ("bbbb cccc bbbb cccc", "red"), " dddd")
    broken = hung(text, 22)
    red = " ".join(broken.plain[span.start : span.end] for span in broken.spans)
    assert red.split() == ["bbbb", "cccc"] * 2
