"""What a change of policies means, held against policies evaluated request by request."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from itertools import product
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.lifecycle.policydiff import ALL_BUT, Rule, compare

Json: TypeAlias = Any
WHO = {"AWS": ["111111111111", "222222222222", "*"], "Service": ["lambda.amazonaws.com"]}
ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:Get*", "s3:*", "sqs:SendMessage", "*"]
RESOURCES = ["arn:aws:s3:::a/1", "arn:aws:s3:::a/2", "arn:aws:s3:::a/*", "arn:aws:s3:::?/1", "*"]
KEYS = ["aws:sourceaccount", "aws:sourcevpce"]
VALUES = ["u", "v", "w"]
OPERATORS = ["StringEquals", "StringNotEquals"]
REQUESTS = [
    (who, what, on, dict(zip(KEYS, values, strict=True)))
    for who, what, on, values in product(
        [f"{kind}:{name}" for kind, names in WHO.items() for name in names if name != "*"],
        ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"],
        ["arn:aws:s3:::a/1", "arn:aws:s3:::a/2", "arn:aws:s3:::b/1"],
        product([*VALUES[:2], "x"], ["u", "x"]),
    )
]


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Json]:
    """A statement of a resource's policy, in any of its forms."""
    action, resource = (draw(st.sampled_from(["", "Not"])) for _ in range(2))
    principals = {
        kind: draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
        for kind, names in WHO.items()
        if kind == "AWS" or draw(st.booleans())
    }
    statement: dict[str, Json] = {
        "Effect": draw(st.sampled_from(["Allow", "Deny"])),
        "Principal": principals,
        f"{action}Action": draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3)),
        f"{resource}Resource": draw(st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=3)),
    }
    if draw(st.booleans()):
        values = st.lists(st.sampled_from(VALUES), min_size=1, max_size=2, unique=True)
        statement["Condition"] = {
            draw(st.sampled_from(OPERATORS)): {draw(st.sampled_from(KEYS)): draw(values)}
        }
    return statement


POLICIES: st.SearchStrategy[dict[str, Json]] = st.lists(statements(), max_size=3).map(
    lambda listed: {"Statement": listed}
)


@st.composite
def otherwise(draw: st.DrawFn, policy: dict[str, Json]) -> dict[str, Json]:
    """The same policy in other words: taken apart, in another order, with other names."""
    listed: list[dict[str, Json]] = []
    for statement in policy["Statement"]:
        pieces = [statement]
        for key in ("Action", "Resource"):
            if key in statement and draw(st.booleans()):
                pieces = [{**one, key: item} for one in pieces for item in one[key]]
        if draw(st.booleans()):
            pieces = [
                {**one, "Principal": {kind: name}}
                for one in pieces
                for kind, names in one["Principal"].items()
                for name in names
            ]
        listed += pieces
    ordered = draw(st.permutations(listed))
    return {"Statement": [{**one, "Sid": f"s{n}"} for n, one in enumerate(ordered)]}


def says(policy: dict[str, Json], effect: str, request: tuple[Any, ...]) -> bool:
    """Whether a statement with this effect fits the request: as IAM evaluates it."""
    return any(one["Effect"] == effect and fits(one, request) for one in policy["Statement"])


def fits(statement: dict[str, Json], request: tuple[Any, ...]) -> bool:
    who, what, on, context = request
    principals = [f"{kind}:{n}" for kind, names in statement["Principal"].items() for n in names]
    return (
        (who in principals or ("AWS:*" in principals and who.startswith("AWS:")))
        and part(statement, "Action", what)
        and part(statement, "Resource", on)
        and all(
            (context[key] in values) == (operator == "StringEquals")
            for operator, tests in statement.get("Condition", {}).items()
            for key, values in tests.items()
        )
    )


def part(statement: dict[str, Json], key: str, value: str) -> bool:
    if key in statement:
        return any(fnmatchcase(value, pattern) for pattern in statement[key])
    return not any(fnmatchcase(value, pattern) for pattern in statement[f"Not{key}"])


def told(rules: Iterable[Rule], request: tuple[Any, ...]) -> bool:
    """Whether one of the rules tells of the request."""
    return any(fits(as_statement(rule), request) for rule in rules)


def as_statement(rule: Rule) -> dict[str, Json]:
    statement: dict[str, Json] = {"Principal": {}, "Condition": {}}
    for one in rule.principals:
        kind, _, name = one.partition(":")
        statement["Principal"].setdefault(kind, []).append(name)
    for key, names in (("Action", rule.actions), ("Resource", rule.resources)):
        for name in names:
            if name.startswith(ALL_BUT):
                statement[f"Not{key}"] = name.removeprefix(ALL_BUT).split(", ")
            else:
                statement.setdefault(key, []).append(name)
    for test in rule.conditions:
        operator, key, values = test.split(" ", 2)
        statement["Condition"][operator] = {key.rstrip(":"): values.split(", ")}
    return statement


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_other_words_are_no_change(data: st.DataObject) -> None:
    """Statements split, moved, in another order or renamed say what they said."""
    policy = data.draw(POLICIES)
    assert not compare([policy], [data.draw(otherwise(policy))])


