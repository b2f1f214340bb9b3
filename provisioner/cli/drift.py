"""`drift`: what AWS has against what was last applied."""

from __future__ import annotations

from pathlib import Path

import click

from provisioner.cli.surroundings import Surroundings, surroundings

DRIFTED, UNSURE = 5, 3


@click.command()
@click.argument("stack")
@click.option(
    "--ignore",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What may differ: addresses and fields, each with its reason.",
)
@click.option(
    "--full", is_flag=True, help="Show whole values, what is ignored, and who from where."
)
@surroundings
def drift(here: Surroundings, stack: str, ignore: Path | None, *, full: bool) -> int:
    """Compare STACK with what was last applied; no manifest is needed, and nothing is written.

    Exits with 5 if something differs, with 3 if nothing does but not everything could be compared.
    """
    from provisioner import api
    from provisioner.cli.interrupts import stoppable
    from provisioner.ignoring import read_ignores
    from provisioner.views.detail import Detail
    from provisioner.views.drifts import drift_document, drift_lines

    ignores = read_ignores(ignore) if ignore else ()
    terminal = here.terminal()
    with stoppable(quiet=here.quiet) as stop:
        found = api.drift(here.session(), stack, here.options(), ignores=ignores, stop=stop)
    for line in drift_lines(found, Detail.FULL if full else Detail.DEFAULT):
        terminal.say(line)
    terminal.tell(drift_document(found))
    if found.told:
        return DRIFTED
    return 0 if found.sure else UNSURE
