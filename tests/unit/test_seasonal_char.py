"""What the seasonal monitor sees of fire: a faint burn in a noisy forest, and none where nothing could burn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from sentinel_watch.detectors.char import char_of
from sentinel_watch.detectors.seasonal import Seasonal
from sentinel_watch.domain.change import PixelStatus
from sentinel_watch.domain.look import make_look, stack_looks

BANDS = ("B02", "B03", "B04", "B08", "B8A", "B11", "B12")
FOREST, SOIL = np.array([0.03, 0.05, 0.03, 0.4, 0.42, 0.18, 0.08]), np.array([0.08, 0.1, 0.13, 0.17, 0.18, 0.2, 0.18])
SIDE, BARE = 20, slice(0, 6)
PLACE = (slice(10, 14), slice(10, 14))
NOISE = np.array([0.008, 0.008, 0.01, 0.035, 0.036, 0.02, 0.016])


def look_at(day: int, share: float = 0):
    """Return a look at forest beside bare soil, with char on `share` of each pixel of a place in either."""
    rng = np.random.default_rng(day)
    ground = np.broadcast_to(FOREST[:, None, None], (len(BANDS), SIDE, SIDE)).copy()
    ground[:, BARE] = SOIL[:, None, None]
    char = 1.1 * char_of(BANDS).spectrum
    for place in (PLACE, (slice(1, 5), slice(1, 5))):
        piece = ground[(slice(None), *place)]
        piece += share * (char[:, None, None] - piece)
    values = ground + rng.normal(0, 1, (len(BANDS), SIDE, SIDE)) * NOISE[:, None, None]
    mask = np.zeros((SIDE, SIDE), np.uint8)
    return make_look(f"look{day}", datetime(2020, 1, 3, tzinfo=UTC) + timedelta(days=day), BANDS, values.astype(np.float32), mask)


@pytest.fixture(scope="module")
def baseline():
    """Return the baseline of two years."""
    return Seasonal().fit(stack_looks([look_at(day) for day in range(0, 730, 12)]))


def confirmed(baseline, detector: Seasonal, share: float, days: int) -> np.ndarray:
    """Return (SIDE, SIDE) True where `days` with char on `share` of the places end in a confirmed change."""
    state = detector.start(baseline)
    for day in range(735, 735 + days, 12):
        state = detector.update(baseline, state, look_at(day, share))
    found = np.zeros(SIDE * SIDE, bool)
    found[state["where"][state["tracks"]["status"] == PixelStatus.CONFIRMED]] = True
    return found.reshape(SIDE, SIDE)


def test_a_faint_burn_is_found_soon_along_the_way_to_char(baseline):
    """A burn of a third of each pixel is within the noise of any one look, but lies along the way to char in all of them."""
    found, without = (confirmed(baseline, detector, 0.35, 84) for detector in (Seasonal(), Seasonal(char_below=100)))
    assert found[PLACE].mean() > 0.8
    assert without[PLACE].mean() < 0.7
    assert found[6:].sum() == found[PLACE].sum()


def test_nothing_is_found_where_nothing_burns(baseline):
    """Noise alone confirms nothing, and bare soil has no usual length towards char."""
    assert not confirmed(baseline, Seasonal(), 0.0, 180).any()
    usual = np.isfinite(baseline["usual"][2].reshape(SIDE, SIDE))
    assert not usual[BARE].any()
    assert usual[6:].all()
