"""The options that name a manifest, and what they make of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from provisioner.stack import Stack


class Assignment(click.ParamType[tuple[str, str]]):
    """`NAME=VALUE`."""

    name = "name=value"

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, str]:
        """Split at the first `=`."""
        name, separator, given = str(value).partition("=")
        if not (name and separator):
            self.fail(f"{value!r} is not NAME=VALUE.", param, ctx)
        return name, given


@dataclass(frozen=True)
class Choice:
    """The manifest that a command names.

    Attributes:
        manifest: a file or folder.
        overlay: laid over it.
        variables: given by `--var`.
        var_files: given by `--var-file`.
    """

    manifest: Path
    overlay: str | None
    variables: tuple[tuple[str, str], ...]
    var_files: tuple[Path, ...]

    def stack(self) -> Stack:
        """Load it and give it its meaning; references and circles checked. Offline.

        Raises:
            ManifestError: with every problem found.
        """
        from provisioner.manifest import load
        from provisioner.stack import Stack
        from provisioner.stack.graph import build

        source = load(
            self.manifest,
            overlay=self.overlay,
            variables=dict(self.variables),
            variable_files=self.var_files,
            environment=os.environ,
        )
        stack = Stack.of(source)
        build(stack)
        return stack


def manifest_options(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command MANIFEST and its options, bundled as its argument `choice`."""
    return _bundling(command, _ARGUMENT)


def manifest_at_hand(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command `--manifest` and its options; `choice` is None without one."""
    return _bundling(command, _OPTION)


def manifest_if_any(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command MANIFEST and its options; `choice` is None without one."""
    return _bundling(command, _MAYBE)


def _bundling(
    command: Callable[..., object], manifest: Callable[..., Callable[..., object]]
) -> Callable[..., object]:
    @wraps(command)
    def bundled(**given: Any) -> object:
        chosen = {one.name: given.pop(one.name) for one in fields(Choice)}
        if chosen["manifest"] is not None:
            return command(choice=Choice(**chosen), **given)
        if any(chosen.values()):
            raise click.UsageError("--overlay, --var and --var-file go with a manifest.")
        return command(choice=None, **given)

    decorated: Callable[..., object] = bundled
    for option in reversed((manifest, *_OPTIONS)):
        decorated = option(decorated)
    return decorated


_ARGUMENT = click.argument("manifest", type=click.Path(path_type=Path))
_MAYBE = click.argument("manifest", type=click.Path(path_type=Path), required=False)
_OPTION = click.option(
    "--manifest",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The stack's manifest, which tells what AWS can't.",
)
_OPTIONS = (
    click.option("--overlay", "-o", help="Lay overlays/NAME.yaml over the manifest."),
    click.option(
        "--var",
        "variables",
        multiple=True,
        type=Assignment(),
        help="A variable; wins over files, overlay and environment.",
    ),
    click.option(
        "--var-file",
        "var_files",
        multiple=True,
        type=click.Path(path_type=Path),
        help="A YAML file of variables; a later one wins.",
    ),
)
