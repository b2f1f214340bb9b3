"""`history`: who did what to a stack, and when."""

from __future__ import annotations

import click

from provisioner.cli.surroundings import Surroundings, surroundings


@click.command()
@click.argument("stack")
@click.argument("run", required=False)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Runs shown."
)
@click.option("--before", metavar="RUN", default="", help="Only runs that came before this one.")
@surroundings
def history(here: Surroundings, stack: str, run: str | None, limit: int, before: str) -> int:
    """Show the runs on STACK, newest first; or what RUN did to each resource.

    RUN is the id of a run, or as much of it as no other run's begins with.
    """
    from provisioner.operations.desk import Desk
    from provisioner.views.history import (
        event_document,
        run_document,
        run_lines,
        runs_lines,
    )

    terminal = here.terminal()
    inventory = Desk.reader(here.session(), here.options()).inventory
    inventory.check(stack)
    if run is not None:
        found, events = inventory.run(stack, run)
        past = inventory.before(found.id)
        for line in run_lines(found, events, past):
            terminal.say(line)
        terminal.tell(run_document(found))
        for event in events:
            terminal.tell(event_document(event, past))
        return 0
    runs = inventory.runs(stack, limit=limit + 1, before=before)
    for line in runs_lines(stack, runs[:limit], more=len(runs) > limit):
        terminal.say(line)
    for one in runs[:limit]:
        terminal.tell(run_document(one))
    return 0
