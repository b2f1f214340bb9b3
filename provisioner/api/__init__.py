"""Plan, apply and tear down a stack: the engine put together, a module for each sort of command.

    session = boto3.Session()
    report = apply(session, stack)
    print(report.outputs)

Every function takes the caller's boto3 session and nothing else of the surroundings.
"""

from provisioner.api.drifts import drift, repair
from provisioner.api.imports import describe, describe_tagged
from provisioner.api.listings import expired, outputs, stacks
from provisioner.api.plans import plan, plan_removal
from provisioner.api.rescues import always, move, recover, restore_key
from provisioner.api.runs import apply, everything, rollback, teardown
from provisioner.api.strays import adopt_orphans, delete_orphans, find_orphans
from provisioner.operations.desk import Desk, Options
from provisioner.operations.run import Approve

__all__ = [
    "Approve",
    "Desk",
    "Options",
    "adopt_orphans",
    "always",
    "apply",
    "delete_orphans",
    "describe",
    "describe_tagged",
    "drift",
    "everything",
    "expired",
    "find_orphans",
    "move",
    "outputs",
    "plan",
    "plan_removal",
    "recover",
    "repair",
    "restore_key",
    "rollback",
    "stacks",
    "teardown",
]
