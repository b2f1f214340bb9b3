"""Stacks that expire: `apply --ttl` and `teardown --expired`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from provisioner.cli.questions import confirmed

if TYPE_CHECKING:
    from provisioner.cli.running import Manner
    from provisioner.cli.surroundings import Surroundings
    from provisioner.errors import ProvisionerError
    from provisioner.inventory import Listed
    from provisioner.operations.desk import Options
    from provisioner.planning.allowances import Allowances
    from provisioner.views.terminal import Terminal

FAILED, PARTIAL, HELD, INTERRUPTED = 1, 3, 4, 130
WORD = "expired"


class Lasting(click.ParamType[float]):
    """A length of time: `90m`, `12h`, `3d`, `2w`, `never`."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """In seconds."""
        from provisioner.manifest.expiry import seconds

        try:
            return seconds(str(value))
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


def teardown_expired(
    here: Surroundings, manner: Manner, allow: Allowances, *, only_plan: bool
) -> int:
    """Tear down every expired stack, one after the other; or only show what that would do.

    One that can't be torn down does not keep the others. One that a run works on is left alone.
    """
    from provisioner.api import listings
    from provisioner.inventory import Health
    from provisioner.views.stacks import expired_lines, stack_document

    terminal, options = here.terminal(), replace(manner.options(here), allow=allow)
    found = listings.expired(here.session(), options)
    for line in expired_lines(found):
        terminal.say(line)
    for one in found:
        terminal.tell(stack_document(one))
    due = [one for one in found if one.health is not Health.RUNNING]
    held = [HELD] * (len(found) - len(due))
    if only_plan:
        return _together([_shown(here, terminal, one, options) for one in due])
    if due and not (manner.yes or confirmed(terminal, WORD)):
        terminal.say("Nothing was changed.")
        return FAILED
    return _together([*_torn_down(here, terminal, due, manner, options), *held])


def _shown(here: Surroundings, terminal: Terminal, one: Listed, options: Options) -> int:
    """The plan of one teardown; 1 if something blocks it."""
    from provisioner.api import plans
    from provisioner.cli.running import show_plan
    from provisioner.errors import ProvisionerError

    try:
        planned = plans.plan_removal(here.session(), one.name, options)
    except ProvisionerError as error:
        return _told(terminal, error)
    show_plan(terminal, planned)
    return FAILED if planned.blocked else 0


def _torn_down(
    here: Surroundings, terminal: Terminal, due: Sequence[Listed], manner: Manner, options: Options
) -> list[int]:
    """The exit code of each, up to the one that was interrupted."""
    from provisioner.api import runs
    from provisioner.errors import (
        InterruptedRunError,
        LeaseHeldError,
        NotExpiredError,
        ProvisionerError,
    )

    codes: list[int] = []
    for one in due:
        act = partial(runs.teardown, here.session(), one.name, if_expired=True)
        try:
            codes.append(replace(manner, yes=True).go(here, act, one.name, options))
        except InterruptedRunError:
            raise
        except NotExpiredError as renewed:
            terminal.say(str(renewed))
        except ProvisionerError as error:
            code = HELD if isinstance(error, LeaseHeldError) else FAILED
            codes.append(_told(terminal, error, code))
        if INTERRUPTED in codes:
            break
    return codes


def _told(terminal: Terminal, error: ProvisionerError, code: int = FAILED) -> int:
    """Tell why one was left, and go on."""
    from provisioner.views.documents import error_document
    from provisioner.views.results import error_lines

    for line in error_lines(error):
        terminal.fail(line)
    terminal.tell(error_document(error, code))
    return code


def _together(codes: Sequence[int]) -> int:
    """One exit code for all: theirs, if all ended alike."""
    if INTERRUPTED in codes:
        return INTERRUPTED
    return max(codes, default=0) if len(set(codes)) < 2 else PARTIAL
