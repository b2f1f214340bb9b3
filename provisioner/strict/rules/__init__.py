"""AWS's rules, one module per service or part of one; all are found by walking this package.

To add a rule, write it into the `RULES` of a module here, and its case into the module of the same
name in `tests/strict/cases`. Nothing else has to be touched; docs/aws-fidelity.md is written by
`scripts/docs`.

A module has

- `RULES`: its rules. They are asked in the order in which they stand, the modules by their names;
  the first that refuses a call or answers it ends the asking.
- `UNPLAYED`: what AWS does and no rule plays, each with the reason. May be missing.
- `WATCHES`: `service.Operation` → what to write down of its answer, whatever rules are on. Only
  for what rules of several modules need to know, such as the age of a role. May be missing.

A rule looks at two moments of a call:

    def _refuse_while_used(world: World, call: Call) -> Answer | None:
        users = world.client("ec2").describe_network_interfaces(
            Filters=[{"Name": "subnet-id", "Values": [call.params["SubnetId"]]}]
        )["NetworkInterfaces"]
        if users:
            world.refuse("DependencyViolation", "The subnet … has dependencies …")
        return None

    def _pending(world: World, call: Call, answer: Answer) -> None:
        for vpc in answer["Vpcs"]:
            if world.age("ec2.created", vpc["VpcId"]) < 5:
                vpc["State"] = "pending"

`before` sees the call in the caller's parameters and lets it pass (None), refuses it, changes a
parameter (`call.params["CidrBlock"] = …`: what AWS stores in another form than it was sent), or
answers in AWS's place. `after` sees, and may change, the answer of a call that succeeded: states,
what is not visible yet, what AWS adds. It is the place to write down what happened, too, since it
does not run for a call that was refused.

How to write one that holds:

- **Look at the emulator, not into your memory**: `world.client(…)` meets no rule, and sees what was
  there before the layer, what came by another way, and what another rule keeps alive.
- **What AWS takes minutes to take away, take away late**: answer the delete yourself and hand the
  real one to `world.later(seconds, …)`. Every other rule then sees the object until it is gone.
- **Times are seconds of `world.clock`**, never a sleep and never a number of tries. Take the usual
  time, so that a wait that is too short, or none, fails.
- **Codes and messages are AWS's own**, to the word where they are known: callers match them.
- **A rule stands alone**: it has to bite with all others off, and nothing may break with it off.
- **Calls go on side by side**, only rules run one at a time. What another thread is just making is
  not there yet when you look: `world.others(call, "ec2.*")` tells what is under way.
- No emulator is imported here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType

from provisioner.strict.rule import After, Rule, Unplayed


def modules() -> Iterator[ModuleType]:
    """The modules that hold rules, by name."""
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda one: one.name):
        if not found.name.startswith("_"):
            yield importlib.import_module(f"{__name__}.{found.name}")


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order in which they are asked.

    Raises:
        ValueError: two rules have the same name.
    """
    found: dict[str, Rule] = {}
    for module in modules():
        rules: tuple[Rule, ...] = module.RULES
        for rule in rules:
            if rule.name in found:
                raise ValueError(f"Two rules are called {rule.name!r}.")
            found[rule.name] = rule
    return tuple(found.values())


def home(name: str) -> str:
    """The name of the module that holds a rule."""
    for module in modules():
        if any(rule.name == name for rule in module.RULES):
            return module.__name__.rpartition(".")[2]
    raise LookupError(name)


def all_watches() -> tuple[Mapping[str, After], ...]:
    """What is written down of answers, whatever rules are on."""
    return tuple(module.WATCHES for module in modules() if hasattr(module, "WATCHES"))


def all_unplayed() -> dict[str, tuple[Unplayed, ...]]:
    """Module → what it knows that AWS does and no rule plays."""
    return {
        module.__name__.rpartition(".")[2]: module.UNPLAYED
        for module in modules()
        if getattr(module, "UNPLAYED", ())
    }
