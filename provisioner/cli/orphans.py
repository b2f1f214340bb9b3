"""`orphans`: what carries our tags or a name of ours and is in no record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from provisioner.cli.manifests import Choice, manifest_at_hand
from provisioner.cli.questions import confirmed
from provisioner.cli.running import FAILED, PARTIAL, Manner, running
from provisioner.cli.surroundings import Surroundings, surroundings

if TYPE_CHECKING:
    from provisioner.inventory import Record
    from provisioner.stack import Stack
    from provisioner.views.terminal import Terminal


@click.command()
@click.argument("stack", required=False, default="")
@manifest_at_hand
@click.option("--adopt", multiple=True, metavar="ID", help="Give it a record; repeatable.")
@click.option("--delete", multiple=True, metavar="ID", help="Delete it; repeatable.")
@click.option("--empty", multiple=True, metavar="ADDRESS", help="With all that it holds.")
@click.option("--lift", multiple=True, metavar="ADDRESS", help="Though others protected it.")
@running
@surroundings
def orphans(
    here: Surroundings,
    manner: Manner,
    stack: str,
    choice: Choice | None,
    adopt: tuple[str, ...],
    delete: tuple[str, ...],
    empty: tuple[str, ...],
    lift: tuple[str, ...],
) -> int:
    """List what carries our tags, or a name of ours, and is in no record; of STACK, or of all.

    Each line says why: `tags`: it carries the stack's tags; `parent`: it can't carry tags and
    belongs to what does; `name`: it has a recorded name, one that we once made, one of --manifest,
    or one that AWS makes from ours, and no tag. Stacks that are being worked on are left out, and
    what could not be read is listed as such.

    --adopt gives what has tags or a parent its record back, as ours; what has only a name gets one
    that a teardown leaves alone. --delete deletes in the order of a teardown, after showing the
    plan. Both take only what is listed; ID is an id, or KIND/ID where several have the same.
    """
    if adopt and delete:
        raise click.UsageError("Either --adopt or --delete.")
    if (empty or lift) and not delete:
        raise click.UsageError("--empty and --lift go with --delete.")
    wanted = choice.stack() if choice else None
    if not (adopt or delete):
        return _list(here, stack, wanted)
    from provisioner.api import strays
    from provisioner.planning.allowances import Allowances

    codes = []
    for name, ids in _by_stack(here, stack, wanted, adopt or delete).items():
        if adopt:
            codes.append(_adopt(here, manner, name, ids, wanted))
        else:
            allow = Allowances(empty=frozenset(empty), lift=frozenset(lift))
            options = replace(manner.options(here), allow=allow)
            act = partial(strays.delete_orphans, here.session(), name, ids, wanted)
            codes.append(manner.go(here, act, name, options))
    return max(codes)


def _list(here: Surroundings, stack: str, wanted: Stack | None) -> int:
    from provisioner.api import strays
    from provisioner.cli.interrupts import stoppable
    from provisioner.views.orphans import hunt_document, hunt_lines

    terminal = here.terminal()
    with stoppable(quiet=here.quiet) as stop:
        found = strays.find_orphans(here.session(), stack, wanted, here.options(), stop=stop)
    for line in hunt_lines(found):
        terminal.say(line)
    terminal.tell(hunt_document(found))
    return PARTIAL if found.unread or found.damaged else 0


def _by_stack(
    here: Surroundings, stack: str, wanted: Stack | None, ids: Sequence[str]
) -> dict[str, list[str]]:
    """The chosen orphans by stack; a look at the account tells where none was named."""
    if stack:
        return {stack: [*ids]}
    from provisioner.api import strays
    from provisioner.discovery.orphans import chosen

    found = strays.find_orphans(here.session(), stack, wanted, here.options())
    names: dict[str, list[str]] = {}
    for one in chosen(found.orphans, ids):
        names.setdefault(one.stack, []).append(one.name)
    return names


def _adopt(
    here: Surroundings, manner: Manner, stack: str, ids: Sequence[str], wanted: Stack | None
) -> int:
    from provisioner.api import strays
    from provisioner.cli.interrupts import stoppable
    from provisioner.views.orphans import adopted_document

    terminal = here.terminal()
    with stoppable(quiet=here.quiet) as stop:
        adopted = strays.adopt_orphans(
            here.session(),
            stack,
            ids,
            wanted,
            manner.options(here),
            consent=partial(_consent, terminal, stack, yes=manner.yes),
            stop=stop,
        )
    terminal.say(f"{len(adopted.records)} adopted." if adopted.records else "Nothing was changed.")
    terminal.tell(adopted_document(adopted))
    return 0 if adopted.records else FAILED


def _consent(terminal: Terminal, stack: str, records: Sequence[Record], *, yes: bool) -> bool:
    from provisioner.views.orphans import record_lines

    for line in record_lines(records):
        terminal.say(line)
    return yes or confirmed(terminal, stack)
