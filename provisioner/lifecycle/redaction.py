"""Secret values taken out of errors: AWS's sentences, botocore's and Python's own may quote them.

Whoever sends a value knows whether it is secret. What a step raises passes through here, with all
that stands behind it, before anybody hears of it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from pydantic import JsonValue

from provisioner.errors import Problem, ProvisionerError
from provisioner.lifecycle import Settings, Spec, rules_of

E = TypeVar("E", bound=BaseException)

HIDDEN = "(secret)"
SHORTEST = 4
"""Shorter values are not looked for: they stand in every other word."""
LONG = 16
"""So long a value is taken out wherever it stands; a shorter one where it stands by itself, so that
a value `health` does not blot out every name that begins so."""


class Redaction:
    """Knows secret values, and takes them out of what is said.

    Args:
        values: the secrets.
        public: values that are no secrets, though a secret field may hold them: names, ARNs.
    """

    def __init__(self, values: Iterable[str], public: Iterable[str] = ()) -> None:
        secret = {value for value in values if len(value) >= SHORTEST} - {*public}
        forms = sorted({form for value in secret for form in _forms(value)}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_found, forms))) if forms else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text

    def error(self, error: E) -> E:
        """The same error; neither its words nor what stands behind it hold a secret any more.

        What can't be changed, since it keeps its words to itself, is cut off.
        """
        if self._pattern:
            for one in [*_chain(error)]:
                self._clean(one)
            for one in [*_chain(error)]:
                self._cut(one)
        return error

    def _clean(self, error: BaseException) -> None:
        error.args = tuple(self._without(value) for value in error.args)
        vars(error).update({name: self._without(value) for name, value in vars(error).items()})

    def _cut(self, error: BaseException) -> None:
        behind = (error.__cause__, error.__context__)
        if any(one is not None and self._tells(one) for one in behind):
            error.__cause__ = error.__context__ = None
            error.__suppress_context__ = True

    def _tells(self, error: BaseException) -> bool:
        return any(self.text(said) != said for said in (str(error), repr(error)))

    def _without(self, value: object) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self._without(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._without(item) for item in value]
        if isinstance(value, tuple):
            return tuple(self._without(item) for item in value)
        if isinstance(value, Problem):
            return replace(value, message=self.text(value.message), hint=self.text(value.hint))
        return value


@contextmanager
def redacted(secrets: Callable[[], Iterable[str]]) -> Iterator[None]:
    """Let no error out that quotes a secret.

    A sentence of ours with nothing behind it is left as it is: it is made of names.

    Args:
        secrets: tells them, if there is an error at all.
    """
    try:
        yield
    except Exception as error:
        if error.__cause__ is not None or not isinstance(error, ProvisionerError):
            Redaction(secrets()).error(error)
        raise


def secrets_in(spec: type[Spec], settings: Settings) -> set[str]:
    """The values of a spec's secret fields, as texts."""
    rules = rules_of(spec)
    return {
        text
        for name, value in settings.items()
        if name in rules and rules[name].secret
        for text in texts_in(value)
    }


def public_in(spec: type[Spec], settings: Settings) -> set[str]:
    """The values of all other fields, as texts."""
    rules = rules_of(spec)
    return {
        text
        for name, value in settings.items()
        if not (name in rules and rules[name].secret)
        for text in texts_in(value)
    }


def texts_in(value: JsonValue) -> Iterator[str]:
    """The texts and numbers within a value, keys left out."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from texts_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all behind it, each once."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]


def _forms(value: str) -> set[str]:
    """A value as texts may quote it: as it is, escaped, encoded; of a URL also what is in it."""
    forms = set()
    for part in {value, *_parts(value), *value.splitlines()}:
        if len(part) >= SHORTEST:
            forms |= {
                part,
                json.dumps(part)[1:-1],
                json.dumps(part, ensure_ascii=False)[1:-1],
                repr(part)[1:-1],
                quote(part, safe=""),
                quote_plus(part),
                base64.b64encode(part.encode()).decode(),
            }
    return forms


def _parts(value: str) -> set[str]:
    """What of a URL is worth hiding by itself: all behind the host, credentials, parameters."""
    if not re.match(r"https?://", value):
        return set()
    url = urlsplit(value)
    behind = value.partition("://")[2].partition("/")[2]
    given = {parameter for _, parameter in parse_qsl(url.query)}
    return {behind, url.query, url.username or "", url.password or "", *given}


def _found(form: str) -> str:
    """The expression that finds a form."""
    escaped = re.escape(form)
    return escaped if len(form) >= LONG else rf"(?<![\w-]){escaped}(?![\w-])"
