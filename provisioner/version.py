"""The version, as the installed package says it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("provisioner")
except PackageNotFoundError:  # pragma: no cover  run from a folder that was never installed
    __version__ = "0"
