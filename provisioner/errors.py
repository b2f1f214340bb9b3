"""The exceptions of provisioner, each a sentence for the person who reads it.

ProvisionerError
├── ManifestError            what was written is wrong: file:line:column for every problem
├── PlanError                what was asked can't be planned
│   ├── ForeignObjectError   the name is taken by something that is not ours
│   ├── ProtectedError       a delete or replace meets `protect`
│   ├── BlockedError         a delete can't succeed, seen before the first one
│   ├── ReplaceRefusedError  a data-holding resource would be replaced
│   ├── StalePlanError       a saved plan is not what would be done now
│   └── NotExpiredError      a stack that was to go if its time has come has time left
├── AwsError                 AWS said no: code, operation, request id
│   ├── CredentialsError     no credentials, or they expired
│   ├── UnreachableError     no connection to the endpoint
│   └── AnswerLostError      the call was sent; whether AWS did the work is unknown
├── WaitError                AWS ended in a failed state, or took longer than its limit
├── WriteRefusedError        a mutating call from a read-only command
├── InventoryError           the inventory can't be used as it is
│   ├── LeaseHeldError       another run works on the stack
│   ├── RunLostError         this run may write nothing more
│   │   ├── LeaseLostError   another one has taken over
│   │   └── UnwritableError  what it does can't be recorded
│   ├── MovedOnError         another stack was run on since its outputs were read
│   └── DamagedRecordError   one record does not validate
├── InterruptedRunError      Ctrl-C or SIGTERM: calls in flight finished, nothing new started
└── LocalError               the embedded AWS can't start or stop
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


class ProvisionerError(Exception):
    """Base of everything this package raises on purpose.

    Attributes:
        hint: what to do next, one sentence, or empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the manifest something stands; line and column count from 1."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a manifest, where it stands, and what would be right."""

    message: str
    place: Place | None = None
    hint: str = ""

    def __str__(self) -> str:
        head = f"{self.place}: {self.message}" if self.place else self.message
        return f"{head} {self.hint}".rstrip()


SHOWN = 20
"""So many problems of a manifest are told: more of them scroll the first ones away."""


class ManifestError(ProvisionerError):
    """The manifest is wrong. Carries every problem found, and tells the first twenty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"… and {len(self.problems) - SHOWN} more.")
        super().__init__("\n".join(lines))


class PlanError(ProvisionerError):
    """What was asked can't be planned."""


class ForeignObjectError(PlanError):
    """An object with the wanted identity exists and is not ours."""


class ProtectedError(PlanError):
    """A protected resource would be deleted or replaced."""


class BlockedError(PlanError):
    """Something will block a delete; seen before anything was deleted."""


class ReplaceRefusedError(PlanError):
    """A resource that holds data would be replaced without being allowed by name."""


class StalePlanError(PlanError):
    """Something has moved since a plan was saved.

    Attributes:
        moved: a line for each thing.
    """

    def __init__(self, message: str, *, hint: str = "", moved: Iterable[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.moved = tuple(moved)


class NotExpiredError(PlanError):
    """A stack was to be torn down if its time has come, and has time left."""


class AwsError(ProvisionerError):
    """AWS refused a call.

    Attributes:
        code: AWS's own error code, e.g. `AccessDenied`.
        operation: service and operation, e.g. `kms.CreateKey`.
        request_id: AWS's request id, empty when there was no answer.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        operation: str = "",
        request_id: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.operation = operation
        self.request_id = request_id


class CredentialsError(AwsError):
    """There are no credentials, or AWS does not accept them any more."""


class UnreachableError(AwsError):
    """The endpoint can't be reached."""


class AnswerLostError(AwsError):
    """A call was sent and no answer came: AWS may or may not have done the work."""


class WaitError(ProvisionerError):
    """A resource ended in a failed state, or did not get ready within its limit."""


class WriteRefusedError(ProvisionerError):
    """A command that promised to read only tried to write."""


class InventoryError(ProvisionerError):
    """The inventory can't be used as it is."""


class LeaseHeldError(InventoryError):
    """Another run holds the stack."""


class RunLostError(InventoryError):
    """This run may write nothing more, neither to AWS nor to the inventory."""


class LeaseLostError(RunLostError):
    """Another run has taken over."""


class UnwritableError(RunLostError):
    """The inventory can't be written, so that nothing more would be recorded."""


class MovedOnError(InventoryError):
    """Another stack was run on since its outputs were read."""


class DamagedRecordError(InventoryError):
    """A record in the inventory does not validate."""


class InterruptedRunError(ProvisionerError):
    """The run was interrupted: calls in flight were finished and recorded."""


class LocalError(ProvisionerError):
    """The embedded AWS can't be started, reached or stopped."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "Did you mean 'x'?" for the closest known word, else an empty string."""
    matches = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean {matches[0]!r}?" if matches else ""
