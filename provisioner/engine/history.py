"""Writes down what the steps of a run did, behind the work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from provisioner.aws.clock import Clock
from provisioner.engine.events import Event, Listener, StepDone, StepFailed
from provisioner.engine.schedule import Key
from provisioner.errors import AwsError, RunLostError
from provisioner.inventory import Journal, RunEvent
from provisioner.planning.changes import Plan


class Historian:
    """A listener that journals what was done and what failed, and passes every event on."""

    def __init__(
        self,
        journal: Journal,
        plan: Plan,
        listen: Listener,
        clock: Clock,
        requests: Callable[[Key], tuple[str, ...]],
    ) -> None:
        self._journal = journal
        self._plan = plan
        self._listen = listen
        self._clock = clock
        self._requests = requests
        self._number = 0

    def __call__(self, event: Event) -> None:
        """Hear of one event."""
        if isinstance(event, StepDone):
            if not event.idle:
                self._write(self._done(event))
        elif isinstance(event, StepFailed):
            self._write(self._failed(event))
        self._listen(event)

    def _write(self, entry: RunEvent) -> None:
        with suppress(RunLostError):  # the steps meet it too, and end the run
            self._journal.event(entry)

    def _done(self, event: StepDone) -> RunEvent:
        change = self._plan.change(event.key.address)
        return RunEvent(
            number=self._next(),
            at=self._now(),
            address=event.key.address,
            kind=event.kind,
            action=str(event.key.verb),
            id=event.id,
            changes=tuple(asdict(difference) for difference in event.differences),
            request_ids=self._requests(event.key),
            message=event.note or (change.reason if change else ""),
        )

    def _failed(self, event: StepFailed) -> RunEvent:
        error = event.error
        refused: tuple[str, ...] = ()
        if isinstance(error, AwsError) and error.request_id:
            refused = (f"{error.operation} {error.request_id}",)
        return RunEvent(
            number=self._next(),
            at=self._now(),
            address=event.key.address,
            kind=event.kind,
            action=str(event.key.verb),
            failed=True,
            request_ids=(*self._requests(event.key), *refused),
            message=str(error),
        )

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="seconds")
