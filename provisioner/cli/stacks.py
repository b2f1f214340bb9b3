"""`stacks`: all stacks of the account and region."""

from __future__ import annotations

import click

from provisioner.cli.surroundings import Surroundings, surroundings


@click.command()
@surroundings
def stacks(here: Surroundings) -> int:
    """List all stacks: health, resources, age, expiry, last run.

    A stack is ready, partial or interrupted (run its last command again), running, silent (its run
    gives no sign of life), died (its run never said how it ended) or expired (see teardown).
    """
    from provisioner.operations.desk import Desk
    from provisioner.views.stacks import stack_document, stacks_lines

    terminal = here.terminal()
    desk = Desk.reader(here.session(), here.options())
    found = desk.inventory.listed()
    for line in stacks_lines(found, desk.aws.clock.now()):
        terminal.say(line)
    for one in found:
        terminal.tell(stack_document(one))
    return 0
