"""What moto 5.2 leaves out of Lambda, filled.

- `DeadLetterConfig`, `KMSKeyArn` and `LoggingConfig` of a function are dropped.
- `UpdateFunctionConfiguration` ignores `TracingConfig` and `EphemeralStorage`.
- `UpdateFunctionCode` ignores `Architectures`.
- `AddPermission` takes a statement id twice, and keeps an account or a role as it was sent.
"""

from __future__ import annotations

import re
from typing import Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction
from moto.awslambda.policy import Policy

ACCOUNT = re.compile(r"\d{12}")
KEPT = ("DeadLetterConfig", "KMSKeyArn", "LoggingConfig", "TracingConfig", "EphemeralStorage")

_init = LambdaFunction.__init__
_get_configuration = LambdaFunction.get_configuration
_update_configuration = LambdaFunction.update_configuration
_update_function_code = LambdaFunction.update_function_code
_add_statement = Policy.add_statement
_principal_formatter = Policy.principal_formatter


class StatementExistsError(LambdaClientError):
    """The function has a permission of this id."""

    code = 409

    def __init__(self, sid: str) -> None:
        super().__init__(
            "ResourceConflictException",
            f"The statement id ({sid}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement.",
        )


def init(self: Any, account_id: str, spec: dict[str, Any], *args: Any, **named: Any) -> None:
    """Keep what moto drops."""
    _init(self, account_id, spec, *args, **named)
    self.kept = {name: spec[name] for name in KEPT if spec.get(name)}


def get_configuration(self: Any, *args: Any, **named: Any) -> dict[str, Any]:
    """Answer what was kept; logging has a default."""
    kept = getattr(self, "kept", {})
    logging = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}"}
    answer: dict[str, Any] = {**_get_configuration(self, *args, **named), **kept}
    answer["LoggingConfig"] = {**logging, **kept.get("LoggingConfig", {})}
    return {name: value for name, value in answer.items() if value not in ("", {"TargetArn": ""})}


def update_configuration(self: Any, updates: dict[str, Any]) -> dict[str, Any]:
    """Keep what is sent anew."""
    self.kept = getattr(self, "kept", {}) | {n: updates[n] for n in KEPT if n in updates}
    _update_configuration(self, updates)
    answer: dict[str, Any] = self.get_configuration()
    return answer


def update_function_code(self: Any, updates: dict[str, Any]) -> dict[str, Any]:
    """Change the architecture, too."""
    if updates.get("Architectures"):
        self.architectures = updates["Architectures"]
    answer: dict[str, Any] = _update_function_code(self, updates)
    return answer


def add_statement(self: Any, raw: str, qualifier: str | None = None) -> tuple[Any, str]:
    """Refuse a statement id that the function, or this version of it, has."""
    before = [(one["Sid"], one["Resource"]) for one in self.statements]
    made, revision = _add_statement(self, raw, qualifier)
    if (made["Sid"], made["Resource"]) in before:
        self.statements.pop()
        raise StatementExistsError(made["Sid"])
    return made, revision


def principal_formatter(self: Any, obj: Any) -> Any:
    """Keep an account as the ARN of its root, and whoever has an ARN as one of AWS's."""
    if isinstance(obj, str) and ACCOUNT.fullmatch(obj):
        partition = self.parent.function_arn.split(":")[1]
        return {"AWS": f"arn:{partition}:iam::{obj}:root"}
    if isinstance(obj, str) and obj.startswith("arn:"):
        return {"AWS": obj}
    return _principal_formatter(self, obj)


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    LambdaFunction.__init__ = init  # type: ignore[method-assign]
    LambdaFunction.get_configuration = get_configuration  # type: ignore[method-assign]
    LambdaFunction.update_configuration = update_configuration  # type: ignore[method-assign,assignment]
    LambdaFunction.update_function_code = update_function_code  # type: ignore[method-assign,assignment]
    Policy.add_statement = add_statement  # type: ignore[method-assign]
    Policy.principal_formatter = principal_formatter  # type: ignore[method-assign]
