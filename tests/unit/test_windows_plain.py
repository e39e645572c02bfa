"""Features of windows against the same in plain numpy, to the last bit."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.classify.plain import plain_features
from sentinel_watch.classification.measures import FEATURES
from sentinel_watch.classification.windows import measure


def pictures(height, width, seed, masked, missing, levels):
    """Return a window before and after: noise of so many `levels`, a share of it masked, bands missing."""
    rng = np.random.default_rng(seed)
    both = (rng.integers(0, levels, (2, 6, height, width)) / levels * 0.6 - 0.02).astype(np.float32)
    both[:, :, rng.random((height, width)) < masked] = np.nan
    both[1, :, rng.random((height, width)) < masked] = np.nan
    both[:, list(missing)] = np.nan
    return both


def assert_same(told, plain):
    """Fail with the names of the features that differ."""
    differ = ~((told == plain) | (np.isnan(told) & np.isnan(plain)))
    assert not differ.any(), {FEATURES[k]: (told[k], plain[k]) for k in np.flatnonzero(differ)}


@settings(max_examples=120, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    seed=st.integers(0, 2**32 - 1),
    masked=st.sampled_from([0.0, 0.0, 0.02, 0.3, 0.97, 1.0]),
    missing=st.sets(st.integers(0, 5), max_size=3),
    levels=st.sampled_from([1, 2, 7, 10_000]),
)
@example(height=48, width=48, seed=0, masked=0.0, missing=set(), levels=10_000)
@example(height=97, width=30, seed=1, masked=0.1, missing=set(), levels=10_000)
@example(height=20, width=230, seed=2, masked=0.0, missing={1}, levels=7)
def test_features_are_those_of_plain_numpy(height, width, seed, masked, missing, levels):
    """Whatever its size, masks, bands and levels, a window has the features that numpy finds picture by picture."""
    before, after = pictures(height, width, seed, masked, missing, levels)
    told = measure(before, after, np.array([[0, 0, height, width]], np.int32))[0]
    assert_same(told, plain_features(before, after))


def test_windows_of_many_sizes_are_measured_as_each_alone():
    """What is kept from one window to the next does not show."""
    before, after = pictures(70, 60, 3, 0.05, set(), 10_000)
    windows = np.array([[0, 0, 48, 48], [10, 12, 48, 48], [3, 4, 1, 9], [5, 0, 60, 60], [10, 12, 48, 48]], np.int32)
    for told, (top, left, height, width) in zip(measure(before, after, windows), windows, strict=True):
        part = slice(None), slice(top, top + height), slice(left, left + width)
        assert_same(told, plain_features(before[part], after[part]))
