"""What the seasonal monitor is in doubt about: shores, and what happened while nobody looked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from sentinel_watch.detectors.envelope import ANY_SEASON_DAYS
from sentinel_watch.detectors.seasonal import Seasonal
from sentinel_watch.domain.look import make_look, stack_looks

BANDS = ("B02", "B04", "B08", "B11")
LAND, WATER = np.array([0.08, 0.12, 0.25, 0.3]), np.array([0.05, 0.04, 0.02, 0.01])
SIDE = 20
SHORE = (slice(4, 8), slice(4, 8))


def look_at(day: int):
    """Return a look at land with a pond that fills for half of the year."""
    rng = np.random.default_rng(day)
    values = np.broadcast_to(LAND[:, None, None], (4, SIDE, SIDE)) + np.linspace(0, 0.05, SIDE) + rng.normal(0, 0.006, (4, SIDE, SIDE))
    if day % 365 < 180:
        values[(slice(None), *SHORE)] = WATER[:, None, None] + rng.normal(0, 0.004, (4, 4, 4))
    mask = np.zeros((SIDE, SIDE), np.uint8)
    return make_look(f"look{day}", datetime(2020, 1, 3, tzinfo=UTC) + timedelta(days=day), BANDS, values.astype(np.float32), mask)


@pytest.fixture(scope="module")
def baseline():
    """Return the baseline of two years."""
    return Seasonal().fit(stack_looks([look_at(day) for day in range(0, 730, 10)]))


def test_ground_that_was_wet_and_dry_may_be_either_at_any_time(baseline):
    """A shore is compared with all its seasons, other ground with its own."""
    window = baseline["window"].reshape(SIDE, SIDE)
    assert (window[SHORE] == ANY_SEASON_DAYS).all()
    assert (np.delete(window, range(4, 8), axis=0) < ANY_SEASON_DAYS).all()


@pytest.mark.parametrize(("first", "blind"), [(735, 0), (1460, 1460 - 720 - 183)])
def test_the_time_that_nobody_looked_is_counted_once(baseline, first, blind):
    """The days from the history to the first monitored look are kept, beyond half a year; later looks do not add to them."""
    detector = Seasonal()
    state = detector.update(baseline, detector.start(baseline), look_at(first))
    assert state["blind_days"].tolist() == [blind]
    assert detector.update(baseline, state, look_at(first + 30))["blind_days"].tolist() == [blind]
