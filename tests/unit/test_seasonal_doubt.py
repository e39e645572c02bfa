"""What the seasonal monitor is in doubt about: shores, and what happened while nobody looked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from sentinel_watch.detectors.envelope import ANY_SEASON_DAYS
from sentinel_watch.detectors.seasonal import Seasonal, _aged
from sentinel_watch.domain.change import PixelStatus
from sentinel_watch.domain.look import make_look, stack_looks

BANDS = ("B02", "B04", "B08", "B11")
LAND, WATER = np.array([0.08, 0.12, 0.25, 0.3]), np.array([0.05, 0.04, 0.02, 0.01])
SIDE = 20
SHORE, FIELD = (slice(4, 8), slice(4, 8)), (slice(12, 16), slice(12, 16))
MUD = np.array([0.16, 0.12, 0.1, 0.14])


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


def confirmed_on(baseline, days, scene):
    """Return (SIDE, SIDE) True where the looks that `scene` makes of `days` end in a confirmed change."""
    detector = Seasonal()
    state = detector.start(baseline)
    for day in days:
        state = detector.update(baseline, state, scene(day))
    found = np.zeros(SIDE * SIDE, bool)
    found[state["where"][state["tracks"]["status"] == PixelStatus.CONFIRMED]] = True
    return found.reshape(SIDE, SIDE)


def drained(day: int):
    """Return a look at which both the shore and a piece of land show a floor of fresh mud."""
    look = look_at(day)
    for place in (SHORE, FIELD):
        look["reflectance"].values[(slice(None), *place)] = MUD[:, None, None]
    return look


def test_a_shore_is_confirmed_only_when_it_outlasts_a_wet_or_dry_season(baseline):
    """Fresh mud confirms on land after weeks, where water comes and goes only after half a year: water levels follow the rain."""
    soon, late = (confirmed_on(baseline, range(735, 735 + days, 10), drained) for days in (120, 240))
    assert soon[FIELD].all()
    assert not soon[SHORE].any()
    assert late[SHORE].all()


def test_years_unseen_count_for_the_running_mean_as_much_as_for_a_look():
    """The level moves by the same amount in both, so that the running mean, which is quieter, gains most doubt."""
    usual = np.array([[2.0], [0.5], [1.0]], np.float32)
    assert _aged(usual, 0.0) == pytest.approx(usual)
    assert (np.square(_aged(usual, 0.5)) - np.square(usual)).ravel() == pytest.approx([2.0, 2.0, 0.5])


@pytest.mark.parametrize(("first", "blind"), [(735, 0), (1460, 1460 - 720 - 183)])
def test_the_time_that_nobody_looked_is_counted_once(baseline, first, blind):
    """The days from the history to the first monitored look are kept, beyond half a year; later looks do not add to them."""
    detector = Seasonal()
    state = detector.update(baseline, detector.start(baseline), look_at(first))
    assert state["blind_days"].tolist() == [blind]
    assert detector.update(baseline, state, look_at(first + 30))["blind_days"].tolist() == [blind]
