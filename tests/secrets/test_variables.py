"""A variable that is secret: usable where secrets are kept, and told nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.errors import ManifestError
from provisioner.manifest import load
from provisioner.stack import Stack
from tests.secrets.planted import ENVIRONMENT, found_in, told

FUNCTION = """
resources:
  f:
    kind: lambda.function
    function_name: f
    code: .
    handler: a.b
    role: arn:aws:iam::1:role/a
    runtime: python3.13
    environment: %s
"""
HEAD = "stack: clinic\nvariables:\n  token: {secret: true, %s}\n"


def refused(folder: Path, text: str, value: str = ENVIRONMENT) -> str:
    """What is wrong with a manifest whose secret variable has this value."""
    (folder / "clinic.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError) as error:
        Stack.of(load(folder, variables={"token": value}))
    assert found_in(told(error.value)) == set()
    return str(error.value)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ('pattern: "[0-9]+"', "the value, which is secret, does not match [0-9]+"),
        ("type: integer", "the value, which is secret, is no integer"),
        ("allowed: [a, b]", "the value, which is secret, is not one of those allowed"),
        ("secret: perhaps", "variables.token"),
    ],
)
def test_a_value_that_does_not_fit_is_not_quoted(tmp_path: Path, limits: str, says: str) -> None:
    """Only what it should have been."""
    text = (
        HEAD.replace("%s", limits)
        if "secret" not in limits
        else ("stack: clinic\nvariables:\n  token: {secret: perhaps}\n")
    )
    assert says in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stack: clinic-${var.token}\n", "stack: ${var.token} is secret"),
        ('tags: {Token: "${var.token}"}\n', "tags.Token: ${var.token} is secret"),
        ('outputs: {token: "${var.token}"}\n', "outputs.token: ${var.token} is secret"),
        (
            'resources: {t: {kind: sns.topic, name: a, display_name: "x ${var.token}"}}\n',
            "Fields of sns.topic that keep a secret: none.",
        ),
        (
            'resources: {p: {kind: ssm.parameter, name: "/${var.token}", value: x}}\n',
            "Fields of ssm.parameter that keep a secret: value.",
        ),
        (
            'resources: {p: {kind: ssm.parameter, name: /p, value: x, when: "${var.token}"}}\n',
            "p.when: ${var.token} is secret",
        ),
        (FUNCTION % '{"${var.token}": x}', "environment.${var.token}: ${var.token} is secret"),
        ('resources: {p: "${var.token}"}\n', "p: ${var.token} is secret"),
    ],
)
def test_it_may_not_stand_where_it_would_be_shown(tmp_path: Path, text: str, says: str) -> None:
    """Names, tags, outputs, conditions, keys, and fields that are told and stored."""
    head = HEAD.replace("%s", "env: TOKEN")
    head = head.partition("\n")[2] if text.startswith("stack") else head
    assert says in refused(tmp_path, text + head if text.startswith("stack") else head + text)


def test_it_is_used_where_secrets_are_kept(tmp_path: Path) -> None:
    """In a longer text as well, and in one value of a mapping; the digest tells nothing of it."""
    text = HEAD.replace("%s", "env: TOKEN") + FUNCTION % '{A: "${var.token}", B: b}'
    text += '  p: {kind: ssm.parameter, name: /p, value: "user:${var.token}"}\n'
    (tmp_path / "clinic.yaml").write_text(text, encoding="utf-8")
    one = Stack.of(load(tmp_path, variables={"token": ENVIRONMENT}))
    two = Stack.of(load(tmp_path, environment={"TOKEN": "another"}))
    assert one.resources["p"].settings["value"] == f"user:{ENVIRONMENT}"
    assert two.resources["f"].settings["environment"] == {"A": "another", "B": "b"}
    assert one.digest == two.digest
    assert found_in(repr([one, two, load(tmp_path, variables={"token": ENVIRONMENT})])) == set()
