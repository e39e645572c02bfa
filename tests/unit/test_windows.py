"""Features of windows: what they are on grounds that are known, and what must not move them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_examples import FOREST, SOIL, WATER

from sentinel_watch.classification.measures import FEATURES
from sentinel_watch.classification.windows import measure

SIDE = 20
WHOLE = np.array([[0, 0, SIDE, SIDE]], np.int32)


def ground(spectrum, noise=0.0, seed=0):
    """Return a picture (6, y, x) of one surface."""
    rng = np.random.default_rng(seed)
    return (np.asarray(spectrum)[:, None, None] + rng.normal(0, noise, (6, SIDE, SIDE))).astype(np.float32)


def features(before, after, boxes=WHOLE):
    """Return the features of the first window by name."""
    return dict(zip(FEATURES, measure(before, after, boxes)[0].tolist(), strict=True))


def test_a_cleared_forest_reads_as_one():
    """Greenness before and after, covers and moves are those of the spectra, to the width of a bin."""
    told = features(ground(FOREST), ground(SOIL))
    red, nir = FOREST[2], FOREST[3]
    assert told["ndvi_before_50"] == pytest.approx((nir - red) / (nir + red), abs=0.01)
    assert told["swir_after_50"] == pytest.approx(SOIL[4], abs=0.005)
    assert (told["vegetation_before"], told["bare_after"], told["vegetation_to_bare"]) == (1, 1, 1)
    assert told["texture_ndvi_before_50"] == pytest.approx(0, abs=0.002)


def test_water_is_water_without_green():
    """Red stands in for a missing green, and the indices that need green are not known."""
    before, after = ground(FOREST), ground(WATER)
    before[1], after[1] = np.nan, np.nan
    told = features(before, after)
    assert told["vegetation_to_water"] == 1
    assert np.isnan(told["ndti_before_50"])
    assert np.isfinite(told["brightness_after_50"])


def test_masked_pixels_do_not_count():
    """A cloud that was masked, however bright, changes no median."""
    before, after = ground(FOREST, 0.003), ground(SOIL, 0.003, 1)
    masked = after.copy()
    masked[:, :6, :6] = np.nan
    told, without = features(before, after), features(before, masked)
    for name in ("ndvi_after_50", "bsi_change_50", "vegetation_to_bare", "texture_ndvi_after_50"):
        assert without[name] == pytest.approx(told[name], abs=0.02)


def test_nothing_known_is_nan_and_one_pixel_is_enough_for_spectra():
    """A window without a known pixel gives NaN throughout; a window of one pixel has spectra and no texture."""
    empty = np.full((6, SIDE, SIDE), np.nan, np.float32)
    assert np.isnan(measure(empty, empty, WHOLE)).all()
    told = features(ground(FOREST), ground(SOIL), np.array([[3, 4, 1, 1]], np.int32))
    assert np.isfinite(told["ndvi_before_50"])
    assert np.isnan(told["texture_ndvi_before_50"])


def test_a_shift_is_seen_as_one():
    """The displacement of a moved picture is told, and explains most of the change."""
    rng = np.random.default_rng(3)
    rough = np.repeat(np.repeat(rng.uniform(0.05, 0.25, (10, 10)), 2, axis=0), 2, axis=1)
    before = ground(FOREST)
    before[2] = rough
    told = features(before, np.roll(before, 1, axis=2))
    still = features(before, before)
    assert told["shift_px"] > 0.2
    assert told["shift_share"] > 0.1
    assert np.isnan(still["shift_share"]) or still["shift_share"] == 0


@settings(max_examples=20, deadline=None)
@given(top=st.integers(0, 9), left=st.integers(0, 9), seed=st.integers(0, 99))
def test_a_window_is_the_same_wherever_it_lies(top, left, seed):
    """Features depend on the pixels of the window alone, not on what lies around or which window is measured first."""
    before, after = ground(FOREST, 0.01, seed), ground(SOIL, 0.01, seed + 1)
    box = np.array([[0, 0, 5, 5], [top, left, 11, 10]], np.int32)
    part = (slice(None), slice(top, top + 11), slice(left, left + 10))
    alone = measure(before[part], after[part], np.array([[0, 0, 11, 10]], np.int32))
    np.testing.assert_array_equal(measure(before, after, box)[1], alone[0])


def reference(picture, level):
    """Return a quantile of a picture's known pixels, by sorting."""
    return np.quantile(picture[np.isfinite(picture)], level)


def windowed(picture, function, size=3):
    """Return (y, x) `function` of the 3 x 3 pixels around each, beyond the edge NaN."""
    padded = np.pad(picture.astype(np.float64), size // 2, constant_values=np.nan)
    parts = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    return function(parts.reshape(*picture.shape, -1))


@pytest.mark.parametrize("masked", [False, True])
def test_features_are_those_that_numpy_finds(masked):
    """Quantiles, smoothed changes, local deviations and moves are what plain numpy gives, to the width of a bin."""
    rng = np.random.default_rng(5)
    before, after = (rng.uniform(0.05, 0.4, (6, SIDE, SIDE)).astype(np.float32) for _ in range(2))
    if masked:
        after[:, 3:9, 2:12] = np.nan
    told = features(before, after)
    ndvi_was, ndvi_now = ((part[3] - part[2]) / (part[3] + part[2]) for part in (before, after))
    parts = windowed(
        ndvi_now - ndvi_was, lambda p: np.where(np.isfinite(p), p, 0).sum(axis=-1) / np.maximum(np.isfinite(p).sum(axis=-1), 1)
    )
    change = np.where(np.isfinite(ndvi_now), parts, np.nan)
    rough = windowed(ndvi_now, lambda p: np.std(p, axis=-1))
    for level in (5, 25, 50, 75, 95):
        assert told[f"ndvi_after_{level}"] == pytest.approx(reference(ndvi_now, level / 100), abs=0.02)
        assert told[f"ndvi_change_{level}"] == pytest.approx(reference(change, level / 100), abs=0.02)
    # local deviation is resolved up to 0.25
    assert told["texture_ndvi_after_50"] == pytest.approx(min(reference(rough, 0.5), 0.25), abs=0.01)
    known = np.isfinite(ndvi_now)
    green = (ndvi_was > 0.5) & (ndvi_now > 0.5) & known
    assert told["vegetation_before"] == pytest.approx((ndvi_was[known] > 0.5).mean(), abs=1e-6)
    moved = told["vegetation_to_bare"] + told["vegetation_to_water"] + told["vegetation_to_mixed"]
    assert moved == pytest.approx(told["vegetation_before"] - green.sum() / known.sum(), abs=1e-5)
