"""The page about fidelity is current."""

from __future__ import annotations

from pathlib import Path

from provisioner.strict.fidelity import page
from provisioner.strict.rules import all_rules, all_unplayed

PAGE = Path(__file__).resolve().parents[2] / "docs" / "aws-fidelity.md"


def test_the_page_is_current() -> None:
    """Whoever changes a rule writes the page anew: scripts/docs."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_page_tells_every_rule_and_what_is_not_played() -> None:
    """Nothing that is known of AWS is left out."""
    text = page()
    assert all(f"| `{rule.name}` |" in text for rule in all_rules())
    assert all(entry.says in text for part in all_unplayed().values() for entry in part)
