"""How long the caller's credentials last, and whether they renew themselves.

botocore renews what can be renewed (roles, single sign-on, instance and container credentials)
shortly before it ends. What was exported into the environment can't be: it just ends, at the time
that `AWS_CREDENTIAL_EXPIRATION` says, if it is set. Of static credentials nobody knows the end.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from botocore.exceptions import BotoCoreError

from provisioner.aws.clients import ClientFactory

FIXED = frozenset({"env"})
"""Where botocore finds credentials that it can read again, but not renew."""


@runtime_checkable
class _Ending(Protocol):
    """Credentials whose end is known, as botocore has them."""

    method: str

    def refresh_needed(self, refresh_in: float | None = None) -> bool: ...

    def get_frozen_credentials(self) -> object: ...


class Lifetime:
    """How long the credentials of a session last.

    Args:
        session: a boto3 session; of anything else nothing is known.
    """

    def __init__(self, session: ClientFactory) -> None:
        get = getattr(session, "get_credentials", None)
        found = get() if callable(get) else None
        self._credentials = found if isinstance(found, _Ending) else None

    def ends_within(self, seconds: float) -> bool:
        """Whether they end so soon, and do not renew themselves. False if nobody knows."""
        credentials = self._credentials
        if credentials is None or credentials.method not in FIXED:
            return False
        if not credentials.refresh_needed(seconds):
            return False
        try:
            credentials.get_frozen_credentials()  # reads them again: somebody may have renewed them
        except (BotoCoreError, RuntimeError):
            return True
        return credentials.refresh_needed(seconds)

    @property
    def end(self) -> datetime | None:
        """When they end, if that is known."""
        end = getattr(self._credentials, "_expiry_time", None)
        return end if isinstance(end, datetime) else None
