"""What the commands share: which AWS, which inventory, how to print."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from provisioner.views.detail import Detail

if TYPE_CHECKING:
    from provisioner.aws.clients import ClientFactory
    from provisioner.cli.logs import Log
    from provisioner.operations.desk import Options
    from provisioner.planning.allowances import Allowances
    from provisioner.views.terminal import Terminal


@dataclass(frozen=True)
class Surroundings:
    """Where a command works.

    Attributes:
        local: on the embedded AWS.
        profile, region: of the session; empty: what the environment says.
        account: the account that it must be; empty: any.
        table: the inventory's; empty: the default.
        json: for programs.
        verbose: 1 shows retries, 2 every call.
        quiet: show nothing but results and errors.
        detail: how much of a plan is shown.
    """

    local: bool = False
    profile: str = ""
    region: str = ""
    account: str = ""
    table: str = ""
    json: bool = False
    verbose: int = 0
    quiet: bool = False
    detail: Detail = Detail.DEFAULT

    def session(self) -> ClientFactory:
        """A boto3 session, of the embedded AWS or of what the environment says.

        Raises:
            CredentialsError: there is no such profile.
        """
        if self.local:
            from provisioner.local.session import local_session

            return local_session(self.region or None)
        from boto3.session import Session
        from botocore.exceptions import ProfileNotFound

        from provisioner.aws.failures import translate

        try:
            region = self.region or os.environ.get("AWS_REGION")
            return Session(profile_name=self.profile or None, region_name=region)
        except ProfileNotFound as error:
            raise translate(error, "AWS profile") from None

    def options(
        self,
        *,
        allow: Allowances | None = None,
        lock_timeout: float | None = None,
        workers: int | None = None,
    ) -> Options:
        """How to run."""
        from provisioner.engine.executor import WORKERS
        from provisioner.inventory.dynamodb import DEFAULT_TABLE
        from provisioner.operations.desk import Options
        from provisioner.planning.allowances import Allowances

        log = self._log()
        return Options(
            allow=allow or Allowances(),
            account=self.account,
            table=self.table or DEFAULT_TABLE,
            lock_timeout=lock_timeout,
            workers=workers or WORKERS,
            retried=log.retried if log else None,
            called=log.called if log else None,
        )

    def _log(self) -> Log | None:
        """What is told of calls, if anything is: the library for it takes a fifth of a start."""
        if not self.verbose:
            return None
        from provisioner.cli.logs import logging_to_stderr

        return logging_to_stderr(self.verbose)

    def terminal(self) -> Terminal:
        """Where to print."""
        from provisioner.views.terminal import Terminal

        return Terminal(json=self.json, quiet=self.quiet, detail=self.detail)


def surroundings(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command the common options, bundled as its argument `here`."""

    @wraps(command)
    def bundled(**given: Any) -> object:
        named = [one.name for one in fields(Surroundings) if one.name in given]
        here = Surroundings(**{name: given.pop(name) for name in named})
        return command(here=here, **given)

    decorated: Callable[..., object] = bundled
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


_OPTIONS = (
    click.option("--local", is_flag=True, help="Use the embedded AWS; it is started if needed."),
    click.option("--profile", default="", help="AWS profile."),
    click.option("--region", default="", help="AWS region."),
    click.option("--account", default="", help="Refuse any other AWS account than this id."),
    click.option(
        "--table", envvar="PROVISIONER_TABLE", default="", help="The inventory's DynamoDB table."
    ),
    click.option("--json", is_flag=True, help="JSON on stdout, one document a line."),
    click.option("-v", "--verbose", count=True, help="Show retries; twice: every AWS call."),
    click.option("-q", "--quiet", is_flag=True, help="Show results and errors only."),
)
