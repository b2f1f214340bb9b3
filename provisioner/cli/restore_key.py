"""`restore-key`: bring keys back that are pending deletion."""

from __future__ import annotations

import click

from provisioner.cli.running import CODES
from provisioner.cli.surroundings import Surroundings, surroundings


@click.command("restore-key")
@click.argument("stack")
@click.argument("key", required=False, default="")
@click.option(
    "--lock-timeout",
    type=float,
    metavar="SECONDS",
    help="Wait for another run so long; by default only for one that has died.",
)
@surroundings
def restore_key(here: Surroundings, stack: str, key: str, lock_timeout: float | None) -> int:
    """Bring the keys of STACK back that are pending deletion, or the one whose id is KEY.

    A key can be restored until its window ends, 7 to 30 days after its deletion. What is encrypted
    under it can be read again at once. The next apply, or recover, takes the key up again.
    """
    from provisioner.api import rescues
    from provisioner.cli.interrupts import stoppable
    from provisioner.views.progress import Progress
    from provisioner.views.restorations import restored_document, restored_lines

    terminal = here.terminal()
    options = here.options(lock_timeout=lock_timeout)
    with Progress(terminal) as progress, stoppable(quiet=here.quiet) as stop:
        restored = rescues.restore_key(
            here.session(), stack, key, options, listen=progress, stop=stop
        )
    for line in restored_lines(restored):
        terminal.say(line)
    terminal.tell(restored_document(restored))
    return CODES[restored.result]
