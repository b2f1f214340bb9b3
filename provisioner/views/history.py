"""The runs on a stack, and what each did, as people and programs read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue
from rich.text import Text

from provisioner.engine.schedule import Verb
from provisioner.inventory import Record, Run, RunEvent
from provisioner.lifecycle import Difference
from provisioner.lifecycle.secrets import SEALED
from provisioner.views.plans import difference_line
from provisioner.views.progress import DONE
from provisioner.views.results import counts
from provisioner.views.shapes import SCHEMA
from provisioner.views.terminal import utc

STYLES = {
    "succeeded": "green",
    "declined": "dim",
    "partial": "yellow",
    "interrupted": "yellow",
    "failed": "red",
    "died": "bold red",
    "silent": "bold red",
    "running": "cyan",
}
WORDS: Mapping[str, str] = {
    **{str(verb): word for verb, word in DONE.items()},
    "adopt": "adopted",
    "move": "moved",
    "recover": "recovered",
    "restore": "restored",
}
"""What was done, by the steps of a run and by the commands that have none."""
FATES = {
    "died": "The run died: it holds the stack no more and never said how it ended.",
    "silent": "The run gives no sign of life, so it has probably died; the next one takes over.",
}


def runs_lines(stack: str, runs: Sequence[Run], *, more: bool) -> Iterator[Text]:
    """One line a run, newest first.

    Args:
        stack: its name.
        runs: on it.
        more: there are older ones.
    """
    if not runs:
        yield Text(f"Nothing was ever run on {stack}.")
    for run in runs:
        yield Text.assemble(
            f"{run.id}  {utc(run.started_at)}  {run.command:<9} ",
            (f"{run.result:<11}", STYLES.get(run.result, "")),
            f"  {_took(run)}{_counts(run)}",
            (f"  {run.who} on {run.host}", "dim"),
        )
    if more:
        yield Text(f"Older ones: history {stack} --before {runs[-1].id}", "dim")


def run_lines(run: Run, events: Sequence[RunEvent], before: Mapping[str, Record]) -> Iterator[Text]:
    """A run: who, when, from where, how it ended; then its steps, in the order they ended.

    Args:
        run: the run.
        events: its steps.
        before: what the addresses that it changed were before it.
    """
    yield Text.assemble(
        ("Run ", ""), (run.id, "bold"), f" on {run.stack}: {run.command}, ", _result(run)
    )
    yield Text(f"  who       {run.who} on {run.host}")
    yield Text(f"  when      {utc(run.started_at)}{_until(run)}")
    if run.tool:
        yield Text(f"  with      {run.tool}")
    if run.manifest_digest:
        yield Text(f"  manifest  {run.manifest_digest}")
    if run.undoes:
        yield Text(f"  undoes    run {run.undoes}")
    if run.expires_at:
        yield Text(f"  expires   {utc(run.expires_at)}")
    if told := _counts(run):
        yield Text(f"  counts    {told}")
    if error := run.summary.get("error"):
        yield Text(f"  error     {error}", "red")
    for event in events:
        yield from _step(event)
        if event.action == Verb.DELETE and event.address in before:
            yield from _gone(before[event.address])
    if fate := FATES.get(run.result):
        yield Text(fate, "yellow")
    yield from _unheard(run, events)


def run_document(run: Run) -> dict[str, JsonValue]:
    """A run for programs."""
    told: dict[str, JsonValue] = run.model_dump(mode="json", exclude={"version"})
    return {"event": "history.run", "schema": SCHEMA, **told}


def event_document(event: RunEvent, before: Mapping[str, Record]) -> dict[str, JsonValue]:
    """A step of a run for programs; with what it deleted, as far as that was recorded."""
    told: dict[str, JsonValue] = event.model_dump(mode="json", exclude={"version"})
    if event.action == Verb.DELETE and event.address in before:
        told["deleted"] = _unsealed(dict(before[event.address].settings))
    return {"event": "history.step", **told}


def _step(event: RunEvent) -> Iterator[Text]:
    word = "failed" if event.failed else WORDS.get(event.action, event.action)
    mark, style = ("✗", "bold red") if event.failed else ("✓", "green")
    yield Text.assemble(
        (f"  {mark} {word:<11}", style),
        f"{event.address}  ",
        (f"{event.kind}  {event.id or '-'}  {event.at[11:19]}", "dim"),
    )
    if event.message:
        yield Text(f"      {event.message}", "red" if event.failed else "italic")
    for change in event.changes:
        yield difference_line(_difference(change))
    for request in event.request_ids:
        yield Text(f"      {request}", "dim")


def _gone(record: Record) -> Iterator[Text]:
    """What a deleted resource was, field by field."""
    for name, value in record.settings.items():
        yield difference_line(Difference(field=name, before=_unsealed(value), after=None))


def _unsealed(value: JsonValue) -> JsonValue:
    """A setting without the digests that stand for secrets."""
    if isinstance(value, dict):
        return {key: _unsealed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unsealed(item) for item in value]
    return "(secret)" if isinstance(value, str) and value.startswith(SEALED) else value


def _difference(change: Mapping[str, JsonValue]) -> Difference:
    """What was recorded of a change; it was masked before."""
    return Difference(
        field=str(change.get("field", "")),
        before=change.get("before"),
        after=change.get("after"),
        replace=bool(change.get("replace")),
    )


def _unheard(run: Run, events: Sequence[RunEvent]) -> Iterator[Text]:
    """What the run set out to do and no step of it tells of."""
    if run.result in {"succeeded", "running"}:
        return
    heard = {event.address for event in events}
    missing = [
        f"{address} ({action})" for address, action in run.changes.items() if address not in heard
    ]
    if missing:
        yield Text(f"Nothing is told of: {', '.join(missing)}.", "yellow")


def _result(run: Run) -> Text:
    return Text(run.result, STYLES.get(run.result, ""))


def _took(run: Run) -> str:
    return f"{run.seconds:>6.1f} s  " if run.finished_at else f"{'':>8}  "


def _until(run: Run) -> str:
    return f", {run.seconds:.1f} s" if run.finished_at else ""


def _counts(run: Run) -> str:
    return counts(run.summary) if run.summary else ""
