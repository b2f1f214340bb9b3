"""Objects that others made, as entries of a manifest. Reads only."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from provisioner.aws.clients import ClientFactory
from provisioner.discovery.entries import Import
from provisioner.operations.desk import DEFAULTS, Desk, Options
from provisioner.operations.importing import Wish, imported, imported_by_tag
from provisioner.stack import Stack


def describe(
    session: ClientFactory,
    wishes: Sequence[Wish],
    options: Options = DEFAULTS,
    *,
    wanted: Stack | None = None,
    stop: threading.Event | None = None,
) -> Import:
    """Objects that others made, as entries of a manifest. Reads only.

    Args:
        session: whose account is looked at.
        wishes: which.
        options: how.
        wanted: the stack that they will stand in: what is an attribute of its becomes a reference.
        stop: set it, and the look ends.

    Raises:
        PlanError: there is no such kind or object.
        AwsError: a read failed.
    """
    return imported(Desk.reader(session, options, stop), wishes, wanted)


def describe_tagged(
    session: ClientFactory,
    key: str,
    value: str,
    options: Options = DEFAULTS,
    *,
    wanted: Stack | None = None,
    stop: threading.Event | None = None,
) -> Import:
    """Everything that has a tag, and what belongs to that, as entries of a manifest.

    Arguments are those of `describe`. What could not be imported is told with the reason.
    """
    return imported_by_tag(Desk.reader(session, options, stop), key, value, wanted)
