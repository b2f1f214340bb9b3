"""How one object is taken away: emptied, deleted, waited for until nothing of it is in the way.

Generators, so that waiting holds no worker; each pause says what is waited for.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from functools import partial

from botocore.exceptions import ClientError

from provisioner.aws.clients import Aws
from provisioner.aws.failures import code_of, message_of
from provisioner.drifting.drift import EXTRA
from provisioner.engine.executor import Pause
from provisioner.errors import BlockedError, WaitError
from provisioner.lifecycle import AnyType, Difference, Drained, Owner, Patience, Phase
from provisioner.lifecycle.configuring import to_the_end
from provisioner.lifecycle.waiting import check_patience
from provisioner.planning.changes import Change, Old
from provisioner.registry import kind_of

EMPTYING = Patience(every=5.0, typical=60.0, limit=3600.0)
"""How long emptying may stand still before it is given up; it may go on for hours."""
REFILLED = 10
"""So often is an object emptied again that others fill while it is being deleted."""
LINGERING = Patience(every=10.0, typical=300.0, limit=2700.0)
"""Interfaces of a function stay in its network for up to three quarters of an hour."""
IN_USE = Patience(every=10.0, typical=10.0, limit=120.0)
"""So long may that which was deleted a moment ago still show as a user of what goes last."""

Waiting = Generator[Pause, None, None]


def removed(kind: AnyType, old: Old, aws: Aws, ids: frozenset[str]) -> Waiting:
    """Take an object away, with what it holds where that was allowed.

    Args:
        kind: of the object.
        old: which.
        aws: guarded clients.
        ids: of everything that the plan deletes.

    Raises:
        BlockedError: it goes last, and somebody uses it still.
        WaitError: it did not go, or not all of it.
        ClientError: AWS refused.
    """
    if kind.last:
        yield from _until_unused(kind, old, aws, ids)
    yield from _deleted(kind, old, aws)
    if kind.gone:
        yield from _until_gone(kind, old, aws, kind.gone)
    if kind.aftermath:
        yield from _until_let_go(kind, old, aws)


def removed_extras(aws: Aws, change: Change, id_: str) -> Iterator[Difference]:
    """Take away what others added to an object, one after the other; each as a difference."""
    remove = kind_of(change.kind).remove_extra
    if remove is None:
        return
    for extra in change.extras:
        to_the_end(partial(remove, aws, id_, extra))
        yield Difference(f"{EXTRA} {extra.what}", extra.id, None)


def let_go(kind: AnyType, old: Old, aws: Aws) -> Waiting:
    """Have an object let go of what it holds on to. One that can't is deleted all the same."""
    if kind.unwire and to_the_end(partial(kind.unwire, aws, old.id)) is Phase.PENDING:
        yield from _until_settled(kind, old, aws, may_fail=True)


def lifted(kind: AnyType, old: Old, aws: Aws) -> Waiting:
    """Take the protection from deletion off an object.

    Raises:
        WaitError: AWS did not come to the end of it.
    """
    if kind.lift and to_the_end(partial(kind.lift, aws, old.id)) is Phase.PENDING:
        yield from _until_settled(kind, old, aws, may_fail=False)


def returned(
    kind: AnyType, old: Old, aws: Aws, staying: frozenset[tuple[str, str]]
) -> Generator[Pause, None, list[str]]:
    """Delete once more what services made again after all; the ids of it.

    What carries ownership tags was made by a stack, not by a service, and is left alone.

    Args:
        kind: of the object that was deleted.
        old: which.
        aws: guarded clients.
        staying: kinds and ids of what the plan leaves, since it was there before us.

    Raises:
        ClientError: AWS refused.
    """
    back: list[str] = []
    for name, id_ in kind.returns(old.id, old.settings) if kind.returns else ():
        other = kind_of(name)
        seen = None if (name, id_) in staying else other.read(aws, [id_]).get(id_)
        if seen and Owner.of(seen.tags) is None:
            yield from _deleted(other, Old(name, id_), aws)
            back.append(id_)
    return back


