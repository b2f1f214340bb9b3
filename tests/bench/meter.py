"""One command measured from outside: wall, processor and memory of it and of all its children."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Metered:
    """How a command went.

    Attributes:
        code: its exit code.
        wall, cpu: seconds.
        memory: peak of what it and its children had resident at once, in MB.
        out: its stdout.
        err: its stderr.
    """

    code: int
    wall: float
    cpu: float
    memory: float
    out: str
    err: str


def metered(words: Sequence[str], environment: Mapping[str, str], folder: Path) -> Metered:
    """Run a command and wait for it. One at a time: the processor time of others would count."""
    peak, over = [0.0], threading.Event()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = monotonic()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(  # noqa: S603  our own command, or the peer's
            words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder, env=environment
        )

        def watch() -> None:
            while not over.wait(EVERY):
                peak[0] = max(peak[0], resident(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = process.wait()
        wall = monotonic() - started
        over.set()
        watcher.join()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        out.seek(0)
        err.seek(0)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Metered(code, wall, cpu, peak[0], out.read(), err.read())


def resident(pid: int) -> float:
    """MB that a process and all below it have resident now."""
    children: dict[int, list[int]] = {}
    pages: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                pages[int(entry.name)] = int((entry / "statm").read_text().split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    total, todo = 0, [pid]
    while todo:
        one = todo.pop()
        total += pages.get(one, 0)
        todo += children.get(one, [])
    return total * os.sysconf("SC_PAGE_SIZE") / 1e6
