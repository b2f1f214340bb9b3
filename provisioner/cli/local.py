"""`local`: the embedded AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from provisioner.local.state import Server


@click.group()
def local() -> None:
    """The embedded AWS: a moto server on loopback that lives between commands."""


@local.command()
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
def start(*, as_json: bool) -> None:
    """Start it, unless it runs."""
    from provisioner.local import control

    _show(control.start(), as_json=as_json)


@local.command()
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
def status(*, as_json: bool) -> int:
    """Say where it runs; exit 1 if it does not."""
    from provisioner.local import control

    server = control.status()
    _show(server, as_json=as_json)
    return 0 if server else 1


@local.command()
def stop() -> None:
    """Stop it; everything in it is gone."""
    from provisioner.local import control

    stopped = control.stop()
    click.echo(f"Stopped (pid {stopped.pid})." if stopped else "It did not run.")


@local.command()
def reset() -> None:
    """Empty it."""
    from provisioner.local import control

    click.echo(f"Emptied: {control.reset().endpoint}")


def _show(server: Server | None, *, as_json: bool) -> None:
    if as_json:
        click.echo(
            json.dumps({"running": server is not None, **(server.as_json() if server else {})})
        )
    elif server is None:
        click.echo("The embedded AWS does not run.")
    else:
        versions = ", ".join(f"{name} {version}" for name, version in server.versions.items())
        click.echo(f"{server.endpoint}  pid {server.pid}  since {server.started}  ({versions})")
