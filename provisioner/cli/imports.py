"""`import`: objects that others made, as entries of a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisioner.cli.manifests import Assignment, Choice, manifest_at_hand
from provisioner.cli.surroundings import Surroundings, surroundings

if TYPE_CHECKING:
    from provisioner.discovery.entries import Import
    from provisioner.manifest.writing import Addition
    from provisioner.stack import Stack

NOTHING, PARTIAL = 1, 3


@click.command("import")
@click.argument("kind", required=False, default="")
@click.argument("id_", metavar="[ID]", required=False, default="")
@click.option("--as", "address", default="", metavar="ADDRESS", help="Its name in the stack.")
@click.option("--tag", type=Assignment(), help="Everything that has this tag, and its parts.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Put the entries into this file, behind its own; it is made if need be.",
)
@manifest_at_hand
@surroundings
def import_(
    here: Surroundings,
    kind: str,
    id_: str,
    address: str,
    tag: tuple[str, str] | None,
    out: Path | None,
    choice: Choice | None,
) -> int:
    """Write the manifest entry of an object that exists, or of all with a --tag. AWS is only read.

    ID is what AWS calls it, or a name of it: an ARN, an alias, its Name tag. Defaults are left out;
    with --manifest, what is an attribute of that stack's resources becomes a reference. A secret
    becomes a variable to fill in. Then `apply --adopt` takes the object under management without
    changing it, and a teardown leaves it.
    """
    if bool(tag) == bool(kind and id_):
        raise click.UsageError("Name KIND and ID, or a --tag KEY=VALUE.")
    if tag and address:
        raise click.UsageError("--as goes with KIND and ID.")
    stack = choice.stack() if choice else None
    found = _look(here, kind, id_, address, tag, stack)
    _write(here, found, out)
    if not found.entries:
        return NOTHING
    return PARTIAL if found.passed and not tag else 0


def _look(
    here: Surroundings,
    kind: str,
    id_: str,
    address: str,
    tag: tuple[str, str] | None,
    stack: Stack | None,
) -> Import:
    from provisioner.api import imports
    from provisioner.cli.interrupts import stoppable
    from provisioner.operations.importing import Wish

    options = here.options()
    with stoppable(quiet=here.quiet) as stop:
        if tag:
            return imports.describe_tagged(here.session(), *tag, options, wanted=stack, stop=stop)
        wishes = [Wish(kind, id_, address)]
        return imports.describe(here.session(), wishes, options, wanted=stack, stop=stop)


def _write(here: Surroundings, found: Import, out: Path | None) -> None:
    from provisioner.manifest.writing import text_of
    from provisioner.quantities import counted
    from provisioner.views.imports import addition_of, import_document, remark_lines

    terminal = here.terminal()
    addition = addition_of(found)
    if found.entries and out:
        _put(addition, out)
        count = len(found.entries)
        terminal.note(f"Written to {out}: {counted(count, 'resource')}.")
    elif found.entries:
        terminal.say(text_of(addition).rstrip("\n"))
    terminal.tell(import_document(found))
    for line in remark_lines(found):
        terminal.note(line)


def _put(addition: Addition, out: Path) -> None:
    """Put the entries into a file.

    Raises:
        ManifestError: it can't be read or written, or has such entries already.
    """
    from provisioner.errors import ManifestError, Problem
    from provisioner.manifest.writing import added_to, text_of

    try:
        known = out.read_text(encoding="utf-8") if out.exists() else ""
        text = added_to(known, str(out), addition) if known.strip() else text_of(addition)
        out.write_text(text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ManifestError([Problem(f"{out} can't be read or written: {reason}.")]) from None
