"""docs/aws-fidelity.md, written from the rules: what is played of AWS, and what is not.

`scripts/docs` writes the page; a test holds it to the rules.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.strict.rules import all_rules, all_unplayed, home

HEAD = """# What is played of AWS

Written by `scripts/docs` from `provisioner/strict/rules`. How to use it: [strict.md](strict.md).

Emulators take most calls at once and forgive most mistakes. Each rule below plays something that
AWS does; its case in `tests/strict/cases` shows that a plain boto3 program which is right on the
emulator fails on it with AWS's code, and that the library's kinds get through.
"""
UNPLAYED = """
## Not played

What AWS does as well, and why no rule plays it.
"""


def page() -> str:
    """The page, as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    yield from ("| rule | what AWS does | known from | case |", "|---|---|---|---|")
    for rule in all_rules():
        case = f"[{home(rule.name)}](../tests/strict/cases/{home(rule.name)}.py)"
        yield f"| `{rule.name}` | {_cell(rule.says)} | {_cell(rule.source)} | {case} |"
    yield UNPLAYED
    yield from ("| part | what AWS does | why not |", "|---|---|---|")
    for module, entries in all_unplayed().items():
        for entry in entries:
            yield f"| {module.replace('_', ' ')} | {_cell(entry.says)} | {_cell(entry.why)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
