"""Runs that change AWS: apply, teardown, rollback."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial

from provisioner.api.soundness import check
from provisioner.aws.clients import ClientFactory
from provisioner.engine.events import Listener, nobody
from provisioner.engine.report import Report, RunFailedError
from provisioner.errors import PlanError, ProvisionerError
from provisioner.manifest.expiry import expiry
from provisioner.operations.desk import (
    DEFAULTS,
    TEARDOWN,
    Desk,
    Options,
    planned_end,
    planned_exactly,
    planned_teardown,
    planned_undo,
)
from provisioner.operations.hunt import COMMAND as HUNTING
from provisioner.operations.run import Approve, Run
from provisioner.operations.transferring import COMMAND as MOVING
from provisioner.planning.changes import Plan
from provisioner.planning.savedplan import SavedPlan
from provisioner.stack import Stack


def everything(plan: Plan) -> bool:
    """Approve any plan."""
    del plan
    return True


def apply(
    session: ClientFactory,
    stack: Stack,
    options: Options = DEFAULTS,
    *,
    pinned: SavedPlan | None = None,
    approve: Approve = everything,
    listen: Listener = nobody,
    stop: threading.Event | None = None,
) -> Report:
    """Bring AWS to what the stack says.

    Args:
        session: whose account is changed.
        stack: what is wanted.
        options: how.
        pinned: do exactly this plan, with what was allowed and chosen for it, or nothing.
        approve: sees the plan before anything is changed.
        listen: hears of everything that happens.
        stop: set it, and the run ends as soon as its calls in flight have ended.

    With `options.rollback_on_failure` a run of which a step fails is undone right away; the
    report's `rollback` tells how that went.

    Raises:
        ManifestError, PlanError, AwsError: nothing was changed.
        StalePlanError: the pinned plan is not what would be done now; nothing was changed.
        LeaseHeldError: another run works on the stack.

    Steps that fail do not raise: the report tells them; `report.check()` raises.
    """
    check(stack)
    if pinned:
        options = replace(options, allow=pinned.allow, select=pinned.select)
    desk = Desk(session, options, stop)
    planning = partial(planned_exactly, desk, stack, pinned)
    until = expiry(stack.expires_at, options.ttl, desk.aws.clock.now())
    run = Run(desk, "apply", stack.name, planning, approve, listen, stack.digest, expiry=until)
    report = run.go()
    if options.rollback_on_failure and report.result in {"partial", "failed"}:
        return _undone(session, report, options, listen, stop)
    return report


def _undone(
    session: ClientFactory,
    report: Report,
    options: Options,
    listen: Listener,
    stop: threading.Event | None,
) -> Report:
    """The report of a failed run with that of its rollback."""
    try:
        undo = rollback(session, report.stack, report.run, options, listen=listen, stop=stop)
    except ProvisionerError as error:
        error.add_note(str(RunFailedError(report)))
        raise
    return replace(report, rollback=undo)


def teardown(
    session: ClientFactory,
    name: str,
    options: Options = DEFAULTS,
    *,
    if_expired: bool = False,
    approve: Approve = everything,
    listen: Listener = nobody,
    stop: threading.Event | None = None,
) -> Report:
    """Delete everything that the inventory says we made for a stack, in reverse order.

    What blocks a delete is found before the first one; `options.allow` says what may be emptied,
    and which protections may be lifted. Arguments and errors are those of `apply`; no manifest is
    needed. With `if_expired` it is done only if the stack's time has come, as it is once no other
    run can give it more. And:

    Raises:
        NotExpiredError: the stack has time left; nothing was deleted.
        ProtectedError, BlockedError: something stands in the way; nothing was deleted.
        InventoryError: nothing is recorded of the stack, but something carries its tags.
    """
    desk = Desk(session, options, stop)
    planning = partial(planned_end if if_expired else planned_teardown, desk, name)
    run = Run(desk, TEARDOWN, name, planning, approve, listen)
    return run.go() if desk.inventory.records(name) else run.nothing()


def rollback(
    session: ClientFactory,
    name: str,
    run: str,
    options: Options = DEFAULTS,
    *,
    approve: Approve = everything,
    listen: Listener = nobody,
    stop: threading.Event | None = None,
) -> Report:
    """Undo what one run changed: settings back to what they were, what it created deleted.

    What can't be brought back stands in the plan's `lasting`, before anything is done. Arguments
    and errors are those of `apply`; and:

    Raises:
        InventoryError: the stack has no such run.
        PlanError: a later run changed the same; or the run changed nothing.
    """
    desk = Desk(session, options, stop)
    undone = desk.inventory.run(name, run)[0]
    if undone.command == MOVING:
        raise PlanError(
            f"Run {undone.id} moved resources between stacks; that is no change to undo.",
            hint="Move them back, with move.",
        )
    if undone.command == HUNTING:
        raise PlanError(
            f"Run {undone.id} was about orphans, which have no past: it can't be undone."
        )
    planning = partial(planned_undo, desk, undone.id, name)
    return Run(desk, "rollback", name, planning, approve, listen, undoes=undone.id).go()
