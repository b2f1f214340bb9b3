"""What a person chose of a stack: some of it, all but some, some of it made anew."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from provisioner.errors import PlanError, nearest


@dataclass(frozen=True)
class Selection:
    """Addresses by what is asked of them; by default everything is chosen.

    Attributes:
        target: only these, with what they need.
        exclude: all but these, and but what needs them.
        replace: made anew though nothing differs; data-holding ones still have to be allowed.
    """

    target: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    replace: frozenset[str] = frozenset()

    def check(self, known: Collection[str]) -> None:
        """Refuse what is in no manifest and in no record.

        Raises:
            PlanError: naming the nearest known address for each.
        """
        unknown = sorted((self.target | self.exclude | self.replace) - {*known})
        if unknown:
            told = [f"there is no resource {name!r}. {nearest(name, known)}" for name in unknown]
            raise PlanError(f"Nothing was planned: {'; '.join(one.strip() for one in told)}")


ALL = Selection()
