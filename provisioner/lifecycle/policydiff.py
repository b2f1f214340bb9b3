"""What a change of policies means: who may newly do what, and who no longer.

Policies are taken apart into accesses: one principal, one action, one resource, under one
condition. One that the other side covers, exactly or by a wider one, is no change; so a moved
action, a split statement or a new Sid say nothing. Effects are compared each by itself: what an
Allow gives is not weighed against what a Deny takes. Pure.

What is covered is judged on the safe side: where wildcards can't be compared, a change is told.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

from provisioner.lifecycle import FieldRule, Json
from provisioner.lifecycle.canonical import as_policies, as_policy

EVERYONE = "AWS:*"
ANYTHING = "*"
ALL_BUT = "all but "


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """Accesses that are told together: each principal may do each action on each resource.

    Attributes:
        principals: such as `Service:lambda.amazonaws.com`, `AWS:123456789012` (an account) or
            `AWS:*` (everyone); empty for the holder of an identity's policy.
        actions: such as `s3:GetObject`, or `all but iam:*, sts:*`.
        resources: ARNs or patterns; empty where the policy names none.
        conditions: tests that must all hold, such as `StringEquals aws:sourceaccount: 1234…`.
    """

    principals: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What differs between two states of policies; all empty if they mean the same.

    `still_allowed` and `still_denied` are what is left of an access that was narrowed.
    """

    newly_allowed: tuple[Rule, ...] = ()
    no_longer_allowed: tuple[Rule, ...] = ()
    still_allowed: tuple[Rule, ...] = ()
    newly_denied: tuple[Rule, ...] = ()
    no_longer_denied: tuple[Rule, ...] = ()
    still_denied: tuple[Rule, ...] = ()

    @property
    def widens(self) -> bool:
        """Whether anybody may do what he could not."""
        return bool(self.newly_allowed or self.no_longer_denied)

    def __bool__(self) -> bool:
        return self.widens or bool(self.no_longer_allowed or self.newly_denied)


@dataclass(frozen=True, slots=True, order=True)
class _Part:
    """One name or pattern; or everything but some."""

    names: tuple[str, ...]
    but: bool = False

    def __str__(self) -> str:
        told = ", ".join(self.names)
        return ALL_BUT + told if self.but else told


