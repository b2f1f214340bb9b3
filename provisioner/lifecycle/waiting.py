"""Wait for an object until it is ready, has failed, or has taken too long."""

from __future__ import annotations

from provisioner.aws.clients import Aws
from provisioner.errors import (
    WaitError,
)
from provisioner.lifecycle import (
    AnyType,
    Observed,
    Patience,
    Phase,
)


def wait_ready(kind: AnyType, aws: Aws, id_: str) -> Observed:
    """Poll until the object is ready.

    Raises:
        WaitError: it failed, or its limit passed; with AWS's state and reason.
    """
    started = aws.clock.monotonic()
    poll = kind.poll or kind.read
    while True:
        observed = poll(aws, [id_]).get(id_)
        elapsed = aws.clock.monotonic() - started
        if observed and observed.phase is Phase.READY:
            return observed
        check_patience(kind, id_, observed, elapsed, kind.ready)
        aws.clock.sleep(kind.ready.every)


def check_patience(
    kind: AnyType,
    id_: str,
    observed: Observed | None,
    elapsed: float,
    patience: Patience,
    *,
    until: str = "ready",
) -> None:
    """Give up on a wait that failed or took too long.

    Args:
        kind: of the object.
        id_: of the object.
        observed: what AWS shows of it; None if nothing.
        elapsed: seconds.
        patience: how long it may take.
        until: what it is waited to be.

    Raises:
        WaitError: with the state, AWS's reason and the limit.
    """
    if observed and observed.phase is Phase.FAILED:
        raise WaitError(
            f"{kind.kind} {id_} ended in a failed state: {observed.reason or 'no reason given'}.",
            hint="Mend the cause that AWS names, then run the same command again.",
        )
    if elapsed > patience.limit:
        state = observed.reason if observed else "not visible"
        raise WaitError(
            f"{kind.kind} {id_} is not {until} after {elapsed:.0f} s (typically "
            f"{patience.typical:.0f} s); AWS says: {state or 'pending'}.",
            hint="Run the same command again: it goes on waiting where this run stopped.",
        )
