"""Two looks at one place: what is told as a change of the ground, and what weather, light and season do."""

from __future__ import annotations

import numpy as np
import pytest

from sentinel_watch.detectors.pair import Noise, contrast, seeded
from sentinel_watch.detectors.weather import clouded, shaded

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
FOREST = np.array([0.03, 0.05, 0.03, 0.32, 0.16, 0.07], np.float32)
SAND = np.array([0.16, 0.22, 0.27, 0.36, 0.42, 0.36], np.float32)
SIDE = 48


def ground(seed: int = 0) -> np.ndarray:
    """Return a forest with texture and noise."""
    rng = np.random.default_rng(seed)
    texture = np.random.default_rng(9).uniform(0.85, 1.15, (SIDE, SIDE))
    return (FOREST[:, None, None] * texture + rng.normal(0, 0.004, (6, SIDE, SIDE))).astype(np.float32)


def found(seen: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return where a change is told, doubtful pixels left out."""
    what = contrast(seen, reference, BANDS, Noise(0.01, 0.06), 1.75)
    return seeded(what, 1.0, 3) & ~what.doubtful


@pytest.mark.parametrize("rows", [8, 24, 34])
def test_sand_is_found_however_much_of_the_block_it_covers(rows):
    """Bright sand in a forest is told over a sixth of the block as over two thirds of it, and nothing beside it."""
    after = ground(1)
    after[:, :rows] = SAND[:, None, None] * np.random.default_rng(2).uniform(0.9, 1.1, (rows, SIDE))
    told = found(after, ground())
    assert told[:rows].mean() > 0.95
    assert told[rows + 1 :].mean() < 0.01


def test_haze_light_and_a_shift_are_no_change():
    """The same ground one pixel aside, hazier and in other light, stays silent."""
    after = np.roll(ground(1), (1, 1), (1, 2)) * 1.05 + 0.02
    assert not found(after.astype(np.float32), ground()).any()


def test_greening_says_how_much_a_season_moves():
    """Where as many fields grow greener as barer, neither is told; where only some grow barer, they are."""
    before, after = ground(), ground(1)
    bare = FOREST * np.array([1.3, 1.2, 1.9, 0.7, 1.3, 1.7], np.float32)
    for row in range(0, 48, 12):
        after[:, row : row + 4] = bare[:, None, None]
    alone = found(after, before)
    for row in range(6, 48, 12):
        before[:, row : row + 4] = bare[:, None, None]
    assert alone.mean() > 0.25
    assert found(after, before).mean() < 0.05


def test_a_cloud_in_either_look_is_none_of_the_ground():
    """Cloud raises all of visible light and near infrared: told as doubt in the look, as nothing where the reference had it."""
    cloudy = ground(1)
    cloudy[:, 10:20, 10:20] = np.array([0.45, 0.44, 0.43, 0.52, 0.38, 0.28], np.float32)[:, None, None]
    assert not found(cloudy, ground()).any()
    assert not found(ground(), cloudy).any()
    residual = cloudy - ground()
    assert clouded(residual, BANDS)[10:20, 10:20].all()
    assert not clouded(np.broadcast_to((SAND - FOREST)[:, None, None], residual.shape), BANDS).any()


def test_a_shadow_keeps_the_spectrum():
    """Forest in shadow is the forest with less light; a pond in its place is not, nor sand that replaced dark soil."""
    lit = np.broadcast_to(FOREST[:, None, None], (6, 4, 4))
    pond = np.broadcast_to(np.array([0.04, 0.06, 0.05, 0.03, 0.01, 0.01], np.float32)[:, None, None], (6, 4, 4))
    assert shaded(lit * 0.4, lit, BANDS).all()
    assert not shaded(pond, lit, BANDS).any()
    sand = np.broadcast_to(SAND[:, None, None], (6, 4, 4))
    assert not shaded(sand * 0.3, sand, BANDS).any()
    assert not shaded(lit * np.nan, lit, BANDS).any()
