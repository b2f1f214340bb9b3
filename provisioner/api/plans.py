"""Plans shown: what an apply or a teardown would do. Reads only."""

from __future__ import annotations

from dataclasses import replace

from provisioner.api.soundness import check
from provisioner.aws.clients import ClientFactory
from provisioner.operations.desk import DEFAULTS, Desk, Options, planned_apply, planned_teardown
from provisioner.planning.changes import Plan
from provisioner.planning.joining import guarded
from provisioner.stack import Stack


def plan(
    session: ClientFactory, stack: Stack, options: Options = DEFAULTS, *, to_save: bool = False
) -> Plan:
    """What an apply would do. Reads only; takes no lease.

    Args:
        session: whose account is read.
        stack: what is wanted.
        options: how.
        to_save: note the stack's last run, so that a `SavedPlan` knows which runs came later.

    Raises:
        ManifestError: references lead nowhere, or in circles.
        PlanError: what is wanted may not be done: foreign, protected or data-holding objects.
        AwsError: a read failed.
    """
    check(stack)
    desk = Desk.reader(session, options)
    fence = desk.fence(stack.name) if to_save else None
    held = desk.inventory.holdings(stack.name)
    planned = planned_apply(desk, stack, dict(held.records))
    planned = guarded(desk.inventory, planned, held.readers, held.records, kept=stack.outputs)
    return replace(planned, fence=fence, expires_at=stack.expires_at)


def plan_removal(session: ClientFactory, name: str, options: Options = DEFAULTS) -> Plan:
    """What a teardown would do. Reads only; takes no lease.

    What blocks it stands in the plan's `obstacles`.

    Raises:
        AwsError: a read failed.
    """
    desk = Desk.reader(session, options)
    held = desk.inventory.holdings(name)
    planned = planned_teardown(desk, name, dict(held.records))
    return guarded(desk.inventory, planned, held.readers, held.records, kept=None)
