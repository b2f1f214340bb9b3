"""`graph`: what waits for what, and why; offline from a manifest, or from the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from provisioner.cli.manifests import Choice, manifest_if_any
from provisioner.cli.surroundings import Surroundings, surroundings

if TYPE_CHECKING:
    from provisioner.engine.outline import Outline
    from provisioner.views.terminal import Terminal

FORMATS = ("tree", "mermaid", "dot")


@click.command()
@manifest_if_any
@click.option("--stack", metavar="NAME", help="Of what is recorded, instead of a manifest.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="tree", show_default=True)
@surroundings
def graph(here: Surroundings, choice: Choice | None, stack: str | None, form: str) -> int:
    """Show the stages of MANIFEST, what each waits for and why, and the critical path.

    Nothing is asked of AWS, unless --stack names a stack to read from the inventory.
    """
    if (choice is None) == (stack is None):
        raise click.UsageError("Name a MANIFEST, or a --stack.")
    found = _wanted(choice) if choice else _recorded(here, str(stack))
    _show(here.terminal(), found, form)
    return 0


def _show(terminal: Terminal, found: Outline, form: str) -> None:
    """For people, for a program that draws, or as JSON."""
    from provisioner.views.graphs.document import graph_document
    from provisioner.views.graphs.dot import dot_lines
    from provisioner.views.graphs.mermaid import mermaid_lines
    from provisioner.views.graphs.tree import tree_lines

    if form == "tree":
        for line in tree_lines(found):
            terminal.say(line)
    else:
        for text in mermaid_lines(found) if form == "mermaid" else dot_lines(found):
            terminal.copy(text)
    terminal.tell(graph_document(found))


def _wanted(choice: Choice) -> Outline:
    from provisioner.engine.outline import outline

    return outline(choice.stack())


def _recorded(here: Surroundings, stack: str) -> Outline:
    from provisioner.engine.outline import recorded_outline
    from provisioner.operations.desk import Desk

    found = Desk.reader(here.session(), here.options()).inventory
    records = found.records(stack)
    if not records:
        found.check(stack)
    return recorded_outline(stack, [*records.values()])
