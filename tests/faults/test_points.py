"""Trouble at single calls: whatever dies or gets lost when, the next run converges.

A spread sample; `scripts/crash-matrix` walks them all.
"""

from __future__ import annotations

import pytest

from tests.faults.matrix import strike_all
from tests.faults.stories import STORIES

SAMPLES = {
    "healthcare-apply": 3,
    "healthcare-abandon": 2,
    "healthcare-teardown": 3,
    "clinic-apply": 4,
    "clinic-abandon": 4,
    "clinic-teardown": 4,
    "clinic-update": 4,
    "clinic-revert": 4,
    "clinic-repair": 4,
    "ward-rename": 4,
    "ward-lost-name": 4,
    "clinic-adopt": 4,
    "clinic-regret": 4,
}
"""How many points of each story are struck, each at another operation."""


@pytest.mark.parametrize("story", SAMPLES)
def test_killed_at_any_call(story: str) -> None:
    """The process dies before or after a call; nothing is lost, and nothing made twice."""
    assert strike_all(STORIES[story], ["kill"], count=SAMPLES[story]).wrong == {}


@pytest.mark.parametrize(
    ("story", "fault"),
    [("clinic-apply", "cut"), ("clinic-update", "timeout"), ("clinic-teardown", "500")],
)
def test_a_lost_answer_is_found_out(story: str, fault: str) -> None:
    """AWS did the work and nobody heard: the run itself gets through, and makes nothing twice."""
    assert strike_all(STORIES[story], [fault], count=5).wrong == {}
