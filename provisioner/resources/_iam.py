"""What the IAM kinds share."""

from __future__ import annotations

import json
from urllib.parse import unquote

from provisioner.lifecycle import Json


def iam_path(path: str) -> str:
    """A path as it stands in ARNs: `/` or `/PATH/`."""
    return path if path.startswith("/") else f"/{path}"


def document(answered: object) -> dict[str, Json]:
    """A policy document as IAM answers it: boto3 decodes it, or it is still URL-encoded JSON."""
    if isinstance(answered, str):
        answered = json.loads(unquote(answered))
    return dict(answered) if isinstance(answered, dict) else {}
