"""How the code hangs together, beyond what import-linter can say."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KINDS = sorted((ROOT / "provisioner" / "resources").glob("[!_]*.py"))


@pytest.mark.parametrize("file", KINDS, ids=lambda file: file.stem)
def test_a_kind_knows_no_other_kind(file: Path) -> None:
    """A new resource type is one new file; what kinds share stands in modules with a _."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    others = [
        module
        for module in modules
        if module.startswith("provisioner.resources.") and not module.split(".")[2].startswith("_")
    ]
    assert others == []


def test_no_call_to_aws_but_through_the_session() -> None:
    """Only the gate makes clients; a session is made by the command line, and in test rooms."""
    makers = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "provisioner").rglob("*.py")
        if "boto3.session import Session" in file.read_text(encoding="utf-8")
        or "boto3.client" in file.read_text(encoding="utf-8")
    }
    assert makers == {
        "provisioner/aws/clients.py",
        "provisioner/cli/surroundings.py",
        "provisioner/local/session.py",
        "provisioner/strict/layer.py",
        "provisioner/strict/plugin.py",
        "provisioner/strict/world.py",
    }
