"""What was lost is brought back: records, keys; and records that go to another stack."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from provisioner.api.soundness import same_stack
from provisioner.aws.clients import ClientFactory
from provisioner.engine.events import Listener, nobody
from provisioner.inventory import Record
from provisioner.operations.desk import DEFAULTS, Desk, Options
from provisioner.operations.mending import Mended, Mending
from provisioner.operations.restoring import Restored, Restoring
from provisioner.operations.transferring import Agree, Transferred, Transferring
from provisioner.planning.joining import joined
from provisioner.stack import Stack


def always(records: tuple[Record, ...]) -> bool:
    """Consent to whatever is to be recorded."""
    del records
    return True


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
    same_stack(name, wanted)
    desk = Desk(session, options, stop)
    wanted = joined(desk.inventory, wanted).stack if wanted else None
    return Mending(desk, name, wanted, listen).go()
