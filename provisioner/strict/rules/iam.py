"""IAM: what every rule about roles needs to know, and the rate of all calls."""

from __future__ import annotations

from provisioner.strict.rule import After, Answer, Call, Rule
from provisioner.strict.rules._policies import GRANTED, PRINCIPAL
from provisioner.strict.rules._rates import exceeds
from provisioner.strict.world import World

PER_SECOND = 15.0
BURST = 30.0


def _note_trust(world: World, call: Call, answer: Answer) -> None:
    """A role that is made, or trusts anew, is young: see `World.role_age`."""
    world.note("iam.role", call.params["RoleName"])


def _note_role(world: World, call: Call, answer: Answer) -> None:
    """A new role is not known to those who keep policies, and has none itself."""
    _note_trust(world, call, answer)
    world.note(PRINCIPAL, answer["Role"]["Arn"])
    granted = world.notes(GRANTED)
    for key in [key for key in granted if key.startswith(f"{call.params['RoleName']}|")]:
        del granted[key]


def _note_user(world: World, call: Call, answer: Answer) -> None:
    world.note(PRINCIPAL, answer["User"]["Arn"])


def _note_inline(world: World, call: Call, answer: Answer) -> None:
    params = call.params
    _grant(world, f"{params['RoleName']}|{params['PolicyName']}", params["PolicyDocument"])


def _note_attached(world: World, call: Call, answer: Answer) -> None:
    key = f"{call.params['RoleName']}|{call.params['PolicyArn']}"
    world.notes(GRANTED).setdefault(key, [(world.now, None)])


def _note_detached(world: World, call: Call, answer: Answer) -> None:
    world.notes(GRANTED).pop(f"{call.params['RoleName']}|{call.params['PolicyArn']}", None)


def _note_version(world: World, call: Call, answer: Answer) -> None:
    arn = call.params.get("PolicyArn") or answer["Policy"]["Arn"]
    _grant(world, arn, call.params["PolicyDocument"])


def _grant(world: World, which: str, document: str) -> None:
    """A policy counts some seconds after it was put."""
    world.notes(GRANTED).setdefault(which, []).append((world.now, document))


def _refuse_too_many(world: World, call: Call) -> Answer | None:
    if exceeds(world, "iam", PER_SECOND, BURST):
        world.refuse("Throttling", "Rate exceeded")
    return None


WATCHES: dict[str, After] = {
    "iam.CreateRole": _note_role,
    "iam.UpdateAssumeRolePolicy": _note_trust,
    "iam.CreateUser": _note_user,
    "iam.PutRolePolicy": _note_inline,
    "iam.AttachRolePolicy": _note_attached,
    "iam.DetachRolePolicy": _note_detached,
    "iam.CreatePolicy*": _note_version,
}
RULES = (
    Rule(
        name="iam.rate",
        source="IAM: throttling; IAM User Guide, IAM and AWS STS quotas",
        says="An account's calls to IAM are taken at some 15 a second; more are Throttling.",
        before={"iam.*": _refuse_too_many},
    ),
)