@settings(max_examples=60, deadline=None)
@given(POLICIES, POLICIES)
def test_the_way_back_says_the_opposite(before: dict[str, Json], after: dict[str, Json]) -> None:
    """What is newly allowed on the way there is no longer allowed on the way back."""
    there, back = compare([before], [after]), compare([after], [before])
    assert there.newly_allowed == back.no_longer_allowed
    assert there.no_longer_allowed == back.newly_allowed
    assert there.newly_denied == back.no_longer_denied
    assert there.no_longer_denied == back.newly_denied


@settings(max_examples=80, deadline=None)
@given(POLICIES, POLICIES)
def test_no_widening_is_missed(before: dict[str, Json], after: dict[str, Json]) -> None:
    """Every request that a policy newly allows, or no longer denies, is told of."""
    change = compare([before], [after])
    for effect, rules, old, new in (
        ("Allow", change.newly_allowed, before, after),
        ("Allow", change.no_longer_allowed, after, before),
        ("Deny", change.newly_denied, before, after),
        ("Deny", change.no_longer_denied, after, before),
    ):
        for request in REQUESTS:
            if says(new, effect, request) and not says(old, effect, request):
                assert told(rules, request), (effect, request, rules)


def statement(action: Json, **more: Json) -> dict[str, Json]:
    return {"Effect": "Allow", "Action": action, "Resource": "*", **more}


def allowed(before: Json, after: Json) -> tuple[Rule, ...]:
    """What is newly allowed."""
    change = compare([{"Statement": before}], [{"Statement": after}])
    assert (change.newly_denied, change.no_longer_denied) == ((), ())
    return change.newly_allowed


def test_a_policy_tells_actions_together() -> None:
    """Actions on the same resource under the same condition are one rule."""
    test = {"StringEquals": {"aws:SourceVpce": ["vpce-2", "vpce-1"]}}
    assert allowed([], [statement(["s3:PutObject", "s3:GetObject"], Condition=test)]) == (
        Rule(
            (), ("s3:GetObject", "s3:PutObject"), ("*",),
            ("StringEquals aws:sourcevpce: vpce-1, vpce-2",),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (statement("s3:*"), statement(["s3:GetObject", "S3:Put*"])),
        (statement("*"), statement("kms:Decrypt", Resource="arn:aws:kms:eu-central-1:1:key/k")),
        (statement("a:B"), statement("a:B", Condition={"Bool": {"aws:SecureTransport": "true"}})),
        (
            statement("a:B", Condition={"StringEquals": {"aws:SourceAccount": ["1", "2"]}}),
            statement("a:B", Condition={"StringEquals": {"aws:SourceAccount": "2"}}),
        ),
        (
            statement("a:B", Condition={"StringNotEquals": {"aws:SourceAccount": "1"}}),
            statement("a:B", Condition={"StringNotEquals": {"aws:SourceAccount": ["1", "2"]}}),
        ),
        (
            statement("a:B", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}),
            statement("a:B", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::a*"}}),
        ),
        (
            {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
            {"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"},
        ),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, statement("s3:Get*")),
        (
            statement("a:B", Principal="*"),
            statement("a:B", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
        ),
    ],
)
def test_what_is_covered_is_nothing_new(wide: Json, narrow: Json) -> None:
    """From the wide to the narrow nothing is newly allowed; the other way something is."""
    assert allowed([wide], [narrow]) == ()
    assert len(allowed([narrow], [wide])) == 1


def test_a_moved_inline_policy_is_no_change() -> None:
    """All policies of a holder count together."""
    one: Json = statement("s3:GetObject")
    other: Json = statement("sqs:SendMessage")
    apart: Json = [{"Statement": [one]}, {"Statement": [other]}]
    assert not compare(apart, [{"Statement": [other, one]}])


def test_a_new_version_or_name_is_no_access() -> None:
    """The documents differ, what they allow does not."""
    named: Json = {"Version": "2008-10-17", "Id": "x", "Statement": statement("s3:GetObject")}
    assert not compare([named], [{"Statement": [statement(["s3:GetObject"], Sid="Reads")]}])


def test_what_is_left_of_a_narrowed_access_is_told() -> None:
    """Who may read under a condition may still read, which "no longer" alone would not say."""
    test = {"Bool": {"aws:SecureTransport": "true"}}
    before: Json = {"Statement": [statement(["s3:Get*", "sqs:SendMessage"])]}
    after: Json = {"Statement": [statement(["s3:GetObject"], Condition=test)]}
    change = compare([before], [after])
    assert [rule.actions for rule in change.no_longer_allowed] == [("s3:Get*", "sqs:SendMessage")]
    assert change.still_allowed == (
        Rule((), ("s3:GetObject",), ("*",), ("Bool aws:securetransport: true",)),
    )
    assert change.newly_allowed == ()
    assert compare([after], [before]).still_allowed == ()
