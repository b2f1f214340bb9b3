"""A boto3 session whose clients all talk to the embedded AWS."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from boto3.session import Session

from provisioner.local.control import start
from provisioner.local.state import Room

DEFAULT_REGION = "us-east-1"


class LocalSession(Session):
    """A session of the embedded AWS's one account.

    Args:
        endpoint: where it listens.
        region: any; AWS_REGION or AWS_DEFAULT_REGION by default.
    """

    def __init__(self, endpoint: str, region: str | None = None) -> None:
        named = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        super().__init__(
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106  the embedded AWS takes any
            region_name=named or DEFAULT_REGION,
        )
        self.endpoint = endpoint

    if not TYPE_CHECKING:

        def client(self, service_name: str, **options: Any) -> Any:
            """A client of the embedded AWS."""
            return super().client(service_name, **{"endpoint_url": self.endpoint, **options})


def local_session(region: str | None = None, room: Room | None = None) -> LocalSession:
    """Start the embedded AWS if it does not run, and open a session on it.

    Raises:
        LocalError: it does not start.
    """
    return LocalSession(start(room).endpoint, region)
