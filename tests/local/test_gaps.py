"""Each gap of moto is filled here, and still open in plain moto."""

from __future__ import annotations

import subprocess
import sys

import boto3

PLAIN = """
import boto3
from moto import mock_aws
with mock_aws():
    kms = boto3.client("kms", region_name="eu-central-1")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    assert kms.get_key_rotation_status(KeyId=key).get("RotationPeriodInDays") != 180
"""


def test_a_rotation_period_is_kept(session: boto3.Session) -> None:
    """A key's rotation period is answered as it was set."""
    kms = session.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180


def test_plain_moto_still_drops_the_rotation_period() -> None:
    """Once moto keeps it, this fails, and the gap can go."""
    plain = subprocess.run(  # noqa: S603  our own interpreter and text
        [sys.executable, "-c", PLAIN], check=False, capture_output=True, text=True
    )
    assert plain.returncode == 0, plain.stderr
