"""A run as it goes: one line per finished step; on a terminal also what is being waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Group
from rich.live import Live
from rich.text import Text

from provisioner.engine.events import (
    Event,
    LeaseAwaited,
    RunFinished,
    RunStarted,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
    StepWaiting,
)
from provisioner.engine.schedule import Key, Verb, schedule
from provisioner.inventory import Lease
from provisioner.views.documents import event_document
from provisioner.views.picture import Picture, Running
from provisioner.views.plans import lasting_lines
from provisioner.views.terminal import Terminal, fitted

DONE = {
    Verb.CREATE: "created",
    Verb.CONFIGURE: "configured",
    Verb.LIFT: "unprotected",
    Verb.UNWIRE: "let go",
    Verb.DELETE: "deleted",
    Verb.LOOK: "looked",
}
SAY_AGAIN = 15.0
"""Seconds between two lines on the same wait, where lines can't be redrawn."""


@dataclass
class Progress:
    """A listener that shows a run. Use as a context manager.

    Attributes:
        terminal: where.
        now: seconds on a clock that never goes back.
    """

    terminal: Terminal
    now: Callable[[], float] = time.monotonic
    picture: Picture = field(default_factory=Picture, init=False)
    _said: dict[Key, float] = field(default_factory=dict)
    _live: Live | None = None
    _asked: float = -SAY_AGAIN
    _follows: bool = False

    def __enter__(self) -> Progress:
        """Be ready to show; the first event of the run begins it."""
        return self

    def _start(self, event: RunStarted) -> None:
        self._leave()
        if self._follows:  # nobody was shown its plan
            self.terminal.note(Text(f"A step failed; run {event.undoes} is undone.", "bold"))
            for line in lasting_lines(event.plan):
                self.terminal.note(line)
        self._follows = True
        if self._shows:
            self.picture = Picture(schedule(event.plan), self.now())
            self._live = Live(
                console=self.terminal.err,
                get_renderable=self._group,
                refresh_per_second=8,
                transient=True,
            )
            self._live.start()

    @property
    def _shows(self) -> bool:
        """Whether lines can be drawn anew: else each is said once."""
        err = self.terminal.err
        redraws = err.is_terminal and not err.is_dumb_terminal
        return redraws and not (self.terminal.json or self.terminal.quiet)

    def __exit__(self, *_: object) -> None:
        """Leave the finished lines standing."""
        self._leave()

    def _leave(self) -> None:
        if self._live:
            self._live.stop()
            self._live = None

    def __call__(self, event: Event) -> None:
        """Hear of one event."""
        if self.terminal.json:
            self.terminal.tell(event_document(event))
            return
        match event:
            case LeaseAwaited():
                self._await(event)
            case RunStarted():
                self._start(event)
            case StepStarted():
                self.picture.running[event.key] = Running(self.now())
            case StepWaiting():
                self._wait(event)
            case StepDone():
                self._end(event.key, _done(event))
            case StepFailed():
                self._end(event.key, _failed(event))
            case StepSkipped():
                self._skip(event)
            case RunFinished():
                self.picture.running.clear()

    def _await(self, event: LeaseAwaited) -> None:
        now = self.now()
        if now - self._asked >= SAY_AGAIN:
            self._asked = now
            self.terminal.note(lease_line(event.lease, event.left))

    def _end(self, key: Key, line: Text | None) -> None:
        self.picture.running.pop(key, None)
        self.picture.ended.add(key)
        if line:
            self.terminal.note(line)

    def _skip(self, event: StepSkipped) -> None:
        self.picture.running.pop(event.key, None)
        if event.cause:  # what a stop left undone is told by the result
            self._end(event.key, _skipped(event.key, event.cause))

    def _wait(self, event: StepWaiting) -> None:
        now = self.now()
        typically = "" if event.typical is None else f"typically {event.typical:.0f} s, "
        limits = f"{typically}at most {event.limit:.0f} s"
        one = self.picture.running.setdefault(event.key, Running(now))
        one.state, one.limits = event.state, limits
        if self._live is None and now - self._said.get(event.key, -SAY_AGAIN) >= SAY_AGAIN:
            self._said[event.key] = now
            words = f"{event.state} ({limits}), {event.elapsed:.0f} s so far"
            self.terminal.note(Text(f"  … {event.key.address}: {words}", "dim"))

    def _group(self) -> Group:
        lines = [*self.picture.lines(self.now())]
        return Group(*(fitted(line, self.terminal.err) for line in lines))


def lease_line(lease: Lease, left: float) -> Text:
    """Who is waited for, and until when at most."""
    holder = lease.holder
    who = f"{holder.who} on {holder.host} ({holder.command})" if holder else "another run"
    words = f"  … the stack is held by {who} since {lease.since}; "
    return Text(f"{words}if that run has died, its lease ends in {max(left, 0):.0f} s", "dim")


def _done(event: StepDone) -> Text | None:
    """What was done; a step that had nothing to do is not worth a line."""
    if event.idle:
        return None
    style = "red" if event.key.verb is Verb.DELETE else "green"
    fields = ", ".join(difference.field for difference in event.differences)
    return Text.assemble(
        (f"  ✓ {DONE[event.key.verb]:<11}", style),
        f"{event.key.address}  ",
        (f"{event.id}  {event.seconds:.1f} s", "dim"),
        f"  {fields}" if fields else "",
        f"  {event.note}" if event.note else "",
    )


def _failed(event: StepFailed) -> Text:
    return Text.assemble(
        ("  ✗ failed     ", "bold red"), f"{event.key.address}  ", (str(event.error), "red")
    )


def _skipped(key: Key, cause: Key) -> Text:
    return Text(f"  · skipped    {key.verb} {key.address}  (needs {cause.address})", "yellow")
