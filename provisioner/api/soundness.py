"""What can be wrong with a stack without asking AWS."""

from __future__ import annotations

from provisioner.errors import PlanError
from provisioner.stack import Stack
from provisioner.stack.graph import build


def same_stack(name: str, wanted: Stack | None) -> None:
    """A manifest at hand has to be sound, and of this very stack."""
    if wanted:
        if wanted.name != name:
            raise PlanError(f"The manifest is of stack {wanted.name}, not of {name}.")
        check(wanted)


def check(stack: Stack) -> None:
    """Everything that can be wrong without asking AWS."""
    stack.check()
    build(stack)
