"""Answers of AWS in other forms of the same meaning.

Keys and lists change their order, a single value becomes a list of one and back, an account's id
its root ARN, a boolean in a condition its text, JSON texts are written anew, what is empty is left
out and what is absent is empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

IN_ORDER: frozenset[str] = frozenset()
"""Members of answers whose order means something."""
JSON_TEXTS = frozenset(
    {
        "DashboardBody",
        "DeliveryPolicy",
        "EventPattern",
        "FilterPolicy",
        "RedriveAllowPolicy",
        "RedrivePolicy",
    }
)
"""Members, or keys of maps, whose text AWS may write anew; others it keeps to the letter."""
ROOT = re.compile(r"^arn:aws:iam::(\d{12}):root$")
ACCOUNT = re.compile(r"^\d{12}$")
LISTED = frozenset({"Action", "NotAction", "Resource", "NotResource", "Statement"})


class Forms:
    """Writes the answers anew that a session's clients get.

    Attributes:
        seed: decides what becomes of each answer; None leaves all as they are.
    """

    def __init__(self, session: Any) -> None:
        self.seed: int | None = None
        session.events.register("after-call", self._rewrite)

    def _rewrite(self, *, http_response: Any, parsed: Any, model: Any, **_: Any) -> None:
        reads = model.name.startswith(("Get", "List", "Describe"))
        if self.seed is None or not reads or http_response.status_code >= 300:
            return
        metadata = parsed.pop("ResponseMetadata", {})
        # Reads go side by side: what becomes of one must not hang on which comes first.
        writer = Writer(Random(f"{self.seed} {model.name} {parsed}"))  # noqa: S311
        anew = writer.answer(parsed, model.output_shape) if model.output_shape else dict(parsed)
        parsed.clear()
        parsed.update(anew, ResponseMetadata=metadata)


class Writer:
    """Writes one answer anew, by the drawings of a random source."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def answer(self, value: Mapping[str, Any], shape: StructureShape) -> dict[str, Any]:
        """An equivalent answer."""
        return self._structure(value, shape)

    def _structure(self, value: Mapping[str, Any], shape: StructureShape) -> dict[str, Any]:
        anew: dict[str, Any] = {}
        for name, member in shape.members.items():
            if name in value:
                kept = self._value(value[name], member, name)
                void = kept in ([], {}) and not isinstance(member, StructureShape)
                if not void or self._decides():
                    anew[name] = kept
            elif not shape.is_tagged_union and self._decides():
                anew |= _empty(name, member)
        rest = {name: one for name, one in value.items() if name not in shape.members}
        return self._turned({**anew, **rest})

    def _value(self, value: Any, shape: Shape, name: str) -> Any:
        if isinstance(shape, StructureShape) and isinstance(value, dict):
            return self._structure(value, shape)
        if isinstance(shape, ListShape) and isinstance(value, list):
            listed = [self._value(one, shape.member, name) for one in value]
            return listed if name in IN_ORDER else self._shuffled(listed)
        if isinstance(shape, MapShape) and isinstance(value, dict):
            return self._turned(
                {key: self._value(one, shape.value, key) for key, one in value.items()}
            )
        if isinstance(value, dict):  # a policy that botocore has parsed
            return self.policy(value)
        return self._text(value, name) if isinstance(value, str) else value

    def _text(self, text: str, name: str) -> str:
        """A policy, or another JSON text that AWS parses, written anew."""
        if not text.startswith("{"):
            return text
        try:
            document = json.loads(text)
        except ValueError:
            return text
        if "Statement" in document:
            anew = self.policy(document)
        elif name in JSON_TEXTS:
            anew = self._json(document)
        else:
            return text
        separators = self._random.choice([(",", ":"), (", ", ": "), (" ,", " : ")])
        return json.dumps(anew, separators=separators)

    def policy(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """An equivalent policy."""
        statements = document.get("Statement", [])
        listed = statements if isinstance(statements, list) else [statements]
        anew = self._one_or_list(self._shuffled([self._statement(one) for one in listed]))
        return self._turned({**document, "Statement": anew})

    def _statement(self, statement: Mapping[str, Any]) -> dict[str, Any]:
        anew: dict[str, Any] = {}
        for name, value in statement.items():
            if name in LISTED:
                anew[name] = self._texts(value)
            elif name in {"Principal", "NotPrincipal"}:
                anew[name] = self._principal(value)
            elif name == "Condition":
                anew[name] = self._turned({test: self._tests(one) for test, one in value.items()})
            else:
                anew[name] = value
        return self._turned(anew)

    def _principal(self, value: Any) -> Any:
        if value == "*" or value in ({"AWS": "*"}, {"AWS": ["*"]}):
            return self._random.choice(["*", {"AWS": "*"}, {"AWS": ["*"]}])
        if not isinstance(value, dict):
            return value
        return self._turned(
            {
                kind: self._texts([self._account(one) for one in _listed(names)])
                for kind, names in value.items()
            }
        )

    def _account(self, principal: str) -> str:
        root = ROOT.match(principal)
        account = root.group(1) if root else principal
        if not ACCOUNT.match(account):
            return principal
        return account if self._decides() else f"arn:aws:iam::{account}:root"

    def _tests(self, tests: Mapping[str, Any]) -> dict[str, Any]:
        return self._turned({key: self._condition(one) for key, one in tests.items()})

    def _condition(self, value: Any) -> Any:
        return self._texts(
            [
                self._random.choice([one == "true", one])
                if one in {"true", "false"}
                else self._random.choice([one, json.dumps(one)])
                if isinstance(one, bool)
                else one
                for one in _listed(value)
            ]
        )

    def _texts(self, value: Any) -> Any:
        return self._one_or_list(self._shuffled(_listed(value)))

    def _one_or_list(self, listed: list[Any]) -> Any:
        return listed[0] if len(listed) == 1 and self._decides() else listed

    def _json(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self._turned({key: self._json(one) for key, one in value.items()})
        return [self._json(one) for one in value] if isinstance(value, list) else value

    def _turned(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self._shuffled([*value.items()]))

    def _shuffled(self, listed: list[Any]) -> list[Any]:
        return self._random.sample(listed, len(listed))

    def _decides(self) -> bool:
        return self._random.random() < 0.5


def _listed(value: Any) -> list[Any]:
    return [*value] if isinstance(value, list | tuple) else [value]


def _empty(name: str, shape: Shape) -> dict[str, Any]:
    """What is absent, empty: lists and maps only."""
    if isinstance(shape, ListShape):
        return {name: []}
    return {name: {}} if isinstance(shape, MapShape) else {}
