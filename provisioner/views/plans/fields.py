"""The fields of a change, before and after."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue
from rich.text import Text

from provisioner.lifecycle import Difference, Origin
from provisioner.lifecycle.policydiff import PolicyChange
from provisioner.lifecycle.secrets import masked
from provisioner.planning.changes import Change
from provisioner.planning.dangers import policy_changes
from provisioner.views.detail import Detail
from provisioner.views.plans.policies import policy_lines, with_names
from provisioner.views.values import abridged, apart, shortened, shown, whole, with_references

ORIGINS = {
    Origin.MANIFEST: "in the manifest",
    Origin.DRIFT: "changed outside",
    Origin.BOTH: "in the manifest, and outside",
}


def field_lines(change: Change, detail: Detail) -> Iterator[Text]:
    """Every difference of a change."""
    policies = policy_changes(change)
    for one in change.differences:
        if one.secret:
            yield _line(one, Text(f" {_of_secret(one)}"))
        elif one.field in policies:
            yield from _policy(one, policies[one.field], detail)
        else:
            yield from _values(one, detail)


def difference_line(difference: Difference) -> Text:
    """A field on one line, before and after; a secret one masked."""
    known = masked(difference)
    return _line(known, _pair(*abridged(shown(known.before), shown(known.after))))


def _line(one: Difference, told: Text) -> Text:
    """The field's name, what is told of it, and what is to be said beside that."""
    line = Text(f"      {one.field}:") + told
    if one.replace:
        line.append("  forces the replace", "red")
    if one.origin:
        was = "" if one.applied is None else f"; it was {shortened(shown(one.applied))}"
        line.append(f"  ({ORIGINS[one.origin]}{was})", "dim")
    return line


def _of_secret(one: Difference) -> str:
    """What becomes of a secret."""
    if one.before is None or one.after is None:
        return "unset (a secret)" if one.after is None else "set (a secret)"
    return "changed (a secret)"


def _policy(one: Difference, change: PolicyChange, detail: Detail) -> Iterator[Text]:
    after = with_references(one.after) if one.unknown else one.after
    yield _line(one, Text())
    yield from policy_lines(with_names(change) if one.unknown else change, detail)
    if detail is Detail.FULL:
        for word, value in (("before", one.before), ("after", after)):
            yield Text(f"        {word}:" if value else f"        {word}: {shown(value)}", "dim")
            for line in whole(value) if value else ():
                yield Text(f"          {line}", "dim")


def _values(one: Difference, detail: Detail) -> Iterator[Text]:
    """On one line if nothing within the values can be told apart."""
    after = with_references(one.after) if one.unknown else one.after
    found = [*apart(one.before, after)]
    if found == [("", one.before, after)]:
        yield _line(one, _two(one.before, after, detail))
        return
    yield _line(one, Text())
    for path, old, new in found:
        yield _part(path, old, new, detail)


def _part(path: str, old: JsonValue, new: JsonValue, detail: Detail) -> Text:
    """Something within a value: added, taken away, or another."""
    head = Text(f"        {path}:" if path else "       ")
    if old is None:
        return head + Text(f" + {_cut(shown(new), detail)}", "green")
    if new is None:
        return head + Text(f" - {_cut(shown(old), detail)}", "red")
    return head + _two(old, new, detail)


def _two(old: JsonValue, new: JsonValue, detail: Detail) -> Text:
    before, after = shown(old), shown(new)
    return _pair(before, after) if detail is Detail.FULL else _pair(*abridged(before, after))


def _pair(before: str, after: str) -> Text:
    return Text.assemble(" ", (before, "red"), " → ", (after, "green"))


def _cut(text: str, detail: Detail) -> str:
    return text if detail is Detail.FULL else shortened(text)
