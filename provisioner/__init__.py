"""Idempotent boto3 provisioning: a stack in YAML or Python, planned, applied, torn down.

    import boto3
    import provisioner

    stack = provisioner.Stack("tenant-42", tags={"Team": "care"})
    key = stack.add("key", "kms.key", alias="alias/tenant-42")
    stack.output("key_arn", key.arn)
    report = provisioner.apply(boto3.Session(), stack)

One resource alone: `from provisioner.resources.kms_key import KmsKeySpec, ensure_kms_key`.
Nothing is imported before it is used, so that the command line starts at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provisioner.api.drifts import drift, repair
    from provisioner.api.listings import expired, outputs, stacks
    from provisioner.api.plans import plan, plan_removal
    from provisioner.api.rescues import move, recover, restore_key
    from provisioner.api.runs import apply, rollback, teardown
    from provisioner.api.strays import adopt_orphans, delete_orphans, find_orphans
    from provisioner.engine.report import Report, RunFailedError
    from provisioner.errors import (
        AwsError,
        ForeignObjectError,
        InventoryError,
        LeaseHeldError,
        ManifestError,
        PlanError,
        ProtectedError,
        ProvisionerError,
        StalePlanError,
    )
    from provisioner.inventory import Inventory
    from provisioner.lifecycle import Difference, Owner
    from provisioner.lifecycle.ensure import Action, Result
    from provisioner.manifest import load
    from provisioner.operations.desk import Options
    from provisioner.planning.allowances import Allowances
    from provisioner.planning.changes import Change, Plan
    from provisioner.planning.savedplan import SavedPlan
    from provisioner.stack import Handle, Stack
    from provisioner.stack.selection import Selection
    from provisioner.version import __version__

_HOMES = {
    "api.drifts": (
        "drift",
        "repair",
    ),
    "api.listings": (
        "expired",
        "outputs",
        "stacks",
    ),
    "api.plans": (
        "plan",
        "plan_removal",
    ),
    "api.rescues": (
        "move",
        "recover",
        "restore_key",
    ),
    "api.runs": (
        "apply",
        "rollback",
        "teardown",
    ),
    "api.strays": (
        "adopt_orphans",
        "delete_orphans",
        "find_orphans",
    ),
    "operations.desk": ("Options",),
    "lifecycle.ensure": ("Action", "Result"),
    "errors": (
        "AwsError",
        "ForeignObjectError",
        "InventoryError",
        "LeaseHeldError",
        "ManifestError",
        "PlanError",
        "ProtectedError",
        "ProvisionerError",
        "StalePlanError",
    ),
    "inventory": ("Inventory",),
    "lifecycle": ("Difference", "Owner"),
    "manifest": ("load",),
    "planning.changes": ("Change", "Plan"),
    "planning.allowances": ("Allowances",),
    "engine.report": ("Report", "RunFailedError"),
    "planning.savedplan": ("SavedPlan",),
    "stack.selection": ("Selection",),
    "stack": ("Handle", "Stack"),
    "version": ("__version__",),
}

__all__ = [
    "Action",
    "Allowances",
    "AwsError",
    "Change",
    "Difference",
    "ForeignObjectError",
    "Handle",
    "Inventory",
    "InventoryError",
    "LeaseHeldError",
    "ManifestError",
    "Options",
    "Owner",
    "Plan",
    "PlanError",
    "ProtectedError",
    "ProvisionerError",
    "Report",
    "Result",
    "RunFailedError",
    "SavedPlan",
    "Selection",
    "Stack",
    "StalePlanError",
    "__version__",
    "adopt_orphans",
    "apply",
    "delete_orphans",
    "drift",
    "expired",
    "find_orphans",
    "load",
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


def __getattr__(name: str) -> object:
    """Import what is asked for, from the module it lives in."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
