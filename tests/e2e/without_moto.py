"""The command line as it is where moto is not installed, with every kind loaded.

python -m tests.e2e.without_moto apply MANIFEST
"""

from __future__ import annotations

import sys
from typing import Any


class Without:
    """A finder of modules that finds no moto."""

    def __init__(self, finder: Any) -> None:
        self._finder = finder

    def find_spec(self, name: str, *arguments: Any) -> Any:
        """As the finder itself does it, for all but moto."""
        moto = name.partition(".")[0] == "moto"
        return None if moto else self._finder.find_spec(name, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)


def main(words: list[str]) -> None:
    """Run one command."""
    sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
    from provisioner import cli
    from provisioner.registry import kinds
    from provisioner.strict.rules import all_rules

    assert kinds()
    assert all_rules()
    cli.main(words)


if __name__ == "__main__":
    main(sys.argv[1:])
