"""`recover`: make the records of a stack again."""

from __future__ import annotations

import click

from provisioner.cli.manifests import Choice, manifest_at_hand
from provisioner.cli.running import CODES
from provisioner.cli.surroundings import Surroundings, surroundings


@click.command()
@click.argument("stack")
@manifest_at_hand
@click.option(
    "--lock-timeout",
    type=float,
    metavar="SECONDS",
    help="Wait for another run so long; by default only for one that has died.",
)
@surroundings
def recover(
    here: Surroundings, stack: str, choice: Choice | None, lock_timeout: float | None
) -> int:
    """Make the records of STACK again from what AWS shows; AWS is only read.

    For an inventory that is lost, as a whole or in part, and for damaged records. Good records are
    kept. What carries the stack's tags gets its record back, and so does what can't carry tags and
    belongs to such an object. What two objects claim, and what can't be read, is told.

    With --manifest the records are as an apply wrote them: plan then shows no change. Without, a
    teardown still leaves nothing, but what only a manifest knows (whether to empty a bucket before
    its delete, say) is taken as the safe default.
    """
    from provisioner.api import rescues
    from provisioner.cli.interrupts import stoppable
    from provisioner.views.progress import Progress
    from provisioner.views.recoveries import mended_documents, mended_lines

    terminal = here.terminal()
    options = here.options(lock_timeout=lock_timeout)
    wanted = choice.stack() if choice else None
    with Progress(terminal) as progress, stoppable(quiet=here.quiet) as stop:
        mended = rescues.recover(here.session(), stack, wanted, options, listen=progress, stop=stop)
    for line in mended_lines(mended):
        terminal.say(line)
    for document in mended_documents(mended):
        terminal.tell(document)
    return CODES[mended.result]
