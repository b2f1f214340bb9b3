"""What moto lacks or gets wrong, filled in one place: a module per service.

A module names each gap in its docstring and has a `fill()`. To add a gap, add it to the module of
its service, or add a module: all of them are found by walking this package.
"""

from __future__ import annotations

import importlib
import pkgutil


def fill() -> None:
    """Fill every gap in this process. Doing so again changes nothing."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}").fill()
