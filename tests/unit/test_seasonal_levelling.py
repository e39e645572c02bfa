"""What a whole look has in common is taken out, and only that."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from sentinel_watch.detectors.normalise import correct, scene_correction
from sentinel_watch.detectors.shift import estimate_shift, move_back

RNG = np.random.default_rng(3)
EXPECTED = RNG.uniform(0.05, 0.4, (4, 2000)).astype(np.float32)
NOISE = np.full_like(EXPECTED, 0.01)


def seen_as(offset: float, gain: float) -> np.ndarray:
    """Return a look of the expected ground under an offset and a gain."""
    return (offset + gain * EXPECTED + RNG.normal(0, 0.005, EXPECTED.shape)).astype(np.float32)


@pytest.mark.parametrize(("offset", "gain"), [(0.0, 1.0), (0.1, 1.0), (0.0, 1.06), (-0.05, 0.95)])
def test_offset_and_gain_are_taken_out(offset, gain):
    """An offset of 0.1 and a gain of 1.06 leave less than a noise scale behind."""
    look = seen_as(offset, gain)
    left = correct(look, scene_correction(look, EXPECTED, NOISE)) - EXPECTED
    assert np.abs(left.mean(axis=1)).max() < 0.002
    assert np.abs(left).mean() < 0.008


def test_event_over_half_of_the_block_is_left_in():
    """Where 60 % of the ground changed, the offset is still told by the rest."""
    look = seen_as(0.01, 1.0)
    look[:, :1200] += np.array([0.05, 0.08, -0.1, 0.12], np.float32)[:, None]
    left = correct(look, scene_correction(look, EXPECTED, NOISE)) - EXPECTED
    assert np.abs(left[:, 1200:].mean(axis=1)).max() < 0.004


def test_few_pixels_correct_nothing():
    """Fewer than a dozen clear pixels say nothing about a look."""
    correction = scene_correction(EXPECTED[:, :5] + 0.1, EXPECTED[:, :5], NOISE[:, :5])
    assert not correction.offset.any()
    assert (correction.gain == 1).all()


def ground(side: int = 80) -> np.ndarray:
    """Return a textured (B, y, x) block."""
    return np.stack([ndimage.gaussian_filter(RNG.normal(0, 0.6, (side, side)), 2.5) + 0.2 for _ in range(4)]).astype(np.float32)


@pytest.mark.parametrize("place", [(0.0, 0.0), (0.5, -0.4), (-1.1, 0.9)])
def test_shift_is_found_and_taken_back(place):
    """A shift of up to a pixel and a half is found to a tenth, and the look is back in its place, but for edges."""
    expected = ground()
    look = np.stack([ndimage.shift(band, place, order=3, mode="nearest") for band in expected])
    look = (look + RNG.normal(0, 0.003, look.shape)).astype(np.float32)
    shift = estimate_shift(look, expected, np.full(4, 0.01, np.float32))
    assert (shift.rows, shift.cols) == pytest.approx(place, abs=0.1)
    back = move_back(look, shift)[:, 4:-4, 4:-4]
    assert np.abs(back - expected[:, 4:-4, 4:-4]).mean() < 0.006


def test_shift_of_flat_ground_is_unsure():
    """Ground without structure gives no shift that anybody should trust."""
    flat = np.full((4, 60, 60), 0.2, np.float32)
    look = (flat + RNG.normal(0, 0.01, flat.shape)).astype(np.float32)
    assert estimate_shift(look, flat, np.full(4, 0.01, np.float32)).error > 1


def test_unknown_pixels_stay_unknown():
    """A pixel that is made of unknown ones is unknown after moving."""
    look = ground()
    look[:, 30, 40] = np.nan
    shift = estimate_shift(look, ground(), np.full(4, 0.01, np.float32))._replace(rows=0.5, cols=0.0)
    assert np.isnan(move_back(look, shift)[:, 29:31, 40]).any()
