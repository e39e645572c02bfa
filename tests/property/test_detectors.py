"""What must hold of every detector, whatever it looks at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numba
import numpy as np
import pytest
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from sentinel_watch.detectors import DETECTORS
from sentinel_watch.domain.grid import Block
from sentinel_watch.domain.look import MaskReason, make_look, stack_looks

BANDS = ("B02", "B04", "B08", "B11")
SIDE = 24
MEAN, SWING = np.array([0.05, 0.07, 0.3, 0.2]), np.array([0.01, -0.02, 0.1, -0.03])
FIRST = datetime(2020, 1, 3, 7, 0, tzinfo=UTC)
BLOCK = Block(0, 0, 0, 0, GeoBox((SIDE, SIDE), Affine(10, 0, 500000, 0, -10, 4000000), "EPSG:32640"))
DETECTOR_NAMES = tuple(DETECTORS)
LOOSELY = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


def looks_of(seed: int, days: range) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Return (day, values, mask) of looks at textured ground, on which a pit opens on day 500."""
    ground = np.random.default_rng(seed)
    texture = ground.uniform(0, 0.08, (SIDE, SIDE))
    looks = []
    for day in days:
        rng = np.random.default_rng([seed, day])
        values = (MEAN + SWING * np.cos(2 * np.pi * day / 365.25))[:, None, None] + texture + rng.normal(0, 0.006, (4, SIDE, SIDE))
        if day >= 500:
            values[:, 8:13, 9:15] = np.array([0.12, 0.18, 0.25, 0.35])[:, None, None] + rng.normal(0, 0.006, (4, 5, 6))
        looks.append((day, values.astype(np.float32), np.where(rng.random((SIDE, SIDE)) < 0.15, MaskReason.CLOUD, 0).astype(np.uint8)))
    return looks


def answer(name: str, looks, shape=(SIDE, SIDE)):
    """Return the change map after learning the looks before day 480 and watching the rest."""
    detector = DETECTORS.build({"part": name})
    made = [make_look(f"look{day}", FIRST + timedelta(days=day), BANDS, values, mask) for day, values, mask in looks]
    history = stack_looks([look for (day, *_), look in zip(looks, made, strict=True) if day < 480])
    baseline = detector.fit(history)
    state = detector.start(baseline)
    for (day, *_), look in zip(looks, made, strict=True):
        if day >= 480:
            state = detector.update(baseline, state, look)
    grid = GeoBox(shape, BLOCK.grid.affine, BLOCK.grid.crs)
    return detector.report(baseline, state, Block(0, 0, 0, 0, grid))


def same(one, other) -> bool:
    """Return True where two change maps hold the same bytes."""
    return all(np.array_equal(getattr(one, field), getattr(other, field)) for field in one.__slots__)


def status_of(change) -> np.ndarray:
    """Return the (y, x) status."""
    status = np.zeros((SIDE, SIDE), np.uint8)
    status[change.rows, change.cols] = change.status
    return status


@pytest.mark.parametrize("name", DETECTOR_NAMES)
@LOOSELY
@given(seed=st.integers(0, 10_000), junk=st.sampled_from([np.nan, -5.0, 0.0, 9.0]))
def test_masked_pixels_never_change_a_score(name, seed, junk):
    """Whatever stands under the mask, the answer is the same to the byte."""
    looks = looks_of(seed, range(0, 620, 10))
    hidden = [(day, np.where(mask > 0, np.float32(junk), values), mask) for day, values, mask in looks]
    assert same(answer(name, looks), answer(name, hidden))


@pytest.mark.parametrize("name", DETECTOR_NAMES)
@LOOSELY
@given(seed=st.integers(0, 10_000), share=st.floats(0.02, 0.3))
def test_nodata_is_a_mask(name, seed, share):
    """A pixel that holds no number is not seen, whether the mask says so or not."""
    looks, rng = looks_of(seed, range(0, 620, 10)), np.random.default_rng(seed)
    gaps = [rng.random((SIDE, SIDE)) < share for _ in looks]
    unsaid = [(d, np.where(gap, np.float32(np.nan), v), m) for (d, v, m), gap in zip(looks, gaps, strict=True)]
    said = [(d, v, m | np.where(gap, np.uint8(MaskReason.NODATA), np.uint8(0))) for (d, v, m), gap in zip(looks, gaps, strict=True)]
    assert same(answer(name, unsaid), answer(name, said))


@pytest.mark.parametrize("name", DETECTOR_NAMES)
@LOOSELY
@given(seed=st.integers(0, 10_000), offset=st.floats(-0.05, 0.15))
def test_an_offset_of_whole_looks_changes_nothing(name, seed, offset):
    """A constant added to every later look, which no ground would do, leaves the confirmed pixels as they were."""
    looks = looks_of(seed, range(0, 620, 10))
    shifted = [(day, values + np.float32(offset if day >= 480 else 0), mask) for day, values, mask in looks]
    one, other = status_of(answer(name, looks)), status_of(answer(name, shifted))
    assert (one != other).mean() <= 0.01


@pytest.mark.parametrize("name", DETECTOR_NAMES)
@LOOSELY
@given(seed=st.integers(0, 10_000), rows=st.integers(0, SIDE - 1), cols=st.integers(0, SIDE - 1))
def test_moving_the_site_moves_the_answer(name, seed, rows, cols):
    """Rolled by whole pixels, the site gives the rolled answer."""
    looks = looks_of(seed, range(0, 620, 10))
    rolled = [(day, np.roll(values, (rows, cols), (1, 2)), np.roll(mask, (rows, cols), (0, 1))) for day, values, mask in looks]
    one, other = np.roll(status_of(answer(name, looks)), (rows, cols), (0, 1)), status_of(answer(name, rolled))
    assert (one != other).mean() <= 0.01


@pytest.mark.parametrize("name", DETECTOR_NAMES)
@LOOSELY
@given(seed=st.integers(0, 10_000), again=st.integers(0, 13))
def test_a_scene_fed_twice_changes_nothing(name, seed, again):
    """A look that comes again at once, or after others, leaves the answer as it was, to the byte."""
    looks = looks_of(seed, range(0, 620, 10))
    first = 48 + again
    twice = [*looks[: first + 1], looks[first], *looks[first + 1 :], looks[first]]
    assert same(answer(name, looks), answer(name, twice))


def test_number_of_threads_changes_nothing():
    """One thread and all threads give the same bytes."""
    looks = looks_of(5, range(0, 620, 10))
    threads = numba.get_num_threads()
    whole = answer("seasonal", looks)
    try:
        numba.set_num_threads(1)
        assert same(whole, answer("seasonal", looks))
    finally:
        numba.set_num_threads(threads)


@pytest.mark.parametrize("name", DETECTOR_NAMES)
def test_state_does_not_grow_with_the_looks(name):
    """After twice as many looks the state holds as many bytes a pixel and a track as before."""
    detector = DETECTORS.build({"part": name})
    looks = [
        make_look(f"look{day}", FIRST + timedelta(days=day), BANDS, values, mask) for day, values, mask in looks_of(1, range(0, 1200, 10))
    ]
    baseline = detector.fit(stack_looks(looks[:48]))
    state = detector.start(baseline)
    sizes = []
    for look in looks[48:]:
        state = detector.update(baseline, state, look)
        sizes.append(sum(value.nbytes for value in state.values()) - 200 * state["where"].size)
    assert max(sizes[40:]) <= max(sizes[:20])
