"""Who changed an object since we last wrote to it, as far as CloudTrail's event history tells.

The history holds the management events of 90 days, by region; those of global services are kept in
one region of the partition. It lags some minutes behind, and names an object by its ARN, its id or
its name, as each service likes. So this is asked object by object, 2 calls a second, for what
drifted alone, and "unknown" is an honest answer.
API: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from provisioner.aws.clients import Aws
from provisioner.aws.failures import translate
from provisioner.drifting.drift import Culprit, Deed
from provisioner.errors import AwsError
from provisioner.inventory import Record
from provisioner.registry import kind_of

if TYPE_CHECKING:
    from mypy_boto3_cloudtrail.type_defs import EventTypeDef

GLOBAL = frozenset({"iam"})
"""Services whose events are kept in one region of the partition."""
HOMES: Mapping[str, str] = {
    "aws": "us-east-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-cn": "cn-north-1",
}
"""That region, by partition."""
KEPT = timedelta(days=90)
"""How far the history goes back."""
LAG = timedelta(minutes=15)
"""How far it typically lags behind, at most."""
OBJECTS = 25
"""So many objects are asked for in one look: with three names each that takes half a minute."""
EVENTS = 100
"""So many of an object's newest events are looked through: reads are among them."""
SHOWN = 3


def culprits_of(
    aws: Aws, drifted: Mapping[str, Record], ended: Mapping[str, str]
) -> dict[str, Culprit]:
    """Who changed these, by address.

    Args:
        aws: clients; only reading calls are made.
        drifted: the records of what drifted.
        ended: by run, when it ended, in ISO 8601: what our own run did is no news.
    """
    asking = _Asking(aws)
    return {
        address: asking.about(record, max(record.updated_at, ended.get(record.run, "")))
        if number < OBJECTS
        else Culprit(unknown=f"only the first {OBJECTS} objects are looked up")
        for number, (address, record) in enumerate(sorted(drifted.items()))
    }


class _Asking:
    """Asks the history; once it was refused in a region, it is not asked there again."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._refused: dict[str, str] = {}
        self._regions = {aws.target.region: aws}

    def about(self, record: Record, written: str) -> Culprit:
        """Who changed one object since we last wrote to it."""
        region = self._region(record)
        since = datetime.fromisoformat(written)
        age = self._aws.clock.now() - since
        if region in self._refused:
            return Culprit(unknown=self._refused[region])
        try:
            deeds = self._deeds(self._in(region), record, since)
        except Exception as error:  # noqa: BLE001  whatever it is, the drift is told all the same
            told = translate(error, "asking CloudTrail")
            code = told.code if isinstance(told, AwsError) else ""
            self._refused[region] = f"CloudTrail did not answer ({code or type(error).__name__})"
            return Culprit(unknown=self._refused[region])
        return Culprit(deeds) if deeds else Culprit(unknown=_why_unknown(age))

    def _region(self, record: Record) -> str:
        target = self._aws.target
        service = kind_of(record.kind).service
        return HOMES.get(target.partition, target.region) if service in GLOBAL else target.region

    def _in(self, region: str) -> Aws:
        if region not in self._regions:
            self._regions[region] = self._aws.elsewhere(region)
        return self._regions[region]

    def _deeds(self, aws: Aws, record: Record, since: datetime) -> tuple[Deed, ...]:
        """Under all of its names, the newest first."""
        found = {deed for name in _names(record) for deed in _told(aws, name, since)}
        return tuple(sorted(found, key=lambda deed: deed.at, reverse=True)[:SHOWN])


def _told(aws: Aws, name: str, since: datetime) -> Iterator[Deed]:
    pages = (
        aws.client("cloudtrail")
        .get_paginator("lookup_events")
        .paginate(
            LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": name}],
            StartTime=since,
        )
    )
    events = islice((event for page in pages for event in page.get("Events", ())), EVENTS)
    yield from islice(_writes(events, since), SHOWN)


def _names(record: Record) -> Iterable[str]:
    """By what CloudTrail may know the object, its parent's for what has one; each once."""
    attributes = record.attributes
    parent = record.settings.get(kind_of(record.kind).parent)
    named = (attributes.get("arn"), record.id, attributes.get("name"), parent)
    return dict.fromkeys(str(name) for name in named if name and "|" not in str(name))


def _writes(events: Iterable[EventTypeDef], since: datetime) -> Iterator[Deed]:
    """The calls that changed something, the newest first."""
    for event in events:
        at = event["EventTime"]
        detail: dict[str, Any] = json.loads(event.get("CloudTrailEvent") or "{}")
        failed = detail.get("errorCode")
        if event.get("ReadOnly") == "false" and not failed and at > since:
            service = str(event.get("EventSource", "")).partition(".")[0]
            yield Deed(
                f"{service}.{event.get('EventName', '')}",
                _who(event, detail),
                at.isoformat(timespec="seconds"),
                str(detail.get("sourceIPAddress", "")),
            )


def _who(event: EventTypeDef, detail: Mapping[str, Any]) -> str:
    identity = detail.get("userIdentity", {})
    named = (identity.get("arn"), identity.get("invokedBy"), event.get("Username"))
    return next((str(name) for name in named if name), "somebody")


def _why_unknown(age: timedelta) -> str:
    if age > KEPT:
        return f"CloudTrail's history goes back {KEPT.days} days, and has nothing"
    minutes = round(LAG.total_seconds() / 60)
    return f"CloudTrail has no such call; it lags up to {minutes} minutes behind"
