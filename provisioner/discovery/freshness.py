"""What AWS may not show yet: soon after a write, "not found" and old values are no answers.

A read goes to one of many copies of what AWS knows, and some learn of a write seconds later. So
what a record says was made or set a moment ago outweighs a read that shows something else: it is
read again until both agree or the time is over. What still differs then has been changed by
somebody. Which fields are known to lag, and how long, is a mark on the field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from provisioner.inventory import Record, Status
from provisioner.lifecycle import Json, Observed, Phase, Spec, differences, rules_of
from provisioner.lifecycle.creating import LOOK_EVERY, VISIBLE
from provisioner.registry import kind_of

LONGEST_PAUSE = 8.0
DOUBTED = 600.0
"""Seconds after its making in which an object that is not seen is looked for a few times more."""
LOOKS = 3


def pauses() -> Iterator[float]:
    """Seconds before each further look: few looks, and none much too late."""
    pause = LOOK_EVERY
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE)


def hidden(
    records: Mapping[str, Record], seen: Mapping[str, Observed], now: datetime, looks: int = LOOKS
) -> list[Record]:
    """What was made a moment ago and is not seen.

    Args:
        records: by address.
        seen: the object of each address, as far as one was seen.
        now: the time.
        looks: so often it was looked again already.
    """

    def fresh(record: Record) -> bool:
        open_ = record.status in {Status.INTENDED, Status.CREATING}
        age = _since(record.updated_at if open_ else record.created_at, now)
        return age < VISIBLE or (looks < LOOKS and not open_ and age < DOUBTED)

    return [
        record
        for address, record in records.items()
        if address not in seen and record.status is not Status.DELETING and fresh(record)
    ]


def outdated(
    records: Mapping[str, Record], seen: Mapping[str, Observed], now: datetime
) -> list[Record]:
    """What was written a moment ago and does not read as it was written. For arguments see above.

    Secrets are not compared: what is recorded of them is not their value.
    """
    return [
        record
        for address, record in records.items()
        if record.status is Status.READY
        and address in seen
        and seen[address].phase is Phase.READY
        and _reads_old(record, seen[address], now)
    ]


def _reads_old(record: Record, observed: Observed, now: datetime) -> bool:
    spec: type[Spec] = kind_of(record.kind).spec
    age = _since(record.updated_at, now)
    if record.formerly(observed.tags) and age < VISIBLE:
        return True
    lagging = {name for name, rule in rules_of(spec).items() if age < rule.lags and not rule.secret}
    if not lagging:
        return False
    settings: dict[str, Json] = {**record.settings}
    return bool(lagging & differences(spec, settings, observed).keys())


def _since(moment: str, now: datetime) -> float:
    return (now - datetime.fromisoformat(moment)).total_seconds()
