"""How a run ended, and what the stack tells, as people read it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from pydantic import JsonValue
from rich.text import Text

from provisioner.engine.executor import Outcome
from provisioner.engine.report import Report
from provisioner.errors import ManifestError, ProvisionerError

WORDS = {
    "succeeded": ("Done", "bold green"),
    "partial": ("Partly done", "bold yellow"),
    "failed": ("Failed", "bold red"),
    "interrupted": ("Interrupted", "bold yellow"),
    "lost": ("Taken over", "bold red"),
    "declined": ("Nothing was changed", "bold"),
}


def report_lines(report: Report) -> Iterator[Text]:
    """The result in a line, what failed and why, what to do, and the outputs."""
    word, style = WORDS[report.result]
    if report.result == "declined":
        yield Text(f"{word}.", style)
        return
    yield Text.assemble((word, style), f": {counts(report.summary)}. {costs(report.summary)}")
    for key, error in sorted(report.outcome.failed.items()):
        told = str(error)
        yield Text(f"  {told}" if told.startswith(str(key)) else f"  {key}: {told}", "red")
        if error.hint:
            yield Text(f"    {error.hint}")
    if report.reason:
        yield Text(f"  {report.reason}", "yellow")
    if report.result == "interrupted":
        yield from _undone(report.outcome)
    else:
        yield from _left(report)
    if report.result == "lost":
        yield Text("What this run began is settled by the one that has taken over.")
    elif report.result != "succeeded":
        yield Text("What was done is recorded. Run the same command again to go on from here.")
    yield from output_lines(report.outputs)
    if report.command == "teardown":
        yield from _survivors(report)


def output_lines(outputs: Mapping[str, JsonValue]) -> Iterator[Text]:
    """The outputs, one a line."""
    width = max((len(name) for name in outputs), default=0)
    for name, value in outputs.items():
        text = value if isinstance(value, str) else json.dumps(value)
        yield Text.assemble(("  " + name.ljust(width), "bold"), f"  {text}")


def error_lines(error: ProvisionerError) -> Iterator[Text]:
    """What went wrong, each problem on a line of its own, then what to do."""
    if isinstance(error, ManifestError):
        for problem in error.problems:
            yield Text.assemble(("error: ", "bold red"), str(problem))
    else:
        yield Text.assemble(("error: ", "bold red"), str(error))
    if error.hint:
        yield Text(error.hint)


def counts(summary: Mapping[str, JsonValue]) -> str:
    """How many resources met what."""
    told = [
        f"{value} {name}"
        for name, value in summary.items()
        if isinstance(value, int) and not isinstance(value, bool) and value
    ]
    return ", ".join(told) or "nothing changed"


def costs(summary: Mapping[str, JsonValue]) -> str:
    """AWS calls and seconds."""
    calls = summary.get("aws_calls")
    if not isinstance(calls, dict):
        return ""
    return (
        f"AWS calls: {calls['read']} reads, {calls['write']} writes, "
        f"{calls['inventory']} inventory; {summary['seconds']} s."
    )


def _undone(outcome: Outcome) -> Iterator[Text]:
    """What a stop left begun, and what it left alone."""
    begun = {key.address for key in outcome.done}
    left = sorted({key.address for key in outcome.skipped})
    for what, addresses in (
        ("Begun, not finished", [address for address in left if address in begun]),
        ("Not started", [address for address in left if address not in begun]),
    ):
        if addresses:
            yield Text(f"  {what} ({len(addresses)}): {', '.join(addresses)}.", "yellow")


def _left(report: Report) -> Iterator[Text]:
    """What is still there although it was to be deleted."""
    failed = {str(key) for key in report.outcome.failed}
    if report.left:
        yield Text("Left in AWS:", "bold")
    for one in report.left:
        own = one.cause in failed and one.cause.endswith(f" {one.address}")
        why = "as told above" if own else one.why
        yield Text(f"  {one.address}  {one.kind} {one.id}: {why}", "yellow")


def _survivors(report: Report) -> Iterator[Text]:
    ids = {change.address: change.id for change in report.plan.changes}
    for address, told in report.survivors.items():
        yield Text(f"  {address} ({ids[address]}): {told}.", "yellow")
