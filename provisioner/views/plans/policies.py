"""A change of policies in sentences: who may newly do what, and who no longer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from rich.text import Text

from provisioner.lifecycle.policydiff import EVERYONE, PolicyChange, Rule
from provisioner.quantities import enumerated
from provisioner.views.detail import Detail
from provisioner.views.values import text_with_references

HOLDER = "its holder"
SHOWN = 6
"""Names of an enumeration that is not shown whole."""


def policy_lines(change: PolicyChange, detail: Detail) -> Iterator[Text]:
    """One line a rule, what widens access first."""
    told = (
        ("newly allowed", "bold red", change.newly_allowed, "may"),
        ("no longer denied", "bold red", change.no_longer_denied, "may not"),
        ("no longer allowed", "yellow", change.no_longer_allowed, "may"),
        ("still allowed", "dim", change.still_allowed, "may"),
        ("newly denied", "yellow", change.newly_denied, "may not"),
        ("still denied", "dim", change.still_denied, "may not"),
    )
    for word, style, rules, may in told:
        for rule in rules:
            yield Text.assemble((f"        {word}", style), f": {sentence(rule, may, detail)}")
    if not change:
        yield Text("        allows and denies what it did", "dim")


def with_names(change: PolicyChange) -> PolicyChange:
    """The same change, with `⟨arn of records⟩` where a resource is not known yet."""
    return PolicyChange(
        **{one.name: tuple(map(_named, getattr(change, one.name))) for one in fields(PolicyChange)}
    )


def _named(rule: Rule) -> Rule:
    return Rule(
        **{
            one.name: tuple(map(text_with_references, getattr(rule, one.name)))
            for one in fields(Rule)
        }
    )


def sentence(rule: Rule, may: str, detail: Detail) -> str:
    """`account 123456789012 may s3:GetObject on arn:aws:s3:::a/*, if Bool …`."""
    most = max(map(len, (rule.principals, rule.actions, rule.resources)))
    many = most if detail is Detail.FULL else SHOWN
    who = enumerated([*map(principal, rule.principals)], many) or HOLDER
    what = enumerated(rule.actions, many)
    on = f" on {enumerated(rule.resources, many)}" if rule.resources else ""
    when = f", if {' and '.join(rule.conditions)}" if rule.conditions else ""
    return f"{who} {may} {what}{on}{when}"


def principal(name: str) -> str:
    """Who that is, in words."""
    if name == EVERYONE:
        return "everyone"
    kind, _, who = name.partition(":")
    if kind == "AWS" and who.isdigit():
        return f"account {who}"
    return who if kind in {"AWS", "Service", "Federated"} else name
