"""Lines that are longer than the screen go on below, hanging, so that a list stays a list."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.text import Text

HANG = 4
"""Columns that what goes on is moved in by."""
NARROWEST = 16
"""Of the columns that hold text, however deep it hangs."""
WORD = re.compile(r"(?:⟨[^⟩]*⟩|\S)+\s*")
"""What is not broken: a word, or what stands for a value that is not known yet."""
LEAD = re.compile("[ │├└─]*")
"""What stands before a line: blanks, or the branches of a tree."""
BELOW = str.maketrans("├└─", "│  ")
"""How branches go on below the line they lead to."""


def hung(text: Text, width: int) -> Text:
    """The text in lines of at most that many columns; nothing of it is left out.

    It is broken at blanks; a word that is longer than a line is broken where it has to be.
    """
    return Text("\n").join(_hung(line, width) for line in text.split("\n", allow_blank=True))


def _hung(line: Text, width: int) -> Text:
    plain = line.plain
    branch = LEAD.match(plain)
    lead = branch.group() if branch else ""
    below = (lead.translate(BELOW) + " " * HANG)[: max(width - NARROWEST, 0)]
    first, *rest = line.divide([*_cuts(plain, width, len(lead), len(below))])
    first.rstrip()
    for piece in rest:
        piece.rstrip()
    return Text("\n").join([first, *(Text(below) + piece for piece in rest)])


def _cuts(plain: str, width: int, indent: int, hang: int) -> Iterator[int]:
    """Where each line but the first begins."""
    room, start = width, 0
    for word in WORD.finditer(plain):
        begin, length = word.start(), len(word.group().rstrip())
        if begin + length - start > room and begin > max(start, indent):
            yield begin
            start, room = begin, width - hang
        while begin + length - start > room:
            start, room = start + room, width - hang
            yield start