def _until_settled(kind: AnyType, old: Old, aws: Aws, *, may_fail: bool) -> Waiting:
    """Wait until AWS has taken what was sent: a delete in the middle of it would undo it."""
    started = aws.clock.monotonic()
    poll = kind.poll or kind.read
    while (observed := poll(aws, [old.id]).get(old.id)) is not None:
        ended = observed.phase is Phase.READY or (may_fail and observed.phase is Phase.FAILED)
        if ended:
            return
        elapsed = aws.clock.monotonic() - started
        check_patience(kind, old.id, observed, elapsed, kind.ready)
        yield Pause(kind.ready.every, observed.reason or "changing", elapsed, kind.ready)


def _until_unused(kind: AnyType, old: Old, aws: Aws, ids: frozenset[str]) -> Waiting:
    started = aws.clock.monotonic()
    while told := _blocking(kind, old, aws, ids):
        elapsed = aws.clock.monotonic() - started
        if elapsed > IN_USE.limit:
            raise BlockedError(f"{kind.kind} {old.id} was not deleted: {told}.")
        yield Pause(IN_USE.every, told, elapsed, IN_USE)


def _blocking(kind: AnyType, old: Old, aws: Aws, ids: frozenset[str]) -> str:
    """What the preflight would say by now; empty if nothing blocks any more."""
    told = kind.obstacles(aws, old.id, old.settings, ids) if kind.obstacles else ()
    return "; ".join(one.what for one in told if one.blocks)


def _deleted(kind: AnyType, old: Old, aws: Aws) -> Waiting:
    for _ in range(REFILLED):
        if old.empty and kind.drain:
            yield from _emptied(kind, old, aws)
        try:
            return to_the_end(partial(kind.delete, aws, old.id, old.settings))
        except ClientError as error:
            if not (old.empty and _says_not_empty(kind, error)):
                raise
        yield Pause(EMPTYING.every, "filled again by others", 0.0, EMPTYING)
    raise WaitError(
        f"{kind.kind} {old.id} is filled again as often as it is emptied.",
        hint="Stop whoever writes to it, then run the same command again.",
    )


def _says_not_empty(kind: AnyType, error: ClientError) -> bool:
    said = f"{code_of(error)} {message_of(error)}"
    return any(word in said for word in kind.refilled)


def _emptied(kind: AnyType, old: Old, aws: Aws) -> Waiting:
    started = moved = aws.clock.monotonic()
    total, fewest = 0, math.inf
    while (slice_ := _slice(kind, old, aws)) is not None:
        now = aws.clock.monotonic()
        total += slice_.removed
        fewer = slice_.removed > 0 if slice_.left is None else slice_.left < fewest
        moved = now if fewer else moved
        fewest = fewest if slice_.left is None else min(fewest, slice_.left)
        if now - moved > EMPTYING.limit:
            raise WaitError(
                f"{kind.kind} {old.id} is not empty: {_progress(slice_, total, 0)}, and nothing "
                f"more for {(now - moved) / 60:.0f} minutes.",
                hint="Run the same command again: it goes on where this run stopped.",
            )
        pause = 0.0 if slice_.removed and not slice_.left else EMPTYING.every
        yield Pause(pause, _progress(slice_, total, now - started), now - started, EMPTYING)


def _slice(kind: AnyType, old: Old, aws: Aws) -> Drained | None:
    return to_the_end(partial(kind.drain, aws, old.id)) if kind.drain else None


def _progress(slice_: Drained, total: int, seconds: float) -> str:
    rate = f", {total / seconds:,.0f} a second" if seconds >= 1 else ""
    left = f", {slice_.left:,} left" if slice_.left else ""
    return f"{total:,} {slice_.what} deleted{rate}{left}"


def _until_gone(kind: AnyType, old: Old, aws: Aws, patience: Patience) -> Waiting:
    started = aws.clock.monotonic()
    poll = kind.poll or kind.read
    while (observed := poll(aws, [old.id]).get(old.id)) is not None:
        elapsed = aws.clock.monotonic() - started
        failed_since = observed if elapsed > patience.typical else None  # it may have been before
        check_patience(kind, old.id, failed_since, elapsed, patience, until="gone")
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
