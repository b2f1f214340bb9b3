"""The rate of calls to IAM."""

from __future__ import annotations

from provisioner import Stack
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._identity import READING, role, trust


def many_roles(client: Client) -> None:
    """Make forty roles in a row."""
    for number in range(40):
        role(client, f"reader-{number}")


def many(ground: Ground) -> None:
    """Six roles, each with a policy, at once."""
    stack = Stack("strict")
    for number in range(6):
        stack.add(
            f"reader_{number}",
            "iam.role",
            role_name=f"reader-{number}",
            assume_role_policy=trust(),
            inline_policies={"read": READING},
        )
    ground.through(stack)


CASES = [Case("iam.rate", many_roles, "Throttling", many)]
