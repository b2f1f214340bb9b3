"""Where a difference comes from: what is wanted changed, the object was changed outside, or both.

Seen from what was applied last, as the record has it. A run that was cut short may have sent what
it intended or not, so an object that shows either is as we left it. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from provisioner.inventory import Record, Status
from provisioner.lifecycle import Difference, Json, Origin, Settings, Spec, rules_of
from provisioner.lifecycle.secrets import sealed

TOLD = (Status.READY, Status.UPDATING)
"""A record in any other state does not say what was applied."""


def traced(
    differences: Sequence[Difference],
    spec: type[Spec],
    wanted: Settings,
    live: Settings,
    record: Record | None,
) -> tuple[Difference, ...]:
    """The same differences, each with its origin where the record tells.

    Args:
        differences: between what is wanted and what AWS has.
        spec: the type of the spec.
        wanted: the settings that are wanted.
        live: those that AWS has.
        record: of the object; None if nothing was ever applied to it.
    """
    if record is None or record.status not in TOLD:
        return tuple(differences)
    return tuple(
        _with(one, _of_tags(one, record), _tags_of(one, record))
        if one.field == "tags"
        else _with(
            one,
            _of_field(one.field, spec, wanted, live, record),
            rules_of(spec)[one.field].canonical(record.settings.get(one.field)),
        )
        for one in differences
    )


def _with(one: Difference, origin: Origin | None, applied: Json) -> Difference:
    """What was applied is worth telling where it is neither what stands nor what is wanted."""
    told = origin is Origin.BOTH and not one.secret
    return replace(one, origin=origin, applied=applied if told else None)


def _tags_of(one: Difference, record: Record) -> Json:
    """Of the tags that differ, those that were applied."""
    names = {*_texts(one.before), *_texts(one.after)}
    applied: dict[str, Json] = {
        name: value for name, value in record.tags.items() if name in names and value is not None
    }
    return applied or None


def _of_field(
    name: str, spec: type[Spec], wanted: Settings, live: Settings, record: Record
) -> Origin:
    """The origin of one field; secrets are compared by their seals."""

    def form(settings: Settings) -> Json:
        value = sealed(spec, {name: settings.get(name)}, record.token)[name]
        return rules_of(spec)[name].canonical(value)

    rule = rules_of(spec)[name]
    applied = rule.canonical(record.settings.get(name))
    if rule.computed and applied is None:  # AWS chose: nobody can say from what it moved
        return Origin.MANIFEST
    intended = rule.canonical((record.intended or record.settings).get(name))
    return _origin(form(live), form(wanted), applied, intended)


def _of_tags(difference: Difference, record: Record) -> Origin | None:
    """The origin of changed tags, together; tags whose value was not kept tell nothing."""
    before, after = _texts(difference.before), _texts(difference.after)
    origins = {
        _origin(before.get(name), after.get(name), record.tags.get(name), record.tags.get(name))
        for name in {*before, *after}
        if not (name in record.tags and record.tags[name] is None)
    }
    if len(origins) > 1:
        return Origin.BOTH
    return origins.pop() if origins else None


def _origin(live: Json, wanted: Json, applied: Json, intended: Json) -> Origin:
    if live in (applied, intended):
        return Origin.MANIFEST
    return Origin.DRIFT if wanted == applied else Origin.BOTH


def _texts(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
