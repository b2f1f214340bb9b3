"""Trouble at single calls: whatever dies or gets lost when, the next run converges.

A spread sample; `scripts/crash-matrix` walks them all.
"""

from __future__ import annotations

import pytest

from tests.faults.matrix import strike_all
from tests.faults.stories import STORIES

SAMPLES = {
    "healthcare-apply": 6,
    "healthcare-abandon": 2,
    "healthcare-teardown": 4,
    "clinic-apply": 4,
    "clinic-abandon": 6,
    "clinic-teardown": 6,
    "clinic-update": 10,
    "clinic-revert": 8,
    "clinic-repair": 6,
    "ward-rename": 6,
    "ward-lost-name": 4,
    "clinic-adopt": 4,
    "clinic-regret": 4,
}
"""How many points of each story are struck, each at another operation."""


@pytest.mark.parametrize("story", SAMPLES)
def test_killed_at_any_call(story: str) -> None:
    """The process dies before or after a call; nothing is lost, and nothing made twice."""
    assert strike_all(STORIES[story], ["kill"], count=SAMPLES[story]).wrong == {}


@pytest.mark.parametrize("fault", ["cut", "timeout", "500"])
def test_a_lost_answer_is_found_out(fault: str) -> None:
    """AWS did the work and nobody heard: the run itself gets through, and makes nothing twice."""
    for story in ("clinic-apply", "clinic-update", "clinic-teardown"):
        assert strike_all(STORIES[story], [fault], count=5).wrong == {}
