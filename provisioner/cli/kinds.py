"""`kinds`: what can be provisioned."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--schema", "kind", metavar="KIND", help="The JSON Schema of one kind's fields.")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
def kinds(kind: str | None, *, as_json: bool) -> None:
    """List all kinds, or show the fields of one."""
    from provisioner.registry import kind_of
    from provisioner.registry import kinds as all_kinds

    if kind is not None:
        from provisioner.manifest.schema import kind_definitions

        definitions = kind_definitions(kind_of(kind))
        click.echo(json.dumps({**definitions[kind], "$defs": definitions}, indent=2))
    elif as_json:
        click.echo(json.dumps([*all_kinds()]))
    else:
        for name in all_kinds():
            click.echo(name)
