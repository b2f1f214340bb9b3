"""`unlock`: take a stack from a run that holds it."""

from __future__ import annotations

import click

from provisioner.cli.questions import confirmed
from provisioner.cli.surroundings import Surroundings, surroundings


@click.command()
@click.argument("stack")
@click.option("--yes", "--auto-approve", "yes", is_flag=True, help="Do not ask.")
@surroundings
def unlock(here: Surroundings, stack: str, *, yes: bool) -> int:
    """Show who holds STACK, and take it away from that run.

    A run that has died needs no unlock: the next one takes over by itself.
    """
    from provisioner.errors import LeaseHeldError
    from provisioner.operations.desk import Desk
    from provisioner.views.leases import lease_document, lease_lines

    terminal = here.terminal()
    desk = Desk(here.session(), here.options())
    desk.inventory.check(stack)
    lease = desk.inventory.lease(stack)
    if lease is None or lease.holder is None:
        terminal.say(f"Nobody holds {stack}.")
        terminal.tell({"event": "lease", "stack": stack, "holder": None, "taken_away": False})
        return 0
    for line in lease_lines(lease, desk.aws.clock.now()):
        terminal.say(line)
    if not (yes or confirmed(terminal, stack)):
        terminal.say("Nothing was changed.")
        return 1
    if not desk.inventory.unlock(lease):
        raise LeaseHeldError(
            f"Stack {stack} has changed hands meanwhile, so it was left alone.",
            hint="Look at who holds it now: unlock.",
        )
    terminal.say(f"{stack} is free.")
    terminal.tell(lease_document(lease) | {"taken_away": True})
    return 0
