"""What a person allowed by name, of what a plan would else refuse."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Allowances:
    """What a person allowed by name.

    Attributes:
        adopt: bring objects that exist and are not ours to their specs.
        replace: addresses whose data-holding object may be replaced, with what it holds.
        empty: addresses whose object may be deleted with all that it holds.
        lift: addresses whose protection from deletion, set by somebody else, may be taken away.
    """

    adopt: bool = False
    replace: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    lift: frozenset[str] = frozenset()
