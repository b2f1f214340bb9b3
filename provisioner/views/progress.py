"""A run as it goes: one line per finished step; on a terminal also what is being waited for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from rich.console import Group
from rich.live import Live
from rich.text import Text

from provisioner.events import (
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
from provisioner.inventory import Lease
from provisioner.schedule import Key, Verb
from provisioner.views.documents import event_document
from provisioner.views.plans import lasting_lines
from provisioner.views.terminal import Terminal

DONE = {
    Verb.CREATE: "created",
    Verb.CONFIGURE: "configured",
    Verb.LIFT: "unprotected",
    Verb.UNWIRE: "let go",
    Verb.DELETE: "deleted",
    Verb.LOOK: "looked",
}
SHOWN = 8
"""Running steps shown at once."""
SAY_AGAIN = 15.0
"""Seconds between two lines on the same wait, where lines can't be redrawn."""


@dataclass
class Progress:
    """A listener that shows a run. Use as a context manager.

    Attributes:
        terminal: where.
    """

    terminal: Terminal
    _running: dict[Key, tuple[float, str]] = field(default_factory=dict)
    _said: dict[Key, float] = field(default_factory=dict)
    _live: Live | None = None
    _steps: int = 0
    _ended: int = 0
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
        self._steps, self._ended = event.steps, 0
        self._begin()

    def _begin(self) -> None:
        shows = self.terminal.err.is_terminal and not (self.terminal.json or self.terminal.quiet)
        if shows:
            self._live = Live(
                console=self.terminal.err,
                get_renderable=self._picture,
                refresh_per_second=8,
                transient=True,
            )
            self._live.start()

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
                self._running[event.key] = (time.monotonic(), "")
            case StepWaiting():
                self._wait(event)
            case StepDone():
                self._end(event.key, _done(event))
            case StepFailed():
                self._end(event.key, _failed(event))
            case StepSkipped():
                self._skip(event)
            case RunFinished():
                self._running.clear()

    def _await(self, event: LeaseAwaited) -> None:
        now = time.monotonic()
        if now - self._asked >= SAY_AGAIN:
            self._asked = now
            self.terminal.note(lease_line(event.lease, event.left))

    def _end(self, key: Key, line: Text | None) -> None:
        self._running.pop(key, None)
        self._ended += 1
        if line:
            self.terminal.note(line)

    def _skip(self, event: StepSkipped) -> None:
        self._running.pop(event.key, None)
        if event.cause:  # what a stop left undone is told by the result
            self._end(event.key, _skipped(event.key, event.cause))

    def _wait(self, event: StepWaiting) -> None:
        started, _ = self._running.get(event.key, (time.monotonic(), ""))
        typically = "" if event.typical is None else f"typically {event.typical:.0f} s, "
        words = f"{event.state} ({typically}at most {event.limit:.0f} s)"
        self._running[event.key] = (started, words)
        now = time.monotonic()
        if self._live is None and now - self._said.get(event.key, -SAY_AGAIN) >= SAY_AGAIN:
            self._said[event.key] = now
            self.terminal.note(
                Text(f"  … {event.key.address}: {words}, {event.elapsed:.0f} s so far", "dim")
            )

    def _picture(self) -> Group:
        now = time.monotonic()
        oldest = sorted(self._running.items(), key=lambda item: item[1][0])
        lines = [
            Text(f"  … {key.verb} {key.address}  {words}  {now - since:.0f} s", "dim")
            for key, (since, words) in oldest[:SHOWN]
        ]
        rest = len(oldest) - SHOWN
        if rest > 0:
            lines.append(Text(f"  … and {rest} more", "dim"))
        if self._steps:
            lines.append(Text(f"  {self._ended} of {self._steps} steps", "bold"))
        return Group(*lines)


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
