"""All kinds there are, found by walking `provisioner.resources`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from provisioner import resources
from provisioner.errors import PlanError, nearest
from provisioner.lifecycle import AnyType


def module_of(kind: str) -> str:
    """The module that holds a kind: `ec2.vpc` lives in `ec2_vpc`."""
    return kind.replace(".", "_")


@cache
def kinds() -> tuple[str, ...]:
    """The names of all kinds, without importing any of them."""
    names = (module.name for module in pkgutil.iter_modules(resources.__path__))
    return tuple(sorted(name.replace("_", ".", 1) for name in names if not name.startswith("_")))


@cache
def kind_of(name: str) -> AnyType:
    """The resource type of a kind; its module is imported on first use.

    Raises:
        PlanError: there is no such kind; names the nearest one.
    """
    if name not in kinds():
        raise PlanError(f"There is no kind {name!r}.", hint=nearest(name, kinds()))
    module = importlib.import_module(f"{resources.__name__}.{module_of(name)}")
    kind: AnyType = module.RESOURCE
    if kind.kind != name:
        raise PlanError(f"Module {module.__name__} says it is {kind.kind!r}, not {name!r}.")
    return kind


def registry(names: Iterable[str] | None = None) -> Mapping[str, AnyType]:
    """Kind name → resource type, for all kinds or the named ones."""
    return MappingProxyType({name: kind_of(name) for name in names or kinds()})
