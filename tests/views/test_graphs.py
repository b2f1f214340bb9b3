"""The graph of a stack, drawn: the same in every form, and without AWS."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import boto3
import pytest
from jsonschema import Draft202012Validator
from rich.text import Text

from provisioner.api.runs import apply
from provisioner.cli import run
from provisioner.engine.outline import outline, recorded_outline
from provisioner.manifest import load
from provisioner.operations.desk import Desk, Options
from provisioner.stack import Stack
from provisioner.views.graphs.boxes import drawing
from provisioner.views.graphs.document import graph_document
from provisioner.views.graphs.dot import dot_lines
from provisioner.views.graphs.mermaid import mermaid_lines
from provisioner.views.graphs.tree import tree_lines
from provisioner.views.wrapping import hung
from tests.conftest import VirtualClock
from tests.views.scenes import network

ROOT = Path(__file__).resolve().parents[2]
HEALTHCARE = str(ROOT / "manifests" / "healthcare")


def links(stack: Stack) -> set[tuple[str, str]]:
    """Needed and user, by the names of boxes."""
    return {(arrow.needed, arrow.user) for arrow in drawing(outline(stack)).arrows}


def test_every_reference_that_waits_is_a_link_with_its_field() -> None:
    """What a resource refers to, in which stage, for what of the other."""
    stack = network()
    reads = {"Effect": "Allow", "Action": "sqs:*", "Resource": "${failed.arn}"}
    stack.add("reads", "iam.policy", policy_name="reads", policy={"Statement": reads})
    document = graph_document(outline(stack))
    told = {
        (
            f"{one['address']}:{one['stage']}",
            f"{one['needs']['address']}:{one['needs']['stage']}",
        ): one["reasons"]
        for one in document["links"]
    }
    assert told["nat:create", "address:create"] == ["allocation_id"]
    assert told["nat:create", "internet:configure"] == ["depends_on"]
    assert told["endpoints_group:configure", "functions_group:create"] == [
        "ingress.0.group_id",
        "egress.0.group_id",
    ]
    assert told["nat:configure", "nat:create"] == []
    assert ("reads:create", "failed:create") not in told  # its name is known beforehand


def test_the_critical_path_is_the_longest() -> None:
    """Each of its stages waits for the one before, and no path takes longer."""
    found = outline(network())
    needs = {(link.user, link.needs) for link in found.links}
    assert all((user, needed) in needs for needed, user in pairwise(found.path))
    assert sum(found.seconds[node] for node in found.path) == found.total
    ends: dict[Any, float] = {}

    def end(node: Any) -> float:
        if node not in ends:
            before = max((end(one.needs) for one in found.links if one.user == node), default=0.0)
            ends[node] = before + found.seconds[node]
        return ends[node]

    assert max(map(end, found.seconds)) == found.total
    assert [node.address for node in found.path][-1] == "nat"


def test_mermaid_and_dot_draw_the_same_arrows() -> None:
    """Every box and every arrow of the one is in the other; texts are escaped."""
    stack = network()
    stack.add("odd", "ssm.parameter", name="/x", value="v", tags={'a"|<b>': "${vpc.id}"})
    found = outline(stack)
    mermaid = [*mermaid_lines(found)]
    names = dict(re.findall(r'^  (n\d+)\["(.*?)<br/>', "\n".join(mermaid), re.MULTILINE))
    drawn = re.findall(r"^  (n\d+) [=-]+>(?:\|.*\|)? (n\d+)$", "\n".join(mermaid), re.MULTILINE)
    assert {(names[one], names[other]) for one, other in drawn} == links(stack)
    dot = [*dot_lines(found)]
    assert (dot[0], dot[-1]) == ('digraph "clinic" {', "}")
    assert set(re.findall(r'^  "(.*?)" -> "(.*?)" \[', "\n".join(dot), re.MULTILINE)) == links(
        stack
    )
    assert 'tags.a\\"|<b>' in "\n".join(dot)
    assert "tags.a#quot;#124;#lt;b#gt;" in "\n".join(mermaid)


def test_a_manifest_is_drawn_without_aws(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No session is made: there is neither a region nor a credential; its JSON fits the schema."""

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a session was made")

    monkeypatch.setattr("boto3.session.Session.__init__", refuse)
    assert run(["graph", HEALTHCARE]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("healthcare-dev: 110 resources, 220 stages, ")
    assert "* Critical path, " in shown
    assert run(["graph", HEALTHCARE, "--json", "--format", "dot"]) == 0
    document = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "docs/schema/graph.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)
    assert len(document["stages"]) == 220


def test_what_stands_is_drawn_from_the_inventory(
    session: boto3.Session, clock: VirtualClock
) -> None:
    """The same arrows as of the stack that was applied, without their fields."""
    options = Options(clock=clock)
    stack = Stack("told")
    key = stack.add("key", "kms.key", alias="alias/told")
    topic = stack.add("topic", "sns.topic", name="told", kms_key=key.arn)
    stack.add("queue", "sqs.queue", queue_name="told", kms_key=key.arn, depends_on=[topic])
    apply(session, stack, options).check()
    records = Desk.reader(session, options).inventory.records("told")
    found = recorded_outline("told", [*records.values()])
    assert {(a.needed, a.user, a.reason) for a in drawing(found).arrows} == {
        ("key", "topic", "recorded"),
        ("key", "queue", "recorded"),
        ("topic", "queue", "recorded"),
    }
    assert found.total >= outline(stack).total


def test_a_manifest_or_a_stack_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither, and both, is a usage error."""
    assert run(["graph"]) == 64
    assert run(["graph", HEALTHCARE, "--stack", "told"]) == 64
    assert "Name a MANIFEST, or a --stack." in capsys.readouterr().err


def test_five_hundred_resources_in_a_chain_are_drawn() -> None:
    """Soon, and however deep: each stands on one line of the tree."""
    stack = Stack("chain")
    for n in range(500):
        before = [f"r{n - 1:03}"] if n else []
        stack.add(f"r{n:03}", "sqs.queue", queue_name=f"q{n}", depends_on=before)
    started = monotonic()
    found = outline(stack)
    lines = [line.plain for line in tree_lines(found)]
    assert len([*mermaid_lines(found)]) == 1 + 500 + 499 + 2
    assert len(lines) == 1 + 500 + 2
    assert len(found.path) == 1000
    assert monotonic() - started < 5


def test_the_page_shows_what_the_command_prints() -> None:
    """Every line of the tree in docs/graph.md is one of healthcare's, in this order."""
    page = (ROOT / "docs" / "graph.md").read_text(encoding="utf-8")
    tree = page.partition("graph manifests/healthcare\n")[2].partition("```")[0].splitlines()
    stack = Stack.of(load(HEALTHCARE, environment={}))
    printed = (line for text in tree_lines(outline(stack)) for line in _lines(text))
    for line in tree:
        assert line == "…" or line in printed, line


def _lines(text: Text) -> list[str]:
    return hung(text, 100).plain.split("\n")
