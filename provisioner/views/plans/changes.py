"""One change of a plan: a line of what is done, and what that means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import JsonValue
from rich.text import Text

from provisioner.lifecycle import settings_of
from provisioner.lifecycle.canonical import without_empties
from provisioner.lifecycle.ensure import Action
from provisioner.planning.changes import Change, Plan
from provisioner.planning.dangers import Danger, Risk
from provisioner.views.detail import Detail
from provisioner.views.plans.fields import field_lines
from provisioner.views.values import LONGEST, shown, whole, with_references

SYMBOLS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("±", "bold red"),
    Action.DELETE: ("-", "red"),
    Action.ADOPT: (">", "cyan"),
    Action.FORGET: ("x", "dim"),
    Action.MOVE: ("»", "cyan"),
    Action.NOOP: ("=", "dim"),
}


def change_lines(
    plan: Plan, change: Change, dangers: Sequence[Danger], detail: Detail
) -> Iterator[Text]:
    """What is done to a resource."""
    if detail is Detail.SUMMARY:
        risks = ", ".join(dict.fromkeys(danger.risk for danger in dangers))
        yield _head(plan, change) + Text(f"  [{risks}]" if risks else "", "bold red")
        return
    yield _head(plan, change)
    for danger in dangers:
        if not _said(change, danger):
            yield Text(f"      ! {danger.what}", "bold red")
    for old in change.olds:
        if old.survives:
            yield Text(f"      {old.survives}", "yellow")
    yield from field_lines(change, detail)
    if detail is Detail.FULL and change.makes:
        yield from _settings(plan, change)


def _head(plan: Plan, change: Change) -> Text:
    symbol, style = SYMBOLS[change.action]
    word = "record" if change.action is Action.NOOP else str(change.action)
    line = Text.assemble(
        (f"  {symbol} {word:<8}", style), f"{change.address}  ", (change.kind, "dim")
    )
    known = change.id or _name(plan, change)
    if known and known != change.address:
        line.append(f"  {known}", "dim")
    if change.reason:
        line.append(f"  ({change.reason})", "italic")
    return line


def _name(plan: Plan, change: Change) -> str | None:
    """The id that what is created will have, where its name says it."""
    resource = plan.resource(change.address)
    return plan.values.identity(resource) if resource and change.makes else None


def _said(change: Change, danger: Danger) -> bool:
    """Whether the head of the change says it: that its own object is deleted."""
    verbs = {Action.DELETE: Risk.DELETE, Action.REPLACE: Risk.REPLACE}
    own = danger.what.startswith(f"{change.id} is deleted")
    return own and verbs.get(change.action) is danger.risk


def _settings(plan: Plan, change: Change) -> Iterator[Text]:
    """Every setting of what is made, as far as it is known."""
    resource = plan.resource(change.address)
    if resource is None:
        return
    spec = resource.resolved(plan.values.resolve).spec
    tags = getattr(spec, "tags", None)
    settings: dict[str, JsonValue] = {**settings_of(spec), **({"tags": tags} if tags else {})}
    for name, value in settings.items():
        told = with_references(without_empties(value))
        if told is not None:
            hidden = resource.rules[name].secret
            yield from _setting(name, "(a secret)" if hidden else told)


def _setting(name: str, value: JsonValue) -> Iterator[Text]:
    """On one line if it fits on one."""
    text = shown(value)
    if isinstance(value, str) or len(text) <= LONGEST:
        yield Text.assemble(f"      {name}: ", (text, "green"))
        return
    yield Text(f"      {name}:")
    for line in whole(value):
        yield Text(f"        {line}", "green")
