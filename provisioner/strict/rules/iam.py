"""IAM: what is new is not known to others at once."""

from __future__ import annotations

from provisioner.strict.rule import After, Answer, Call, Rule
from provisioner.strict.world import World


def _note_role(world: World, call: Call, answer: Answer) -> None:
    """A role that is made, or trusts anew, is young: see `World.role_age`."""
    del answer
    world.note("iam.role", call.params["RoleName"])


WATCHES: dict[str, After] = {
    "iam.CreateRole": _note_role,
    "iam.UpdateAssumeRolePolicy": _note_role,
}
RULES: tuple[Rule, ...] = ()
