"""A rule of AWS: on which calls it looks, what it does before them and with their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from provisioner.strict.world import World

Answer: TypeAlias = dict[str, Any]
"""What a call answers, in boto3's form."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call on its way to the emulator.

    Attributes:
        service: in boto3's spelling: `ec2`, `lambda`, `logs`.
        operation: in the API's spelling: `CreateVpc`.
        params: of the call. A rule may set members of it; what is nested it replaces as a whole,
            never changes in place, since it belongs to the caller.
        region: of the client.
        given: the parameters as the caller gave them.
    """

    service: str
    operation: str
    params: dict[str, Any]
    region: str
    given: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.service}.{self.operation}"

    def fits(self, pattern: str) -> bool:
        """Whether the call is meant by `ec2.CreateVpc`, `ec2.Describe*` or `ec2.*`."""
        return fnmatchcase(str(self), pattern)


Before: TypeAlias = Callable[["World", Call], Answer | None]
"""Looks at a call before the emulator does: None lets it pass, an answer is given in its place,
`world.refuse` refuses it."""

After: TypeAlias = Callable[["World", Call, Answer], None]
"""Looks at the answer of a call that succeeded, and may change it in place; `world.refuse` turns
it into an error although the work is done."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that AWS does and emulators don't.

    Attributes:
        name: service, dot, what: `ec2.nat-gateway-states`.
        source: where it is known from: the object and its aspect, and AWS's documentation page.
        says: what AWS does, as one sentence.
        before: `service.Operation` → what to do before it; `*` stands for any letters.
        after: `service.Operation` → what to do with its answer.
    """

    name: str
    source: str
    says: str
    before: Mapping[str, Before] = field(default_factory=dict)
    after: Mapping[str, After] = field(default_factory=dict)


@dataclass(frozen=True)
class Unplayed:
    """Something that AWS does and no rule plays.

    Attributes:
        says: what AWS does, as one sentence.
        why: the reason, or what covers it instead.
    """

    says: str
    why: str


class Refusal(Exception):  # noqa: N818  an answer, not a failure of ours
    """AWS says no. Raised by `World.refuse`, turned into AWS's error by the layer."""

    def __init__(self, code: str, message: str, status: int = 400, modelled: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        error = {"Code": code, "Message": message, "Type": "Sender"}
        self.error = {**error, "QueryErrorCode": modelled} if modelled else error


class UnknownRuleError(LookupError):
    """No rule has this name."""
