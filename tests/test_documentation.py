"""The pages of the kinds are current and say what a person needs."""

from __future__ import annotations

from pathlib import Path

from provisioner.documentation import page, pages
from provisioner.registry import kind_of

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_the_pages_are_current() -> None:
    """Whoever changes a kind writes its page anew: scripts/docs."""
    wanted = pages()
    assert {path.relative_to(DOCS) for path in (DOCS / "kinds").glob("*.md")} == set(wanted)
    for path, text in wanted.items():
        assert (DOCS / path).read_text(encoding="utf-8") == text, path


def test_a_page_tells_fields_marks_and_attributes() -> None:
    """What is required, what replaces, what a field takes, what others may refer to."""
    text = page(kind_of("events.rule"))
    assert "| `name` | text | **required** | a change replaces |" in text
    assert "list of [RuleTarget](#ruletarget)" in text
    assert "### InputTransformer" in text
    assert "| `arn` | the ARN of the rule |" in text
    assert "Delete: Remove the targets" in text
