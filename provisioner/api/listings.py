"""What the inventory says of stacks and their outputs. Reads only."""

from __future__ import annotations

from pydantic import JsonValue

from provisioner.aws.clients import ClientFactory
from provisioner.errors import InventoryError
from provisioner.inventory import Listed
from provisioner.inventory.standing import readers_first
from provisioner.operations.desk import DEFAULTS, Desk, Options


def stacks(session: ClientFactory, options: Options = DEFAULTS) -> tuple[Listed, ...]:
    """All stacks of which something is left, or that are worked on, with how they stand.

    One query, however many there are; it may be a moment old.
    """
    return Desk.reader(session, options).inventory.listed()


def expired(session: ClientFactory, options: Options = DEFAULTS) -> tuple[Listed, ...]:
    """The stacks whose time has come; those that are worked on, too. One query, as `stacks`.

    A stack that uses outputs of another one comes before that, as a teardown of both needs it.
    """
    return readers_first(one for one in stacks(session, options) if one.expired)


def outputs(session: ClientFactory, name: str, options: Options = DEFAULTS) -> dict[str, JsonValue]:
    """The outputs of a stack's last apply.

    Raises:
        InventoryError: there is no such stack.
    """
    desk = Desk.reader(session, options)
    if (told := desk.inventory.outputs(name)) is not None:
        return told
    raise InventoryError(
        f"Stack {name} was never applied in account {desk.target.account}, "
        f"region {desk.target.region}.",
        hint="See what there is: inventory list.",
    )
