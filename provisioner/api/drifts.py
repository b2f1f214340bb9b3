"""Drift: looked for, and repaired."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

from provisioner.api.runs import everything
from provisioner.aws.clients import ClientFactory
from provisioner.drifting.drift import Drifts
from provisioner.drifting.ignoring import Ignore
from provisioner.engine.events import Listener, nobody
from provisioner.engine.report import Report
from provisioner.operations.desk import DEFAULTS, Desk, Options
from provisioner.operations.inspection import REPAIR, blamed, inspected, planned_repair
from provisioner.operations.run import Approve, Run


def drift(
    session: ClientFactory,
    name: str,
    options: Options = DEFAULTS,
    *,
    ignores: Sequence[Ignore] = (),
    stop: threading.Event | None = None,
) -> Drifts:
    """What AWS has against what was last applied. Reads only; takes no lease, needs no manifest.

    Args:
        session: whose account is looked at.
        name: of the stack.
        options: how.
        ignores: what may differ; `provisioner.drifting.ignoring.read_ignores` reads them from a
            file.
        stop: set it, and the look ends.

    Raises:
        InventoryError: nothing is recorded of the stack.
        ManifestError: a field to be ignored does not exist.
        AwsError: a read failed.
    """
    desk = Desk.reader(session, options, stop)
    records = desk.inventory.records(name)
    if not records:
        desk.inventory.check(name)
    return blamed(desk, inspected(desk, name, records, ignores).drifts, records)


def repair(
    session: ClientFactory,
    name: str,
    addresses: Sequence[str] = (),
    options: Options = DEFAULTS,
    *,
    ignores: Sequence[Ignore] = (),
    approve: Approve = everything,
    listen: Listener = nobody,
    stop: threading.Event | None = None,
) -> Report:
    """Bring what drifted back to what was last applied; what others added is taken away.

    Args:
        session: whose account is changed.
        name: of the stack.
        addresses: what to repair; none: everything that drifted.
        options: how.
        ignores: what may differ, and stays.
        approve: sees the plan before anything is changed.
        listen: hears of everything that happens.
        stop: set it, and the run ends as soon as its calls in flight have ended.

    What can't be brought back stands in the plan's `lasting`. Errors are those of `apply`; and:

    Raises:
        InventoryError: nothing is recorded of the stack.
        PlanError: one of the addresses did not drift.
    """
    desk = Desk(session, options, stop)
    if not desk.inventory.records(name):
        desk.inventory.check(name)
    planning = partial(planned_repair, desk, name, addresses, ignores)
    return Run(desk, REPAIR, name, planning, approve, listen).go()
