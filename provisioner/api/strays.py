"""Orphans: found, deleted, given records."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

from provisioner.api.rescues import always
from provisioner.api.runs import everything
from provisioner.api.soundness import same_stack
from provisioner.aws.clients import ClientFactory
from provisioner.engine.events import Listener, nobody
from provisioner.engine.report import Report
from provisioner.operations.adoption import Adopted, Adoption, Consent
from provisioner.operations.desk import DEFAULTS, Desk, Options
from provisioner.operations.disposal import planned_disposal
from provisioner.operations.hunt import COMMAND as HUNTING
from provisioner.operations.hunt import Hunt, hunt
from provisioner.operations.run import Approve, Run
from provisioner.stack import Stack


def find_orphans(
    session: ClientFactory,
    name: str = "",
    wanted: Stack | None = None,
    options: Options = DEFAULTS,
    *,
    stop: threading.Event | None = None,
) -> Hunt:
    """What carries our tags or a name of ours and is in no record. Reads only; takes no lease.

    Args:
        session: whose account is looked at.
        name: of a stack; empty: of the whole account.
        wanted: a stack at hand: its names are looked for, too.
        options: how.
        stop: set it, and the look ends.
    """
    same_stack(name or (wanted.name if wanted else ""), wanted)
    return hunt(Desk.reader(session, options, stop), name, wanted)


def delete_orphans(
    session: ClientFactory,
    name: str,
    ids: Sequence[str],
    wanted: Stack | None = None,
    options: Options = DEFAULTS,
    *,
    approve: Approve = everything,
    listen: Listener = nobody,
    stop: threading.Event | None = None,
) -> Report:
    """Delete orphans of a stack, as a teardown deletes.

    Args:
        session: whose account is changed.
        name: of the stack.
        ids: of the orphans; each `id` or `kind/id`.
        wanted: a stack at hand, as for `find_orphans`.
        options: how.
        approve: sees the plan before anything is changed.
        listen: hears of everything that happens.
        stop: set it, and the run ends as soon as its calls in flight have ended.

    Raises:
        PlanError: one of them is not listed as an orphan; nothing was deleted.
        BlockedError: something stands in the way of a delete; nothing was deleted.
        LeaseHeldError: another run works on the stack.
    """
    same_stack(name, wanted)
    desk = Desk(session, options, stop)
    planning = partial(planned_disposal, desk, name, ids, wanted)
    return Run(desk, HUNTING, name, planning, approve, listen).go()


def adopt_orphans(
    session: ClientFactory,
    name: str,
    ids: Sequence[str],
    wanted: Stack | None = None,
    options: Options = DEFAULTS,
    *,
    consent: Consent = always,
    listen: Listener = nobody,
    stop: threading.Event | None = None,
) -> Adopted:
    """Give orphans of a stack their records: as ours if tags or a parent say so, else as adopted.

    Arguments and errors are those of `delete_orphans`; and:

    Raises:
        PlanError: the address of one of them is that of another object, which exists.
    """
    same_stack(name, wanted)
    return Adoption(Desk(session, options, stop), name, ids, wanted, consent, listen).go()
