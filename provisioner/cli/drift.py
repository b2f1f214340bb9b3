"""`drift`: what AWS has against what was last applied, and bringing it back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisioner.cli.running import Manner, running
from provisioner.cli.surroundings import Surroundings, surroundings
from provisioner.views.detail import Detail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provisioner.drifting.ignoring import Ignore

DRIFTED, UNSURE = 5, 3
ALL = "*"


@click.command()
@click.argument("stack")
@click.option(
    "--ignore",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What may differ: addresses and fields, each with its reason.",
)
@click.option(
    "--repair",
    is_flag=False,
    flag_value=ALL,
    multiple=True,
    metavar="[ADDRESS]",
    help="Bring it back: all, or what is named; repeatable.",
)
@click.option("--allow-replace", multiple=True, metavar="ADDRESS", help="Its data may be lost.")
@click.option("--full", is_flag=True, help="Show whole values, and what is ignored.")
@running
@surroundings
def drift(
    here: Surroundings,
    manner: Manner,
    stack: str,
    ignore: Path | None,
    repair: tuple[str, ...],
    allow_replace: tuple[str, ...],
    *,
    full: bool,
) -> int:
    """Compare STACK with what was last applied; no manifest is needed, and nothing is written.

    Exits with 5 if something differs, with 3 if nothing does but not everything could be compared.

    With --repair it is brought back by a run like any other: shown and asked for, written down, and
    undone by rollback. What others added is taken away.
    """
    from provisioner.drifting.ignoring import read_ignores

    here = replace(here, detail=Detail.FULL if full else here.detail)
    ignores = read_ignores(ignore) if ignore else ()
    if not repair:
        return _look(here, stack, ignores)
    from provisioner.api import drifts
    from provisioner.planning.allowances import Allowances

    chosen = () if ALL in repair else repair
    act = partial(drifts.repair, here.session(), stack, chosen, ignores=ignores)
    allow = Allowances(replace=frozenset(allow_replace))
    return manner.go(here, act, stack, replace(manner.options(here), allow=allow))


def _look(here: Surroundings, stack: str, ignores: Sequence[Ignore]) -> int:
    from provisioner.api import drifts
    from provisioner.cli.interrupts import stoppable
    from provisioner.views.drifts import drift_document, drift_lines

    terminal = here.terminal()
    with stoppable(quiet=here.quiet) as stop:
        found = drifts.drift(here.session(), stack, here.options(), ignores=ignores, stop=stop)
    for line in drift_lines(found, here.detail):
        terminal.say(line)
    terminal.tell(drift_document(found))
    if found.told:
        return DRIFTED
    return 0 if found.sure else UNSURE
