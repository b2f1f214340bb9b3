"""How one object is taken away: emptied, deleted, waited for until nothing of it is in the way.

A generator, so that waiting holds no worker; each pause says what is waited for.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from botocore.exceptions import ClientError

from provisioner.aws.clients import Aws
from provisioner.aws.failures import code_of
from provisioner.changes import Old
from provisioner.ensure import check_patience, to_the_end
from provisioner.errors import WaitError
from provisioner.executor import Pause
from provisioner.lifecycle import AnyType, Drained, Patience

EMPTYING = Patience(every=5.0, typical=60.0, limit=900.0)
"""How long emptying may stand still before it is given up; it may go on for hours."""
REFILLED = 10
"""So often is an object emptied again that others fill while it is being deleted."""
LINGERING = Patience(every=10.0, typical=300.0, limit=2700.0)
"""Interfaces of a function stay in its network for up to three quarters of an hour."""

Waiting = Generator[Pause, None, None]


def removed(kind: AnyType, old: Old, aws: Aws) -> Waiting:
    """Take an object away, with what it holds where that was allowed.

    Raises:
        WaitError: it did not go, or not all of it.
        ClientError: AWS refused.
    """
    yield from _deleted(kind, old, aws)
    if kind.gone:
        yield from _until_gone(kind, old, aws, kind.gone)
    if kind.aftermath:
        yield from _until_let_go(kind, old, aws)


def _deleted(kind: AnyType, old: Old, aws: Aws) -> Waiting:
    for _ in range(REFILLED):
        if old.empty and kind.drain:
            yield from _emptied(kind, old, aws)
        try:
            return to_the_end(partial(kind.delete, aws, old.id, old.settings))
        except ClientError as error:
            if not (old.empty and code_of(error) in kind.refilled):
                raise
        yield Pause(EMPTYING.every, "filled again by others", 0.0, EMPTYING)
    raise WaitError(
        f"{kind.kind} {old.id} is filled again as often as it is emptied.",
        hint="Stop whoever writes to it, then run the same command again.",
    )


def _emptied(kind: AnyType, old: Old, aws: Aws) -> Waiting:
    started = moved = aws.clock.monotonic()
    total = 0
    while (slice_ := kind.drain(aws, old.id) if kind.drain else None) is not None:
        now = aws.clock.monotonic()
        total += slice_.removed
        moved = now if slice_.removed else moved
        check_patience(kind, old.id, None, now - moved, EMPTYING)
        pause = 0.0 if slice_.removed else EMPTYING.every
        yield Pause(pause, _progress(slice_, total, now - started), now - started, EMPTYING)


def _progress(slice_: Drained, total: int, seconds: float) -> str:
    rate = f", {total / seconds:,.0f} a second" if seconds >= 1 else ""
    left = "" if slice_.left is None else f", {slice_.left:,} left"
    return f"{total:,} {slice_.what} deleted{rate}{left}"


def _until_gone(kind: AnyType, old: Old, aws: Aws, patience: Patience) -> Waiting:
    started = aws.clock.monotonic()
    poll = kind.poll or kind.read
    while (observed := poll(aws, [old.id]).get(old.id)) is not None:
        elapsed = aws.clock.monotonic() - started
        check_patience(kind, old.id, observed, elapsed, patience)
        yield Pause(patience.every, observed.reason or "being deleted", elapsed, patience)


def _until_let_go(kind: AnyType, old: Old, aws: Aws) -> Waiting:
    started = aws.clock.monotonic()
    while words := kind.aftermath(aws, old.id, old.settings) if kind.aftermath else "":
        elapsed = aws.clock.monotonic() - started
        if elapsed > LINGERING.limit:
            raise WaitError(
                f"{kind.kind} {old.id} is deleted, but after {elapsed / 60:.0f} minutes there are "
                f"still {words}.",
                hint="Run the same command again later: it goes on waiting where this run stopped.",
            )
        yield Pause(LINGERING.every, words, elapsed, LINGERING)
