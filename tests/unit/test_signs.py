"""Signs by which a deviation is told from a change of the ground."""

from __future__ import annotations

import numpy as np
import pytest

from sentinel_watch.detectors.signs import browner, greener, water_level

BANDS = ("B02", "B04", "B08", "B11")
GRASS = (0.04, 0.06, 0.25, 0.22)
WATER = (0.05, 0.04, 0.02, 0.01)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (GRASS, (0.03, 0.04, 0.35, 0.20), True),
        (GRASS, (0.10, 0.18, 0.25, 0.35), False),
        (GRASS, (0.03, 0.04, 0.06, 0.10), False),
        (GRASS, (0.04, 0.05, 0.27, 0.30), False),
        (WATER, (0.05, 0.04, 0.15, 0.05), False),
    ],
    ids=["rain", "dug", "burnt", "brighter in the short-wave infrared", "algae"],
)
def test_only_denser_vegetation_is_greener(before, after, said):
    """Denser vegetation on land is told as such, and neither digging, fire, drying nor algae are."""
    expected = np.array([before], np.float32).T
    residual = np.array([after], np.float32).T - expected
    assert greener(residual, expected, BANDS).tolist() == [said]


def test_without_red_or_near_infrared_nothing_is_greener():
    """What cannot be told is not told."""
    assert not greener(np.full((1, 3), 0.2, np.float32), np.full((1, 3), 0.2, np.float32), ("B11",)).any()


@pytest.mark.parametrize(
    ("after", "said"),
    [((0.03, 0.05, 0.12, 0.14), True), ((0.02, 0.03, 0.125, 0.11), False), ((0.03, 0.04, 0.35, 0.20), False)],
    ids=["stressed", "shadowed", "rain"],
)
def test_only_thinner_vegetation_is_browner(after, said):
    """Thinner vegetation is told as such, and neither shadow nor rain are; bare ground cannot get browner."""
    expected = np.array([GRASS], np.float32).T
    assert browner(np.array([after], np.float32).T - expected, expected, BANDS).tolist() == [said]
    bare = np.full((4, 1), 0.2, np.float32)
    assert not browner(np.array([after], np.float32).T - bare, bare, BANDS).any()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((0.08, 0.12, 0.25, 0.30), WATER, True),
        (WATER, (0.09, 0.15, 0.17, 0.18), True),
        (WATER, (0.11, 0.16, 0.08, 0.02), False),
        (WATER, (0.05, 0.04, 0.15, 0.02), False),
    ],
    ids=["filled", "fallen dry", "turbid", "algae"],
)
def test_water_that_rose_or_fell_shows_in_the_short_wave_infrared(before, after, said):
    """Where water came or went the short-wave infrared tells it; what floats in water leaves that band black."""
    expected = np.array([before], np.float32).T
    assert water_level(np.array([after], np.float32).T - expected, BANDS).tolist() == [said]


def test_without_short_wave_infrared_any_deviation_may_be_water():
    """What cannot be told apart is treated as what is commoner."""
    assert water_level(np.full((2, 1), 0.1, np.float32), ("B04", "B08")).all()
