"""A bad manifest ends with a sentence, its place and a code, before the first call to AWS."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from provisioner.cli import run
from tests.e2e.alive import alive

KEY = "stack: s\nresources: {k: {kind: kms.key, alias: alias/a}}\n"
BAD = {
    "yaml": ("stack: [", "main.yaml:", 1),
    "duplicate": ("stack: s\nstack: s\n", "main.yaml:2:1", 1),
    "kind": ("stack: s\nresources: {k: {kind: kms.kee}}\n", "'kms.key'", 1),
    "field": ("stack: s\nresources: {k: {kind: kms.key, alais: alias/a}}\n", "'alias'", 1),
    "type": ("stack: s\nresources: {k: {kind: kms.key, alias: 1}}\n", "main.yaml:2:32", 1),
    "dangling": (KEY + "outputs: {o: '${q.arn}'}\n", "no resource 'q'", 1),
    "variable": ("stack: s-${var.x}\nvariables: {x: }\n", "has no value", 1),
    "cidr": (
        "stack: s\nresources: {v: {kind: ec2.vpc, cidr_block: 10.0.0.0/99}}\n",
        "is not a CIDR block",
        1,
    ),
    "policy": (
        "stack: s\nresources: {k: {kind: kms.key, alias: alias/a, policy: '{'}}\n",
        "not JSON",
        1,
    ),
    "name": (
        f"stack: s\nresources: {{q: {{kind: sqs.queue, queue_name: {'a' * 81}}}}}\n",
        "at most 80",
        1,
    ),
    "folder": (
        (
            "stack: s\nresources: {f: {kind: lambda.function, function_name: f, "
            "runtime: python3.13, role: 'arn:aws:iam::123456789012:role/r', code: nowhere}}\n"
        ),
        "no folder",
        1,
    ),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("words", [("validate",), ("apply", "--yes")], ids=["validate", "apply"])
def test_a_bad_manifest(
    name: str,
    words: tuple[str, ...],
    session: boto3.Session,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Told with its place before the first call."""
    text, message, code = BAD[name]
    (tmp_path / "main.yaml").write_text(text)
    command, *flags = words
    assert run((command, str(tmp_path), *flags)) == code
    told = capsys.readouterr().err
    assert message in told
    assert "Traceback" not in told
    assert alive(session) == {}
    assert session.client("dynamodb").list_tables()["TableNames"] == []
