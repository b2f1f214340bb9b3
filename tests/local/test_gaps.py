"""Each gap of moto is filled here, and still open in plain moto."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from tests.local.gap_cases import CASES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", CASES)
def test_the_gap_is_filled(name: str, session: boto3.Session) -> None:
    """What AWS does, the embedded AWS does."""
    CASES[name](session.client)


def test_the_gaps_are_still_open_in_plain_moto() -> None:
    """Once moto has mended one, this names it, and the filling can go."""
    plain = subprocess.run(
        [sys.executable, "-m", "tests.local.gap_cases"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert plain.returncode == 0, plain.stderr
    assert json.loads(plain.stdout) == []
