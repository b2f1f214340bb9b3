"""`move`: resources from one stack to another."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from provisioner.cli.questions import confirmed
from provisioner.cli.running import Manner, running
from provisioner.cli.surroundings import Surroundings, surroundings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provisioner.inventory import Record
    from provisioner.views.terminal import Terminal


@click.command()
@click.argument("stack")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.option("--to", "target", required=True, metavar="STACK", help="The stack that gets them.")
@running
@surroundings
def move(
    here: Surroundings, manner: Manner, stack: str, addresses: tuple[str, ...], target: str
) -> int:
    """Move resources of STACK to another stack: their records and ownership tags, nothing else.

    Refused if what stays refers to what goes, or the other way round. Take them out of the one
    manifest and into the other before either is applied.
    """
    from provisioner.api import rescues
    from provisioner.cli.interrupts import stoppable

    terminal = here.terminal()
    with stoppable(quiet=here.quiet) as stop:
        moved = rescues.move(
            here.session(),
            stack,
            addresses,
            target,
            manner.options(here),
            agree=partial(_agreed, terminal, stack, yes=manner.yes),
            stop=stop,
        )
    if not moved.records:
        terminal.say("Nothing was changed.")
    else:
        terminal.say(f"{len(moved.records)} moved. Now take them out of the manifest of {stack},")
        terminal.say(f"and put them into that of {target}, before either is applied.")
    terminal.tell(
        {
            "event": "moved",
            "source": stack,
            "target": target,
            "addresses": [record.address for record in moved.records],
        }
    )
    return 0 if moved.records else 1


def _agreed(terminal: Terminal, stack: str, records: Sequence[Record], *, yes: bool) -> bool:
    for record in records:
        terminal.say(f"  » move {record.address}  {record.kind}  {record.id}  to {record.stack}")
    return yes or confirmed(terminal, stack)
