"""Types for spec fields, shared by all kinds: constrained text, policies, tags, networks.

A constraint lets a value with an unresolved `${name.attribute}` pass: it is checked again when the
reference has a value, still before the first write.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    JsonValue,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from provisioner.lifecycle import RESERVED_TAGS
from provisioner.lifecycle.canonical import NETWORK, POLICY

REFERENCE = re.compile(r"(?<!\$)\$\{[a-z]")


def unresolved(value: object) -> bool:
    """Whether a text still holds a `${reference}`."""
    return isinstance(value, str) and REFERENCE.search(value) is not None


@dataclass(frozen=True, slots=True)
class Shape:
    """What AWS takes for a text: put it into `Annotated[str, Shape(…)]`.

    Attributes:
        pattern: a regular expression the whole text must match.
        longest, shortest: length limits, in characters.
        says: the rule in words, for the error message: "lower-case letters, digits and hyphens".
    """

    pattern: str = ""
    longest: int = 0
    shortest: int = 0
    says: str = ""

    def check(self, value: str | None) -> str | None:
        """Refuse what AWS would refuse; what may be absent may be."""
        if value is None or unresolved(value):
            return value
        if self.longest and len(value) > self.longest:
            message = f"{value!r} has {len(value)} characters; AWS takes at most {self.longest}"
            raise ValueError(message)
        if len(value) < self.shortest:
            message = f"{value!r} has {len(value)} characters; AWS wants at least {self.shortest}"
            raise ValueError(message)
        if self.pattern and not re.fullmatch(self.pattern, value):
            message = f"{value!r} is not {self.says or 'of the form ' + self.pattern}"
            raise ValueError(message)
        return value

    def __get_pydantic_core_schema__(
        self, source: type[str], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler(schema)
        if self.pattern:
            described["pattern"] = rf"^(?:{self.pattern})$|\$\{{"
        if self.says:
            described.setdefault("description", self.says[0].upper() + self.says[1:] + ".")
        return described


def _network(value: str) -> str:
    if not unresolved(value):
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            message = f"{value!r} is not a CIDR block such as 10.0.0.0/16"
            raise ValueError(message) from None
    return value


def _policy(value: object) -> object:
    """Take a policy as data or as JSON text; refuse what can't be one."""
    document = value
    if isinstance(value, str):
        if unresolved(value) and not value.lstrip().startswith("{"):
            return value
        try:
            document = json.loads(value)
        except ValueError as error:
            message = f"the policy is not JSON: {error}"
            raise ValueError(message) from None
    if not isinstance(document, Mapping):
        message = "a policy is a mapping with Version and Statement"
        raise ValueError(message)  # noqa: TRY004  pydantic wants ValueError
    _statements(document)
    return document


def _statements(document: Mapping[str, Any]) -> None:
    statements = document.get("Statement")
    listed: list[Any] = statements if isinstance(statements, list) else [statements]
    if not statements or not all(isinstance(item, Mapping) for item in listed):
        message = "a policy needs at least one Statement"
        raise ValueError(message)
    if unknown := set(document) - {"Version", "Id", "Statement"}:
        message = f"a policy has no member {min(unknown)!r}; it has Version, Id, Statement"
        raise ValueError(message)
    for statement in listed:
        _statement(statement)


def _statement(statement: Mapping[str, Any]) -> None:
    known = {
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction",
        "Resource", "NotResource", "Condition",
    }  # fmt: skip
    if unknown := set(statement) - known:
        message = f"a policy statement has no member {min(unknown)!r}"
        raise ValueError(message)
    if statement.get("Effect") not in {"Allow", "Deny"}:
        message = "a policy statement needs Effect: Allow or Deny"
        raise ValueError(message)
    if not ("Action" in statement or "NotAction" in statement):
        message = "a policy statement needs Action or NotAction"
        raise ValueError(message)


def _no_reserved(tags: dict[str, str]) -> dict[str, str]:
    for key in tags:
        if key.startswith(("aws:", RESERVED_TAGS)):
            message = f"tag {key!r} is reserved"
            raise ValueError(message)
    return tags


PolicyDocument = Annotated[dict[str, JsonValue], BeforeValidator(_policy), POLICY]
"""An IAM policy, as data or as JSON text; compared by meaning. Holds the parsed document."""

Cidr = Annotated[str, AfterValidator(_network), NETWORK]
"""An IPv4 or IPv6 network."""

Tags = Annotated[dict[str, str], AfterValidator(_no_reserved)]
"""Tags; keys starting `aws:` or `provisioner:` are refused."""

Arn = Annotated[str, Shape(r"arn:[^:]+:[^:]*:[^:]*:[^:]*:.+", says="an ARN (arn:aws:…)")]
"""An Amazon resource name."""


def policy_text(document: Mapping[str, JsonValue]) -> str:
    """A policy as AWS wants it: compact JSON with a Version."""
    return json.dumps({"Version": "2012-10-17", **document}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class FolderMark:
    """Marks a field that names a folder; see `FOLDER`."""


FOLDER = FolderMark()
"""The field is a path; a stack makes a relative one absolute, from the manifest's own folder."""

Folder = Annotated[str, FOLDER]
"""A folder of source files, relative to the manifest."""
