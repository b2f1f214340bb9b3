"""What is measured: the commands of this project, and those of a peer on the same stack."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Tool:
    """A provisioner as a command line.

    Attributes:
        name: as the table shows it.
        steps: command by step, in the order in which they run.
        folder: where they run.
        fresh: makes that folder forget earlier rounds.
        drifts: a log group of the stack; its retention is changed before the step `drift`.
    """

    name: str
    steps: Mapping[str, tuple[str, ...]]
    folder: Path
    fresh: Callable[[], None]
    drifts: str = ""


def ours(manifest: Path, stack: str, drifts: str = "") -> Tool:
    """This project on a manifest."""
    base = (sys.executable, "-m", "provisioner")
    there = str(manifest)
    up = (*base, "apply", there, "--yes", "--json")
    plan = (*base, "plan", there, "--json", "--detailed-exitcode")
    drift = {"drift": plan} if drifts else {}
    down = (*base, "teardown", stack, "--yes", "--json")
    steps = {"apply": up, "no-op": up, "plan": plan, **drift, "teardown": down}
    return Tool("provisioner", steps, ROOT, lambda: None, drifts)


def terraform(source: Path, work: Path, options: tuple[str, ...], drifts: str = "") -> Tool:
    """Terraform on a folder of HCL, copied to `work` and initialised there; that is not measured.

    Raises:
        CalledProcessError: `terraform init`, or a script of the folder that zips code, failed.
    """
    shutil.copytree(source, work, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    for script in work.glob("*/make_zips.py"):
        subprocess.run([sys.executable, str(script)], check=True)  # noqa: S603
    init = ["terraform", "init", "-no-color"]
    subprocess.run(init, cwd=work, check=True, capture_output=True)  # noqa: S603

    def fresh() -> None:
        for state in work.glob("*.tfstate*"):
            state.unlink()

    up = ("terraform", "apply", "-auto-approve", "-no-color", *options)
    plan = ("terraform", "plan", "-detailed-exitcode", "-no-color", *options)
    down = ("terraform", "destroy", "-auto-approve", "-no-color", *options)
    drift = {"drift": plan} if drifts else {}
    steps = {"apply": up, "no-op": up, "plan": plan, **drift, "teardown": down}
    return Tool("terraform", steps, work, fresh, drifts)


def terraform_version() -> str:
    """As it says itself; empty if it is not installed."""
    found = shutil.which("terraform")
    if not found:
        return ""
    ran = subprocess.run([found, "version"], capture_output=True, text=True, check=False)  # noqa: S603
    return ran.stdout.splitlines()[0] if ran.stdout else ""
