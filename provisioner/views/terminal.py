"""The two streams of a command: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rich.console import Console
from rich.text import Text

from provisioner.views.detail import Detail
from provisioner.views.wrapping import hung


@dataclass
class Terminal:
    """Where a command prints.

    Attributes:
        json: results are JSON, one document a line; nothing else reaches stdout.
        quiet: nothing but errors reaches stderr.
        detail: how much of a plan is shown.
    """

    json: bool = False
    quiet: bool = False
    detail: Detail = Detail.DEFAULT

    @cached_property
    def out(self) -> Console:
        """Stdout; lines are broken on a terminal only, so that what reads them gets them whole."""
        return Console(highlight=False, soft_wrap=True)

    @cached_property
    def err(self) -> Console:
        """Stderr."""
        return Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, text: str | Text) -> None:
        """A line of the result, for people."""
        if not self.json:
            self.out.print(fitted(text, self.out))

    def copy(self, text: str) -> None:
        """A line that another program reads, whatever the width of the screen."""
        if not self.json:
            sys.stdout.write(text + "\n")

    def tell(self, document: Mapping[str, object]) -> None:
        """A line of the result, for programs."""
        if self.json:
            sys.stdout.write(json.dumps(document) + "\n")
            sys.stdout.flush()

    def fail(self, text: Text) -> None:
        """A line of an error: said however quiet it is to be."""
        self.err.print(fitted(text, self.err))

    def note(self, text: str | Text) -> None:
        """A remark beside the result."""
        if not self.quiet:
            self.err.print(fitted(text, self.err))


def fitted(text: str | Text, console: Console) -> Text:
    """The text as it fits on a console that is a terminal."""
    line = Text(text) if isinstance(text, str) else text
    return hung(line, console.width) if console.is_terminal else line


def utc(time: str) -> str:
    """An ISO time in UTC, as people read it."""
    return f"{time[:19].replace('T', ' ')} UTC" if time else ""
