"""What waits for what: per stage, no more than needed, and a real cycle is told."""

from __future__ import annotations

import pytest

from provisioner.errors import ManifestError
from provisioner.lifecycle import Stage
from provisioner.stack import Setting, Stack
from provisioner.stack.graph import Node, build


def policy(resource: str) -> Setting:
    return {"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": resource}]}


def test_a_name_that_is_known_is_not_waited_for() -> None:
    """An alarm on a topic's predicted ARN starts at once."""
    stack = Stack("demo")
    stack.add("rule", "events.rule", name="r", schedule_expression="rate(1 day)")
    stack.add(
        "alarm", "cloudwatch.alarm", alarm_name="a", namespace="n", metric_name="m",
        statistic="Sum", period=60, evaluation_periods=1, threshold=1,
        comparison_operator="GreaterThanThreshold", alarm_actions=["${rule.arn}"],
    )  # fmt: skip
    assert build(stack).needs(Node("alarm", Stage.CREATE)) == frozenset()


def test_two_resources_may_name_each_other_in_configure_fields() -> None:
    """Two keys whose policies name each other are both made first, then wired."""
    stack = Stack("demo")
    stack.add("a", "kms.key", alias="alias/a", policy=policy("${b.arn}"))
    stack.add("b", "kms.key", alias="alias/b", policy=policy("${a.arn}"))
    graph = build(stack)
    assert graph.needs(Node("a", Stage.CREATE)) == frozenset()
    assert Node("b", Stage.CREATE) in graph.needs(Node("a", Stage.CONFIGURE))


def test_a_cycle_among_creates_is_told_with_every_link() -> None:
    """The loop names each address and each field."""
    stack = Stack("demo")
    stack.add("a", "kms.key", alias="alias/a", depends_on=["b"])
    stack.add("b", "kms.key", alias="alias/b", depends_on=["a"])
    with pytest.raises(ManifestError) as caught:
        build(stack)
    assert "a → b → a" in str(caught.value) or "b → a → b" in str(caught.value)
    assert "a.depends_on needs b" in str(caught.value)
