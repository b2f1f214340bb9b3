"""A run as people follow it: drawn anew on a terminal, said once anywhere else."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from time import monotonic

import pytest
from rich.console import Console

from provisioner.engine.events import (
    Event,
    RunFinished,
    RunStarted,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
    StepWaiting,
)
from provisioner.engine.schedule import Key, Verb, schedule
from provisioner.errors import AwsError
from provisioner.lifecycle.ensure import Action
from provisioner.planning.changes import Change
from provisioner.stack import Stack
from provisioner.views.detail import Detail
from provisioner.views.picture import RUNNING, WAITING, Picture, Running
from provisioner.views.plans import plan_lines
from provisioner.views.progress import Progress
from provisioner.views.terminal import Terminal
from tests.plans.ground import planned
from tests.views.scenes import first

VPC, GROUP = Key("vpc", Verb.CREATE), Key("functions_group", Verb.CREATE)


def events() -> Iterable[Event]:
    """One wait, one success, one failure and what it holds up."""
    yield RunStarted("r1", "apply", first(), 10)
    yield StepStarted(VPC, "ec2.vpc")
    for elapsed in (0.0, 4.0, 16.0):
        yield StepWaiting(VPC, "ec2.vpc", "pending", elapsed, 10.0, 600.0)
    yield StepDone(VPC, "ec2.vpc", "vpc-0a1b", 17.0)
    yield StepStarted(GROUP, "ec2.security_group")
    error = AwsError("create functions_group: refused (UnauthorizedOperation).")
    yield StepFailed(GROUP, "ec2.security_group", error, 0.2)
    cause = Key("functions_group", Verb.CREATE)
    yield StepSkipped(Key("functions_group", Verb.CONFIGURE), "ec2.security_group", cause)
    yield RunFinished("r1", "apply", "partial", {})


def followed(terminal: Terminal, console: Console) -> None:
    """Tell all of it, a clock running with what the events say has passed."""
    terminal.__dict__["err"] = console
    times = iter([0.0, *(float(n) for n in range(1, 10_000, 8))])
    with Progress(terminal, now=lambda: next(times)) as progress:
        for event in events():
            progress(event)


def test_without_a_terminal_each_thing_is_said_once() -> None:
    """No control codes; a wait is told again only when it has gone on for long."""
    out = io.StringIO()
    followed(Terminal(), Console(file=out, soft_wrap=True, highlight=False))
    assert out.getvalue().splitlines() == [
        "  … vpc: pending (typically 10 s, at most 600 s), 0 s so far",
        "  … vpc: pending (typically 10 s, at most 600 s), 16 s so far",
        "  ✓ created    vpc  vpc-0a1b  17.0 s",
        "  ✗ failed     functions_group  create functions_group: refused (UnauthorizedOperation).",
        "  · skipped    configure functions_group  (needs functions_group)",
    ]


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_has_colours_unless_they_are_unwanted(
    environment: dict[str, str], *, coloured: bool
) -> None:
    """What stays on the screen is what is said elsewhere; NO_COLOR takes the colours away."""
    out = io.StringIO()
    console = Console(
        file=out,
        force_terminal=True,
        soft_wrap=True,
        width=100,
        _environ={"TERM": "xterm-256color", **environment},
    )
    followed(Terminal(), console)
    assert "✓ created" in out.getvalue()
    assert ("\x1b[32m" in out.getvalue()) is coloured


def test_a_terminal_that_redraws_nothing_gets_lines() -> None:
    """TERM=dumb is an editor or a log: no cursor is moved there."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, _environ={"TERM": "dumb"})
    followed(Terminal(), console)
    assert "16 s so far" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_programs_get_every_event(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json nothing but documents, one a line."""
    out = io.StringIO()
    followed(Terminal(json=True), Console(file=out))
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["event"] for one in documents][-1] == "run.finished"
    assert len(documents) == len([*events()])
    assert out.getvalue() == ""


def large() -> Stack:
    """Five hundred resources behind one key."""
    stack = Stack("clinic")
    key = stack.add("key", "kms.key", alias="alias/clinic")
    for n in range(499):
        stack.add(f"queue_{n:03}", "sqs.queue", queue_name=f"clinic-{n}", kms_key=key.arn)
    return stack


def test_five_hundred_resources_fit_on_a_screen() -> None:
    """The picture of a run is as high as that of a small one, and soon drawn."""
    stack = large()
    plan = planned(
        *(Change(one.address, one.kind.kind, Action.CREATE) for one in stack), wanted=stack
    )
    picture = Picture(schedule(plan))
    for n in range(100):
        picture.running[Key(f"queue_{n:03}", Verb.CREATE)] = Running(float(n))
    started = monotonic()
    lines = [line.plain for line in picture.lines(200.0)]
    assert monotonic() - started < 0.5
    assert len(lines) <= RUNNING + WAITING + 3
    assert "  … and 92 more run" in lines
    assert lines[-1].startswith("  0 of 1,000 steps, 200 s")
    shown = [line.plain for line in plan_lines(plan, Detail.SUMMARY)]
    assert len([line for line in shown if line.startswith("  + create")]) == 500
    assert shown[-1] == "Plan: 500 to create, 0 unchanged."
