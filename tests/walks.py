"""How many of all points a test walks: a spread sample, or, if asked for, each one.

`EVERY_POINT=1 python -m pytest -k killed_at_any_call` walks them all; `scripts/crash-matrix` does.
"""

from __future__ import annotations

import os


def one_in(number: int) -> int:
    """The stride of a walk: 1 where every point was asked for."""
    return 1 if os.environ.get("EVERY_POINT") else number
