"""Plan, apply and tear down a stack: the engine put together.

    session = boto3.Session()
    report = apply(session, stack)
    print(report.outputs)

Every function takes the caller's boto3 session and nothing else of the surroundings.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from pydantic import JsonValue

from provisioner.aws.clients import ClientFactory
from provisioner.discovery.entries import Import
from provisioner.drifting.drift import Drifts
from provisioner.drifting.ignoring import Ignore
from provisioner.engine.events import Listener, nobody
from provisioner.engine.report import Report, RunFailedError
from provisioner.errors import InventoryError, PlanError, ProvisionerError
from provisioner.inventory import Listed, Record
from provisioner.inventory.standing import readers_first
from provisioner.manifest.expiry import expiry
from provisioner.operations.adoption import Adopted, Adoption, Consent
from provisioner.operations.desk import (
    DEFAULTS,
    TEARDOWN,
    Desk,
    Options,
    planned_apply,
    planned_end,
    planned_exactly,
    planned_teardown,
    planned_undo,
)
from provisioner.operations.disposal import planned_disposal
from provisioner.operations.hunt import COMMAND as HUNTING
from provisioner.operations.hunt import Hunt, hunt
from provisioner.operations.importing import Wish, imported, imported_by_tag
from provisioner.operations.inspection import REPAIR, blamed, inspected, planned_repair
from provisioner.operations.mending import Mended, Mending
from provisioner.operations.restoring import Restored, Restoring
from provisioner.operations.run import Approve, Run
from provisioner.operations.transferring import COMMAND as MOVING
from provisioner.operations.transferring import Agree, Transferred, Transferring
from provisioner.planning.changes import Plan
from provisioner.planning.joining import guarded, joined
from provisioner.planning.savedplan import SavedPlan
from provisioner.stack import Stack
from provisioner.stack.graph import build


def everything(plan: Plan) -> bool:
    """Approve any plan."""
    del plan
    return True


def always(records: tuple[Record, ...]) -> bool:
    """Consent to whatever is to be recorded."""
    del records
    return True


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
    _check(stack)
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
    _check(stack)
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


def restore_key(
    session: ClientFactory,
    name: str,
    key: str = "",
    options: Options = DEFAULTS,
    *,
    listen: Listener = nobody,
    stop: threading.Event | None = None,
) -> Restored:
    """Bring keys of a stack back that are pending deletion. May be repeated.

    They carry the stack's tags, by which the next apply, or `recover`, takes them up again.

    Args:
        session: whose account is changed.
        name: of the stack.
        key: the id or ARN of one key; empty: all of the stack's.
        options: how.
        listen: hears of a lease that is waited for.
        stop: set it, and no further key is touched.

    Raises:
        InventoryError: no such key carries the stack's tags.
        LeaseHeldError: another run works on the stack.
    """
    return Restoring(Desk(session, options, stop), name, key, listen).go()


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


def move(
    session: ClientFactory,
    source: str,
    addresses: Sequence[str],
    target: str,
    options: Options = DEFAULTS,
    *,
    agree: Agree = always,
    listen: Listener = nobody,
    stop: threading.Event | None = None,
) -> Transferred:
    """Move resources from one stack to another: records and ownership tags, nothing else.

    Args:
        session: whose account it is.
        source: the stack that has them.
        addresses: of them, at most 48; they keep them.
        target: the stack that gets them; it may be a new one.
        options: how.
        agree: sees the records before anything is written.
        listen: hears of leases that are waited for.
        stop: set it, and no further tag is written.

    Raises:
        PlanError: what stays refers to what goes, or the other way round; an address is unknown, or
            taken in the target; nothing was changed.
        LeaseHeldError: another run works on one of the stacks.
    """
    return Transferring(Desk(session, options, stop), source, addresses, target, agree, listen).go()


def recover(
    session: ClientFactory,
    name: str,
    wanted: Stack | None = None,
    options: Options = DEFAULTS,
    *,
    listen: Listener = nobody,
    stop: threading.Event | None = None,
) -> Mended:
    """Make the records of a stack again from tags and parents. Reads AWS, writes the inventory.

    Good records are kept, damaged ones made again.

    Args:
        session: whose account is looked at.
        name: of the stack.
        wanted: the stack itself, if it is at hand: it tells what AWS can't, such as `protect`.
        options: how.
        listen: hears of a lease that is waited for.
        stop: set it, and nothing is written any more.

    Raises:
        InventoryError: nothing carries the tags of such a stack.
        PlanError: the stack at hand is another one.
        LeaseHeldError: another run works on the stack.
    """
    _same_stack(name, wanted)
    desk = Desk(session, options, stop)
    wanted = joined(desk.inventory, wanted).stack if wanted else None
    return Mending(desk, name, wanted, listen).go()


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
    _same_stack(name or (wanted.name if wanted else ""), wanted)
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
    _same_stack(name, wanted)
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
    _same_stack(name, wanted)
    return Adoption(Desk(session, options, stop), name, ids, wanted, consent, listen).go()


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


def describe(
    session: ClientFactory,
    wishes: Sequence[Wish],
    options: Options = DEFAULTS,
    *,
    wanted: Stack | None = None,
    stop: threading.Event | None = None,
) -> Import:
    """Objects that others made, as entries of a manifest. Reads only.

    Args:
        session: whose account is looked at.
        wishes: which.
        options: how.
        wanted: the stack that they will stand in: what is an attribute of its becomes a reference.
        stop: set it, and the look ends.

    Raises:
        PlanError: there is no such kind or object.
        AwsError: a read failed.
    """
    return imported(Desk.reader(session, options, stop), wishes, wanted)


def describe_tagged(
    session: ClientFactory,
    key: str,
    value: str,
    options: Options = DEFAULTS,
    *,
    wanted: Stack | None = None,
    stop: threading.Event | None = None,
) -> Import:
    """Everything that has a tag, and what belongs to that, as entries of a manifest.

    Arguments are those of `describe`. What could not be imported is told with the reason.
    """
    return imported_by_tag(Desk.reader(session, options, stop), key, value, wanted)


def stacks(session: ClientFactory, options: Options = DEFAULTS) -> tuple[Listed, ...]:
    """All stacks of which something is left, or that are worked on, with how they stand.

    One query, however many there are; it may be a moment old.
    """
    return Desk.reader(session, options).inventory.listed()


def expired(session: ClientFactory, options: Options = DEFAULTS) -> tuple[Listed, ...]:
    """The stacks whose time has come; those that are worked on, too. One query, as `stacks`.

    A stack that uses outputs of another one comes before that, as a teardown of both needs it.
    """
    return readers_first(one for one in stacks(session, options) if one.expired)


def outputs(session: ClientFactory, name: str, options: Options = DEFAULTS) -> dict[str, JsonValue]:
    """The outputs of a stack's last apply.

    Raises:
        InventoryError: there is no such stack.
    """
    desk = Desk.reader(session, options)
    if (told := desk.inventory.outputs(name)) is not None:
        return told
    raise InventoryError(
        f"Stack {name} was never applied in account {desk.target.account}, "
        f"region {desk.target.region}.",
        hint="See what there is: inventory list.",
    )


def _same_stack(name: str, wanted: Stack | None) -> None:
    """A manifest at hand has to be sound, and of this very stack."""
    if wanted:
        if wanted.name != name:
            raise PlanError(f"The manifest is of stack {wanted.name}, not of {name}.")
        _check(wanted)


def _check(stack: Stack) -> None:
    """Everything that can be wrong without asking AWS."""
    stack.check()
    build(stack)


__all__ = [
    "Approve",
    "Desk",
    "Options",
    "adopt_orphans",
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
