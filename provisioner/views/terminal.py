"""The two streams of a command: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue
from rich.console import Console
from rich.text import Text


@dataclass
class Terminal:
    """Where a command prints.

    Attributes:
        json: results are JSON, one document a line; nothing else reaches stdout.
        quiet: nothing but errors reaches stderr.
    """

    json: bool = False
    quiet: bool = False

    @cached_property
    def out(self) -> Console:
        """Stdout, as wide as it is; 100 columns when it is no terminal."""
        return Console(highlight=False, soft_wrap=True)

    @cached_property
    def err(self) -> Console:
        """Stderr."""
        return Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, text: str | Text) -> None:
        """A line of the result, for people."""
        if not self.json:
            self.out.print(text)

    def tell(self, document: Mapping[str, JsonValue]) -> None:
        """A line of the result, for programs."""
        if self.json:
            sys.stdout.write(json.dumps(document) + "\n")
            sys.stdout.flush()

    def note(self, text: str | Text) -> None:
        """A remark beside the result."""
        if not self.quiet:
            self.err.print(text)


def utc(time: str) -> str:
    """An ISO time in UTC, as people read it."""
    return f"{time[:19].replace('T', ' ')} UTC" if time else ""
