"""Random interleavings of faults over several runs; a failure is shrunk, and says how to replay it.

`PROVISIONER_STORMS=1000` looks at more of them than the usual few, other ones each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.lifecycle.creating import VISIBLE
from tests.faults.storm import CALLS, FAULTS, RUNS, Storm, Strike, replay, weather
from tests.faults.weather import SIDES

MORE = int(os.environ.get("PROVISIONER_STORMS", "0"))
STRIKES = st.builds(
    Strike,
    run=st.integers(1, RUNS),
    fault=st.sampled_from([*FAULTS]),
    side=st.sampled_from(SIDES),
    number=st.integers(1, CALLS),
)
STORMS = st.builds(
    Storm,
    strikes=st.lists(STRIKES, max_size=8, unique=True).map(tuple),
    fog=st.sampled_from([0, 3, int(VISIBLE) - 5]),
    unlocked=st.booleans(),
)


@settings(
    max_examples=MORE or 20,
    derandomize=not MORE,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(storm=STORMS)
def test_any_storm_passes(storm: Storm) -> None:
    """Whatever befalls three runs, the next ones bring everything up once, and down to nothing."""
    wrong = weather(storm)
    assert wrong == [], replay(storm, "ward")


@given(storm=STORMS)
@settings(max_examples=50, derandomize=True, deadline=None)
def test_a_storm_is_told_as_it_is_read(storm: Storm) -> None:
    """The line that a failure prints is the storm."""
    assert str(Storm.of(str(storm))) == str(storm)


def test_a_seed_is_always_the_same_storm() -> None:
    """So a seed is enough to tell of a failure."""
    assert Storm.by_chance(7) == Storm.by_chance(7)
    assert len({str(Storm.by_chance(seed)) for seed in range(20)}) == 20