@dataclass(frozen=True, slots=True, order=True)
class _Test:
    """One test of a condition: any of the values fits, or with a `Not` none of them."""

    operator: str
    key: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.operator} {self.key}: {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class _Access:
    who: _Part | None
    what: _Part
    on: _Part | None
    when: tuple[_Test, ...]


def policies_of(rule: FieldRule, value: Json) -> tuple[Json, ...] | None:
    """The policies that a field's value holds; None if the field holds no policies."""
    if rule.canonical is as_policy:
        return (value,) if isinstance(value, dict) else ()
    if rule.canonical is as_policies:
        return tuple(value.values()) if isinstance(value, dict) else ()
    return None


def compare(before: Iterable[Json], after: Iterable[Json]) -> PolicyChange:
    """What the second policies say that the first did not, and the other way round.

    Args:
        before: all policies of the object, or of one field of it, as they are.
        after: as they will be.
    """
    old, new = [*before], [*after]
    return PolicyChange(
        newly_allowed=_added(old, new, "Allow"),
        no_longer_allowed=_added(new, old, "Allow"),
        still_allowed=_narrowed(old, new, "Allow"),
        newly_denied=_added(old, new, "Deny"),
        no_longer_denied=_added(new, old, "Deny"),
        still_denied=_narrowed(old, new, "Deny"),
    )


def _added(old: Sequence[Json], new: Sequence[Json], effect: str) -> tuple[Rule, ...]:
    there = dict.fromkeys(_accesses(old, effect))
    wanted = dict.fromkeys(_accesses(new, effect))
    return _grouped(_widest([one for one in wanted if not _held(one, there)]))


def _narrowed(old: Sequence[Json], new: Sequence[Json], effect: str) -> tuple[Rule, ...]:
    """What is left of accesses that go."""
    there = dict.fromkeys(_accesses(old, effect))
    wanted = dict.fromkeys(_accesses(new, effect))
    lost = [one for one in there if not _held(one, wanted)]
    left = [one for one in wanted if one not in there and _held(one, lost)]
    return _grouped(_widest(left))


def _held(one: _Access, accesses: Collection[_Access]) -> bool:
    """Whether any of the accesses gives all that this one gives."""
    return one in accesses or any(_covers(wider, one) for wider in accesses)


def _widest(accesses: Sequence[_Access]) -> list[_Access]:
    """Without those that another one covers."""
    kept: list[_Access] = []
    for one in accesses:
        if not any(_covers(wider, one) for wider in kept):
            kept = [other for other in kept if not _covers(one, other)]
            kept.append(one)
    return kept


def _accesses(policies: Iterable[Json], effect: str) -> Iterator[_Access]:
    for policy in policies:
        document = as_policy(policy)
        statements = document.get("Statement") if isinstance(document, dict) else None
        for statement in statements if isinstance(statements, list) else ():
            if isinstance(statement, dict) and statement.get("Effect") == effect:
                yield from _apart(statement)


def _apart(statement: Mapping[str, Json]) -> Iterator[_Access]:
    who = _parts(statement, "Principal", _principals)
    what = _parts(statement, "Action", _names)
    on = _parts(statement, "Resource", _names)
    when = tuple(sorted(_tests(statement.get("Condition"))))
    for one_who, one_what, one_on in product(who or (None,), what, on or (None,)):
        yield _Access(one_who, one_what, one_on, when)


def _parts(
    statement: Mapping[str, Json], key: str, names: Callable[[Json], tuple[str, ...]]
) -> tuple[_Part, ...]:
    if (excepted := statement.get(f"Not{key}")) is not None:
        return (_Part(names(excepted), but=True),)
    return tuple(_Part((name,)) for name in names(statement.get(key)))


def _names(value: Json) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(str(one) for one in listed)


def _principals(value: Json) -> tuple[str, ...]:
    if not isinstance(value, dict):
        return _names(value)
    return tuple(f"{kind}:{name}" for kind, names in value.items() for name in _names(names))


def _tests(condition: Json) -> Iterator[_Test]:
    for operator, tests in condition.items() if isinstance(condition, dict) else ():
        for key, values in tests.items() if isinstance(tests, dict) else ():
            yield _Test(operator, key, _names(values))


def _covers(wider: _Access, other: _Access) -> bool:
    """Whether all that the other access gives is given by the wider one, too."""
    return (
        _part_covers(wider.who, other.who, _is_principal)
        and _part_covers(wider.what, other.what, _is_action)
        and _part_covers(wider.on, other.on, matches)
        and all(any(_eases(test, one) for one in other.when) for test in wider.when)
    )


def _part_covers(
    wider: _Part | None, other: _Part | None, fits: Callable[[str, str], bool]
) -> bool:
    if wider is None or other is None or wider == other:
        return wider == other
    if wider.but and other.but:
        return all(any(fits(name, but) for name in other.names) for but in wider.names)
    if wider.but:
        return not any(_may_meet(but, name) for but in wider.names for name in other.names)
    if other.but:
        return any(name in {ANYTHING, EVERYONE} for name in wider.names)
    return all(any(fits(pattern, name) for pattern in wider.names) for name in other.names)


def _is_principal(pattern: str, name: str) -> bool:
    return pattern == name or (pattern == EVERYONE and name.startswith("AWS:"))


def _is_action(pattern: str, name: str) -> bool:
    return matches(pattern.lower(), name.lower())


def matches(pattern: str, name: str) -> bool:
    """Whether all that the second pattern stands for is in the first: `s3:*`, `s3:Get*`."""
    return _expression(pattern).fullmatch(name) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    pieces = (
        {"*": ".*", "?": "[^*]"}.get(one[0], re.escape(one))
        for one in re.findall(r"\*+|\?|[^*?]+", pattern)
    )
    return re.compile("".join(pieces), re.DOTALL)


def _may_meet(one: str, other: str) -> bool:
    """Whether both patterns may stand for the same: as long as their beginnings do not differ."""
    first, second = (re.split(r"[*?]", pattern.lower(), maxsplit=1)[0] for pattern in (one, other))
    whole = (first == one.lower(), second == other.lower())
    if all(whole):
        return first == second
    return first.startswith(second) or second.startswith(first)


def _eases(wider: _Test, other: _Test) -> bool:
    """Whether whatever passes the other test passes the wider one, too."""
    if (wider.operator, wider.key) != (other.operator, other.key):
        return False
    if "Not" in wider.operator:
        return set(wider.values) <= set(other.values)
    like = "Like" in wider.operator or "Arn" in wider.operator
    fits = matches if like else str.__eq__
    return all(any(fits(value, one) for value in wider.values) for one in other.values)


def _grouped(accesses: Iterable[_Access]) -> tuple[Rule, ...]:
    """Accesses that differ in one part only are one rule: actions first, then resources."""
    rules = {
        Rule(_texts(one.who), _texts(one.what), _texts(one.on), tuple(map(str, one.when)))
        for one in accesses
    }
    for name in ("actions", "resources", "principals"):
        rules = {*_together(rules, name)}
    return tuple(sorted(rules))


def _together(rules: Iterable[Rule], name: str) -> Iterator[Rule]:
    """Rules that are alike but for one part, as one; what excepts something stays by itself."""
    alike: dict[Rule, set[str]] = {}
    for rule in rules:
        names: tuple[str, ...] = getattr(rule, name)
        if any(one.startswith(ALL_BUT) for one in names):
            yield rule
        else:
            alike.setdefault(replace(rule, **{name: ()}), set()).update(names)
    for rule, together in alike.items():
        yield replace(rule, **{name: tuple(sorted(together))})


def _texts(part: _Part | None) -> tuple[str, ...]:
    return () if part is None else (str(part),)
