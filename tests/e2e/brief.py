"""The command line for tests that kill it: its lease lasts so many seconds, and so does the doubt
whether an object that is not seen was made a moment ago.

    python -m tests.e2e.brief 1.5 apply MANIFEST

The embedded AWS shows at once what was made, so that waiting longer proves nothing.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from provisioner import cli
from provisioner.cli.surroundings import Surroundings
from provisioner.discovery import freshness
from provisioner.lifecycle import creating
from provisioner.operations.desk import Options


def main(seconds: float, words: list[str]) -> None:
    """Run one command."""
    usual = Surroundings.options

    def brief(self: Surroundings, **given: Any) -> Options:
        return replace(usual(self, **given), lease=seconds)

    Surroundings.options = brief  # type: ignore[method-assign]
    creating.VISIBLE = freshness.VISIBLE = seconds  # type: ignore[attr-defined]
    cli.main(words)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
