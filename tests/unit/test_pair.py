"""Two looks at one place: what is told as a change of the ground, and what weather, light and season do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from odc.geo.geobox import GeoBox

from sentinel_watch.detectors.before_after import BeforeAfter
from sentinel_watch.detectors.pair import Noise, contrast, seeded
from sentinel_watch.detectors.weather import beside_cloud, clouded, shaded
from sentinel_watch.domain.change import PixelStatus
from sentinel_watch.domain.grid import Block
from sentinel_watch.domain.look import MaskReason, make_look, stack_looks

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


def cloudy_look(rows: int, day: int, seed: int, sand: slice | None = None, haze: bool = True):
    """Return a look whose upper `rows` are masked as cloud, with a rim of thin cloud below it in its own shadow; sand where asked."""
    values = ground(seed)
    if haze:
        values[:, rows : rows + 5] = values[:, rows : rows + 5] * 0.6 + np.array([0.05, 0.05, 0.06, 0.0, 0.04, 0.03])[:, None, None]
    if sand:
        values[:, sand, 10:30] = SAND[:, None, None] * np.random.default_rng(2).uniform(0.9, 1.1, (sand.stop - sand.start, 20))
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[:rows] = MaskReason.CLOUD
    return make_look(f"s{day}", datetime(2021, 7, 1, 10, tzinfo=UTC) + timedelta(days=day), BANDS, values.astype(np.float32), mask)


def provisional(*looks) -> np.ndarray:
    """Return (y, x) True where looks after a clear one make the ground provisional."""
    detector = BeforeAfter()
    baseline = detector.fit(stack_looks([cloudy_look(0, 0, 0, haze=False)]))
    state = detector.start(baseline)
    for look in looks:
        state = detector.update(baseline, state, look)
    grid = GeoBox.from_bbox((500_000, 4_500_000, 500_480, 4_500_480), crs="EPSG:32638", resolution=10)
    change = detector.report(baseline, state, Block(0, 0, 0, 0, grid))
    told = np.zeros((SIDE, SIDE), bool)
    told[change.rows, change.cols] = change.status == PixelStatus.PROVISIONAL
    return told


def test_the_rim_of_a_cloud_is_no_event():
    """What lies along cloud in a cloudy look waits for a clearer one; what lies in the clear of the same look is told."""
    assert found(cloudy_look(14, 10, 1)["reflectance"].values, ground()).any()
    assert not provisional(cloudy_look(14, 10, 1)).any()
    told = provisional(cloudy_look(14, 10, 1, sand=slice(30, 40)))
    assert told[30:40, 10:30].mean() > 0.95
    assert not told[:25].any()


def test_sand_beside_a_cloud_is_told_by_the_next_clear_look():
    """A look that is held back takes nothing from the next one."""
    sand = slice(15, 22)
    assert not provisional(cloudy_look(14, 10, 1, sand, haze=False)).any()
    assert provisional(cloudy_look(14, 10, 1, sand, haze=False), cloudy_look(0, 15, 2, sand, haze=False))[sand, 10:30].mean() > 0.9


def test_a_small_cloud_holds_nothing_back():
    """Where little is veiled, the masks are believed."""
    veiled, pieces = np.zeros((2, SIDE, SIDE), bool)
    veiled[:5, :20], pieces[6:10, 5:15] = True, True
    assert not beside_cloud(pieces, veiled, ~veiled).any()
    veiled[:5], veiled[30:] = True, True
    assert (beside_cloud(pieces, veiled, ~veiled) == pieces).all()
