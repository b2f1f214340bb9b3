"""Every call of a healthcare apply and teardown, both sides of each, as a point to die at.

    python -m tests.faults.matrix                 all points, on all processors
    python -m tests.faults.matrix --every 20      each twentieth
    python -m tests.faults.matrix --fault lost    answers lost instead of processes killed

The world before the run is made once and forked for every point, so each point meets the same
AWS, and costs only the run that dies and those that mend it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from moto import mock_aws

from provisioner.local import gaps
from provisioner.manifest import load
from provisioner.stack import Stack
from tests.conftest import REGION
from tests.faults.stage import Stage, converged, gone
from tests.faults.weather import (
    SIDES,
    Moment,
    Side,
    Trouble,
    cut,
    killed_at,
    refused,
    silence_the_dead,
    timed_out,
)

ROOT = Path(__file__).resolve().parents[2]
RUNS = ("apply", "teardown")
FAULTS = ("kill", "cut", "timeout", "500")
MOST_CALLS = 3.0
"""So many times the calls of an undisturbed run may the run after trouble make."""


@dataclass(frozen=True)
class Point:
    """Where trouble strikes."""

    run: str
    number: int
    side: Side
    fault: str
    call: str

    def __str__(self) -> str:
        return f"{self.run} {self.fault} {self.side} call {self.number} ({self.call})"

    @property
    def trouble(self) -> Trouble:
        """What befalls that moment."""
        if self.fault == "kill":
            return killed_at(self.number, self.side)

        def strike(moment: Moment) -> BaseException | None:
            if (moment.number, moment.side) != (self.number, self.side):
                return None
            if self.fault == "500":
                return refused(moment.call, "InternalFailure", 500)
            return cut() if self.fault == "cut" else timed_out()

        return strike


@dataclass(frozen=True)
class Expected:
    """What an undisturbed run shows."""

    objects: Mapping[str, int]
    calls: Mapping[str, tuple[str, ...]]
    mutating: Mapping[str, frozenset[int]]


def healthcare(folder: str = "manifests/healthcare") -> Stack:
    """The stack that this project provisions first."""
    return Stack.of(load(ROOT / folder, environment={}))


def learn(stage: Stage) -> Expected:
    """Run once without trouble, and write down every call; the AWS is empty again afterwards."""
    calls, mutating = {}, {}
    objects: dict[str, int] = {}
    for run in RUNS:
        report = stage.up() if run == "apply" else stage.down()
        assert report is not None
        report.check()
        made = stage.last
        calls[run] = tuple(map(str, made))
        mutating[run] = frozenset(n for n, call in enumerate(made, 1) if call.mutates)
        objects = objects or stage.numbers()
    return Expected(objects, calls, mutating)


def points(expected: Expected, faults: tuple[str, ...], every: int) -> Iterator[Point]:
    """Each point of the matrix: both sides of all calls to be killed at, writes to be lost."""
    number = 0
    for fault in faults:
        for run in RUNS:
            for index, call in enumerate(expected.calls[run], 1):
                if fault != "kill" and index not in expected.mutating[run]:
                    continue
                for side in SIDES if fault == "kill" else SIDES[1:]:
                    if number % every == 0:
                        yield Point(run, index, side, fault, call)
                    number += 1


def strike(stage: Stage, point: Point, expected: Expected) -> list[str]:
    """Let trouble strike; what is wrong afterwards. The stack is up for a teardown's point."""
    run = stage.up if point.run == "apply" else stage.down
    struck = run(point.trouble)
    if point.fault != "kill" and (struck is None or struck.result != "succeeded"):
        causes = [str(error) for error in struck.outcome.failed.values()] if struck else "killed"
        wrong = [f"the run itself did not get through: {causes}"]
    else:
        wrong = []
    wrong += converged(stage, expected.objects) if point.run == "apply" else gone(stage)
    most = MOST_CALLS * len(expected.calls[point.run])
    if stage.made > most:
        wrong.append(f"{stage.made} calls, more than {most:.0f}")
    return wrong


def main(arguments: list[str] | None = None) -> int:
    """Strike at every point; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only each nth point")
    parser.add_argument("--offset", type=int, default=0, help="begin so many points later")
    parser.add_argument("--faults", default="kill", help=f"of {','.join(FAULTS)}")
    parser.add_argument("--run", default="", help="apply or teardown only")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args(arguments)
    os.environ.update(
        AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_EC2_METADATA_DISABLED="true"
    )
    silence_the_dead()
    gaps.fill()
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        stage = Stage(boto3.Session(region_name=REGION), healthcare())
        expected = learn(stage)
        told = {run: len(calls) for run, calls in expected.calls.items()}
        print(f"calls: {told}; objects: {sum(expected.objects.values())}", flush=True)
        faults = tuple(chosen.faults.split(","))
        wrong, count, started = 0, 0, time.monotonic()
        for run in RUNS:
            if chosen.run not in {"", run}:
                continue
            if run == "teardown":
                report = stage.up()
                assert report is not None
                report.check()
            struck = [
                point for point in points(expected, faults, chosen.every) if point.run == run
            ][chosen.offset :]
            for point, found in _forked(stage, expected, struck, chosen.processes):
                count += 1
                if found:
                    wrong += 1
                    print(f"✗ {point}\n    " + "\n    ".join(found), flush=True)
    seconds = time.monotonic() - started
    print(f"{count} points, {count - wrong} converged, {wrong} wrong; {seconds:.0f} s")
    return 1 if wrong else 0


def _forked(
    stage: Stage, expected: Expected, struck: list[Point], processes: int
) -> Iterator[tuple[Point, list[str]]]:
    """Each point in a fork of this very world."""
    waiting = [*reversed(struck)]
    running: dict[int, tuple[Point, int]] = {}
    while waiting or running:
        while waiting and len(running) < processes:
            point = waiting.pop()
            reading, writing = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(reading)
                _child(stage, point, expected, writing)
            os.close(writing)
            running[pid] = (point, reading)
        pid, _ = os.wait()
        point, reading = running.pop(pid)
        with os.fdopen(reading) as pipe:
            text = pipe.read()
        found: Any = json.loads(text) if text else ["its process ended without a word"]
        yield point, found


def _child(stage: Stage, point: Point, expected: Expected, writing: int) -> None:
    try:
        found = strike(stage, point, expected)
    except BaseException:  # noqa: BLE001  told to the parent
        found = [traceback.format_exc()]
    with os.fdopen(writing, "w") as pipe:
        json.dump(found, pipe)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
