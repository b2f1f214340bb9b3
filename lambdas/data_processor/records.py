"""Where patient records live: the document in S3 under KMS, its index item in DynamoDB.

The document is written first, under a key of its own that nobody else can write, and the index
item after it with a condition: the index never points to nothing, and a second record with the
same id can't touch the first. A document whose item was refused is removed again, version and
all. Only when it can't be known whether DynamoDB wrote the item does the document stay, and the
log says so: an unreachable object is the smaller harm than an index to a lost record.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError
from validate import Json, utc

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from mypy_boto3_s3 import S3Client

    Item = Mapping[str, AttributeValueTypeDef]

_SORT_KEY: Final = "RECORD"

Report = Callable[[str, str], None]
"""Takes the name of an event and an object's key."""


class RecordExistsError(Exception):
    """Another record has this id."""


class DamagedDocumentError(Exception):
    """What S3 returned is not what the index says was stored."""


@dataclass(frozen=True, slots=True)
class Record:
    """One validated record on its way into the store."""

    id: str
    document: Mapping[str, Json]
    created_by: str = ""

    def text(self) -> bytes:
        """Return the document as canonical JSON."""
        return json.dumps(self.document, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One document in S3; `version` is "null" in a bucket without versions."""

    key: str
    version: str


@dataclass(frozen=True, slots=True)
class RecordStore:
    """The table and the bucket; `key_arn` encrypts the documents."""

    dynamodb: DynamoDBClient
    s3: S3Client
    table: str
    bucket: str
    key_arn: str

    def save(self, record: Record, report: Report) -> None:
        """Store a record that did not exist before.

        Args:
            record: what to store.
            report: told what a person has to look after: the event's name and an object's key.

        Raises:
            RecordExistsError: the id is taken; what is stored under it is untouched.
            ClientError: AWS refused; nothing is stored.
            BotoCoreError: AWS could not be reached.
        """
        text = record.text()
        stored = self._put_document(record.id, text)
        try:
            self._put_item(_item(record, text, stored))
        except (ClientError, BotoCoreError) as error:
            self._settle(record.id, stored, error, report)

    def exists(self, record_id: str) -> bool:
        """Return whether the id is taken."""
        return self._read_item(record_id) is not None

    def load(self, record_id: str) -> Json:
        """Return the document, or None when there is no such record.

        Raises:
            DamagedDocumentError: the document is not the one that was stored.
            ClientError: AWS refused.
        """
        item = self._read_item(record_id)
        if item is None:
            return None
        answer = self.s3.get_object(
            Bucket=self.bucket,
            Key=item["object_key"]["S"],
            VersionId=item["object_version"]["S"],
        )
        text = answer["Body"].read()
        if hashlib.sha256(text).hexdigest() != item["sha256"]["S"]:
            raise DamagedDocumentError(record_id)
        document: Json = json.loads(text)
        return document

    def _put_document(self, record_id: str, text: bytes) -> StoredObject:
        key = f"records/{record_id}/{uuid.uuid4()}.json"
        answer = self.s3.put_object(
            Bucket=self.bucket,
            Key=key,
            Body=text,
            ContentType="application/json",
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId=self.key_arn,
            BucketKeyEnabled=True,
        )
        return StoredObject(key, answer.get("VersionId", "null"))

    def _settle(
        self,
        record_id: str,
        stored: StoredObject,
        error: ClientError | BotoCoreError,
        report: Report,
    ) -> None:
        """Find out what a failed write of the item left behind, and leave no document orphaned.

        Returns normally when our item is there after all: its answer was lost on the way, and
        the client library's own repeat met the condition.
        """
        try:
            item = self._read_item(record_id)
        except (ClientError, BotoCoreError):
            report("document.unindexed", stored.key)
            raise error from None
        if item is not None and item["object_key"]["S"] == stored.key:
            return
        if item is None and not _was_refused(error):  # the write may still arrive
            report("document.unindexed", stored.key)
            raise error
        self._remove_document(stored, report)
        if item is not None:
            raise RecordExistsError(record_id) from None
        raise error

    def _remove_document(self, stored: StoredObject, report: Report) -> None:
        """Remove a document for good; a mere delete marker would leave it in the bucket."""
        try:
            self.s3.delete_object(Bucket=self.bucket, Key=stored.key, VersionId=stored.version)
        except (ClientError, BotoCoreError):
            report("document.orphaned", stored.key)

    def _put_item(self, item: Item) -> None:
        self.dynamodb.put_item(
            TableName=self.table, Item=item, ConditionExpression="attribute_not_exists(pk)"
        )

    def _read_item(self, record_id: str) -> Item | None:
        key: Item = {"pk": {"S": _partition_key(record_id)}, "sk": {"S": _SORT_KEY}}
        answer = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return answer.get("Item")


def _partition_key(record_id: str) -> str:
    return f"RECORD#{record_id}"


def _item(record: Record, text: bytes, stored: StoredObject) -> Item:
    """Return the index item; `gsi1pk` and `gsi1sk` list a patient's records by date."""
    recorded_at = utc(str(record.document["recorded_at"])).isoformat(timespec="microseconds")
    values = {
        "pk": _partition_key(record.id),
        "sk": _SORT_KEY,
        "gsi1pk": f"PATIENT#{record.document['patient_id']}",
        "gsi1sk": f"{recorded_at}#{record.id}",
        "record_type": str(record.document["record_type"]),
        "object_key": stored.key,
        "object_version": stored.version,
        "sha256": hashlib.sha256(text).hexdigest(),
        "stored_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "created_by": record.created_by,
    }
    return {name: {"S": value} for name, value in values.items() if value}


def _was_refused(error: ClientError | BotoCoreError) -> bool:
    """Return whether AWS said no, as against said nothing or failed on its side."""
    if not isinstance(error, ClientError):
        return False
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status < HTTPStatus.INTERNAL_SERVER_ERROR
