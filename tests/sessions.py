"""Boto3 sessions for tests: AWS's service models are parsed once, clients are made once.

Making a client takes longer than most tests, and calling one in memory almost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import botocore.loaders
import botocore.session

LOADER = botocore.loaders.create_loader()
_SHARED: dict[str, Any] = {}


class Session(boto3.Session):
    """A session that shares its clients with all others that nobody has hooked into.

    Whoever asks for its events may hook into them: from then on it makes each client anew.
    """

    def __init__(self, region: str) -> None:
        core = botocore.session.Session()
        core.register_component("data_loader", LOADER)
        super().__init__(botocore_session=core, region_name=region)
        self._shares = True

    if not TYPE_CHECKING:

        def client(self, service, region_name=None, *, config=None, **options):
            """The client of a service; for the same settings the same one."""
            region = region_name or self.region_name
            if not self._shares:
                return super().client(service, region, config=config, **options)
            key = f"{service} {region} {sorted(options.items())} {_settings(config)}"
            if key not in _SHARED:
                made = super().client(service, region, config=config, **options)
                _SHARED[key] = made
            return _SHARED[key]

    @property
    def events(self) -> Any:
        """The hooks of clients to come."""
        self._shares = False
        return super().events


def _settings(config: Any) -> str:
    return str(sorted(vars(config).items())) if config else ""
