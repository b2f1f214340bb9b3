"""The command line: words in, exit code out.

| exit | meaning                                                               |
|------|-----------------------------------------------------------------------|
| 0    | done, or nothing to do                                                |
| 1    | failed, nothing changed                                               |
| 2    | `plan --detailed-exitcode`: there are changes                         |
| 3    | partly done; what was done is recorded; run it again                  |
| 4    | another run works on the stack                                        |
| 5    | `drift`: something differs                                             |
| 64   | the command line is wrong                                             |
| 130  | interrupted; what was in flight is finished and recorded              |
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from provisioner.cli.commands import cli
from provisioner.errors import (
    InterruptedRunError,
    LeaseHeldError,
    LeaseLostError,
    ProvisionerError,
)

FAILED, PARTIAL, HELD, USAGE, INTERRUPTED = 1, 3, 4, 64, 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    sys.exit(run([*(sys.argv[1:] if arguments is None else arguments)]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code."""
    try:
        code = cli.main([*arguments], prog_name="provisioner", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return USAGE if isinstance(error, click.UsageError) else FAILED
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except ProvisionerError as error:
        return _told(error, arguments)
    except Exception as error:  # noqa: BLE001  the last place where anything can be said
        return _bug(error, arguments)
    return code if isinstance(code, int) else 0


def _told(error: ProvisionerError, arguments: Sequence[str]) -> int:
    from provisioner.views.documents import error_document
    from provisioner.views.results import error_lines
    from provisioner.views.terminal import Terminal

    codes = {LeaseHeldError: HELD, LeaseLostError: HELD, InterruptedRunError: INTERRUPTED}
    code = next((code for kind, code in codes.items() if isinstance(error, kind)), FAILED)
    terminal = Terminal(json="--json" in arguments)
    for line in error_lines(error):
        terminal.fail(line)
    terminal.tell(error_document(error, code))
    return code


def _bug(error: Exception, arguments: Sequence[str]) -> int:
    if any(argument.startswith("-vv") for argument in arguments):
        raise error
    click.echo(
        f"error: this is a fault in provisioner itself ({type(error).__name__}: {error}).\n"
        "What was done is recorded. Run again with -vv to see where it happened, and report it.",
        err=True,
    )
    return FAILED
