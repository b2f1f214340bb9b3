"""The patient record that `POST /data` takes, as a JSON Schema.

Plain JSON Schema, within what draft 4 and later share, so that the same model can stand in front
of the function in API Gateway. Nothing that is not named here is accepted.
"""

from __future__ import annotations

from typing import Final, TypedDict


class Schema(TypedDict, total=False):
    """The keywords of JSON Schema in use here."""

    type: str
    description: str
    properties: dict[str, Schema]
    required: list[str]
    additionalProperties: bool
    items: Schema
    minItems: int
    maxItems: int
    enum: list[str]
    pattern: str
    format: str
    minLength: int
    maxLength: int
    minimum: float
    maximum: float


UUID_PATTERN: Final = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_IDENTIFIER: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

_PATIENT: Final[Schema] = {
    "type": "object",
    "required": ["given_name", "family_name", "birth_date"],
    "additionalProperties": False,
    "properties": {
        "given_name": {"type": "string", "minLength": 1, "maxLength": 100},
        "family_name": {"type": "string", "minLength": 1, "maxLength": 100},
        "birth_date": {"type": "string", "format": "date"},
        "sex": {"type": "string", "enum": ["female", "male", "other", "unknown"]},
    },
}

_OBSERVATION: Final[Schema] = {
    "type": "object",
    "required": ["code", "value", "unit"],
    "additionalProperties": False,
    "properties": {
        "code": {"type": "string", "pattern": "^[A-Za-z0-9-]{1,32}$", "description": "e.g. LOINC"},
        "value": {"type": "number", "minimum": -1e9, "maximum": 1e9},
        "unit": {"type": "string", "minLength": 1, "maxLength": 32, "description": "e.g. UCUM"},
    },
}

PATIENT_RECORD: Final[Schema] = {
    "type": "object",
    "required": ["patient_id", "record_type", "recorded_at", "patient"],
    "additionalProperties": False,
    "properties": {
        "record_id": {
            "type": "string",
            "pattern": UUID_PATTERN,
            "description": "Chosen by the sender to make a repeat safe; made here when absent.",
        },
        "patient_id": {"type": "string", "pattern": _IDENTIFIER},
        "record_type": {
            "type": "string",
            "enum": ["encounter", "imaging", "laboratory", "medication", "observation"],
        },
        "recorded_at": {"type": "string", "format": "date-time"},
        "practitioner_id": {"type": "string", "pattern": _IDENTIFIER},
        "patient": _PATIENT,
        "observations": {"type": "array", "maxItems": 200, "items": _OBSERVATION},
        "notes": {"type": "string", "maxLength": 20000},
    },
}
