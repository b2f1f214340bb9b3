"""Values as people read them: what is known, what will be, and what of it is new."""

from __future__ import annotations

import json
from collections.abc import Iterator

import yaml
from pydantic import JsonValue

from provisioner.manifest.references import references_in, unescape

LONGEST = 96
"""Characters of a value that is not shown whole."""
BEFORE = 24
"""Of them, those that stand before the first difference of two long values."""
UNSET = "(unset)"


def shown(value: JsonValue) -> str:
    """A value on one line; absent is said in words."""
    if value is None:
        return UNSET
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def whole(value: JsonValue) -> list[str]:
    """A value in the lines of a manifest, nothing left out."""
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=float("inf"))
    return text.removesuffix("...\n").splitlines()


def with_references(value: JsonValue) -> JsonValue:
    """The value with `⟨id of vpc⟩` where it is not known yet."""
    if isinstance(value, dict):
        return {text_with_references(key): with_references(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_references(item) for item in value]
    return text_with_references(value) if isinstance(value, str) else value


def text_with_references(text: str) -> str:
    """The text with `⟨id of vpc⟩` where it is not known yet."""
    for reference in reversed([*references_in(text)]):
        if reference.well_formed:
            words = f"⟨{reference.attribute} of {reference.name}⟩"
            if not reference.attribute:
                words = f"⟨{reference.name}⟩"
            end = reference.start + len(str(reference))
            text = text[: reference.start] + words + text[end:]
    return str(unescape(text))


def shortened(text: str) -> str:
    """The beginning of a long text."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def abridged(before: str, after: str) -> tuple[str, str]:
    """Two long texts around their first difference, so that it can be seen."""
    pairs = zip(before, after, strict=False)
    shorter = min(len(before), len(after))
    alike = next((at for at, (one, other) in enumerate(pairs) if one != other), shorter)
    start = max(alike - BEFORE, 0) if max(len(before), len(after)) > LONGEST else 0
    head = "…" if start else ""
    cut = (head + text[start:] if len(text) > start else text for text in (before, after))
    first, second = (shortened(text) for text in cut)
    return first, second


def apart(
    before: JsonValue, after: JsonValue, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    """What differs within two values: where, before, after.

    Mappings are followed by their keys. Of two lists, what only one has is told; lists that have
    the same in another order are told whole.
    """
    before, after = _beside(before, after), _beside(after, before)
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield from apart(before.get(key), after.get(key), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        gone = [item for item in before if item not in after]
        come = [item for item in after if item not in before]
        if gone or come:
            yield from ((".".join(path), item, None) for item in gone)
            yield from ((".".join(path), None, item) for item in come)
        else:
            yield ".".join(path), before, after
    else:
        yield ".".join(path), before, after


def _beside(value: JsonValue, other: JsonValue) -> JsonValue:
    """A value that is absent is as empty as the other is full."""
    if value is None and isinstance(other, dict | list):
        return type(other)()
    return value
