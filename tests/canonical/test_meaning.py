"""The canonical forms themselves: one for each meaning, and another for any other."""

from __future__ import annotations

import copy
import ipaddress
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.lifecycle.canonical import (
    as_json_text,
    as_network,
    as_policy,
    as_set,
    without_empties,
)
from tests.canonical.forms import Writer

EXAMPLES = settings(max_examples=40, deadline=None)
ACCOUNT = st.from_regex(r"\A[0-9]{12}\Z")
NAMES = st.from_regex(r"\A[A-Za-z][A-Za-z0-9]{0,5}\Z")
ARNS = st.builds("arn:aws:s3:::{}/{}".format, NAMES, st.sampled_from(["*", "a", "b*"]))
ACTIONS = st.builds("{}:{}".format, st.sampled_from(["s3", "kms", "sqs"]), NAMES)
IDENTITIES = st.one_of(
    ACCOUNT,
    st.builds("arn:aws:iam::{}:root".format, ACCOUNT),
    st.builds("arn:aws:iam::{}:role/{}".format, ACCOUNT, NAMES),
)


def some(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """One value, or a list of several."""
    return st.one_of(strategy, st.lists(strategy, min_size=1, max_size=3, unique=True))


PRINCIPALS = st.one_of(
    st.just("*"),
    st.just({"AWS": "*"}),
    st.fixed_dictionaries({"AWS": some(IDENTITIES)}),
    st.fixed_dictionaries({"Service": some(st.builds("{}.amazonaws.com".format, NAMES))}),
)
CONDITIONS = st.dictionaries(
    st.sampled_from(["StringEquals", "ArnLike", "Bool"]),
    st.dictionaries(
        st.sampled_from(["aws:SourceArn", "aws:SecureTransport", "aws:SourceAccount"]),
        st.one_of(some(NAMES), st.booleans(), st.sampled_from(["true", "false"])),
        min_size=1,
    ),
    min_size=1,
)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": some(ACTIONS)},
    optional={
        "Sid": NAMES,
        "Principal": PRINCIPALS,
        "Resource": some(ARNS),
        "Condition": CONDITIONS,
    },
)
POLICIES = st.fixed_dictionaries(
    {"Version": st.just("2012-10-17"), "Statement": st.lists(STATEMENTS, min_size=1, max_size=3)}
)


@EXAMPLES
@given(POLICIES, st.randoms(use_true_random=False))
def test_every_form_of_a_policy_is_that_policy(policy: dict[str, Any], random: Any) -> None:
    """Order, lists of one, roots, booleans, text or data: the meaning is the same."""
    writer = Writer(random)
    anew = writer.policy(policy)
    assert as_policy(anew) == as_policy(policy)
    assert as_policy(json.dumps(anew)) == as_policy(policy)
    del anew["Version"]
    assert as_policy(anew) == as_policy(policy)
    assert as_policy(as_policy(anew)) == as_policy(anew)


def _other_effect(policy: dict[str, Any]) -> None:
    one = policy["Statement"][0]
    one["Effect"] = "Deny" if one["Effect"] == "Allow" else "Allow"


def _one_more_action(policy: dict[str, Any]) -> None:
    one = policy["Statement"][0]
    actions = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
    one["Action"] = [*actions, "sns:Publish"]


def _not_these_actions(policy: dict[str, Any]) -> None:
    one = policy["Statement"][0]
    one["NotAction"] = one.pop("Action")


def _another_resource(policy: dict[str, Any]) -> None:
    policy["Statement"][0]["Resource"] = "arn:aws:s3:::somewhere-else"


def _an_id_for_a_role(policy: dict[str, Any]) -> None:
    """What AWS writes for a role that was deleted, and perhaps made again."""
    policy["Statement"][0]["Principal"] = {"AWS": "AROAEXAMPLEEXAMPLE123"}


def _one_more_condition(policy: dict[str, Any]) -> None:
    test = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    policy["Statement"][0].setdefault("Condition", {}).update(test)


def _one_more_statement(policy: dict[str, Any]) -> None:
    policy["Statement"].append({"Sid": "0", "Effect": "Allow", "Action": "*", "Resource": "*"})


def _another_sid(policy: dict[str, Any]) -> None:
    policy["Statement"][0]["Sid"] = "0other"


def _another_id(policy: dict[str, Any]) -> None:
    policy["Id"] = "other"


@pytest.mark.parametrize(
    "change",
    [
        _other_effect,
        _one_more_action,
        _not_these_actions,
        _another_resource,
        _an_id_for_a_role,
        _one_more_condition,
        _one_more_statement,
        _another_sid,
        _another_id,
    ],
)
@EXAMPLES
@given(policy=POLICIES, random=st.randoms(use_true_random=False))
def test_any_other_policy_is_another(
    change: Callable[[dict[str, Any]], None], policy: dict[str, Any], random: Any
) -> None:
    """A change of what a policy says is seen, in whatever form it comes."""
    other = copy.deepcopy(policy)
    change(other)
    assert as_policy(Writer(random).policy(other)) != as_policy(policy)


@EXAMPLES
@given(st.ip_addresses(v=4), st.integers(8, 28))
def test_a_network_is_the_one_its_host_is_in(host: ipaddress.IPv4Address, bits: int) -> None:
    """AWS stores 10.1.2.3/16 as 10.1.0.0/16; any other network is another."""
    network = ipaddress.ip_network(f"{host}/{bits}", strict=False)
    assert as_network(f"{host}/{bits}") == as_network(str(network)) == str(network)
    assert as_network(f"{host}/{bits + 1}") != str(network)


VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(), NAMES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)


@EXAMPLES
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_absent_and_empty_are_one(value: dict[str, Any]) -> None:
    """Members that are None, "", [] or {} say nothing, at any depth."""
    padded = {**value, "0none": None, "0text": "", "0list": [], "0map": {"a": {"b": []}}}
    assert without_empties(padded) == without_empties(value)
    assert without_empties({**value, "0some": [{}, 0]}) != without_empties(value)


@EXAMPLES
@given(st.lists(VALUES, max_size=4), st.randoms(use_true_random=False))
def test_a_set_has_no_order_and_no_repetitions(items: list[Any], random: Any) -> None:
    """However often and where an item stands, it is in it or not."""
    again = random.sample([*items, *items[:1]], len(items) + len(items[:1]))
    assert as_set(again) == as_set(items)
    assert as_set([*items, "0new"]) != as_set(items)


@EXAMPLES
@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=3))
def test_json_is_text_or_data(value: dict[str, Any]) -> None:
    """A JSON text and what it stands for are the same, however it is written."""
    assert as_json_text(json.dumps(value)) == as_json_text(value)
    assert as_json_text(json.dumps(value, indent=2, sort_keys=True)) == as_json_text(value)
    assert as_json_text(json.dumps({**value, "0new": 1})) != as_json_text(value)
