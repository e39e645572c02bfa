"""Every detector of the registry keeps the contract."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from sentinel_watch.contracts import Detector
from sentinel_watch.detectors import DETECTORS
from sentinel_watch.domain.change import PixelStatus
from sentinel_watch.domain.grid import Block
from sentinel_watch.domain.look import MaskReason, make_look, stack_looks

if TYPE_CHECKING:
    import xarray as xr

BANDS = ("B02", "B04", "B08", "B11")
SIDE = 20
MEAN, SWING = np.array([0.05, 0.07, 0.3, 0.2]), np.array([0.01, -0.02, 0.1, -0.03])
DUG = np.array([0.12, 0.18, 0.25, 0.35])
PIT = (slice(5, 9), slice(6, 12))
BLOCK = Block(0, 0, 100, 200, GeoBox((SIDE, SIDE), Affine(10, 0, 500000, 0, -10, 4000000), "EPSG:32640"))
FIRST = datetime(2020, 1, 3, 7, 0, tzinfo=UTC)


def look_at(day: int, *, dug: bool = False, seed: int = 0) -> xr.Dataset:
    """Return a look at a vegetated block, some days after the first, with a pit where `dug`."""
    rng = np.random.default_rng([day, seed])
    season = MEAN + SWING * np.cos(2 * np.pi * day / 365.25)
    values = season[:, None, None] + np.linspace(0, 0.05, SIDE) + rng.normal(0, 0.006, (len(BANDS), SIDE, SIDE))
    if dug:
        values[(slice(None), *PIT)] = DUG[:, None, None] + rng.normal(0, 0.006, (len(BANDS), 4, 6))
    mask = np.where(rng.random((SIDE, SIDE)) < 0.1, MaskReason.CLOUD, 0).astype(np.uint8)
    return make_look(f"look{day}", FIRST + timedelta(days=day), BANDS, values.astype(np.float32), mask)


def history_of(days: range) -> xr.Dataset:
    """Return the cube of undisturbed looks at `days`."""
    return stack_looks([look_at(day) for day in days])


def status_map(detector: Detector, baseline, state) -> np.ndarray:
    """Return the (y, x) status of the block's pixels."""
    change = detector.report(baseline, state, BLOCK)
    status = np.zeros((SIDE, SIDE), np.uint8)
    status[change.rows - BLOCK.top, change.cols - BLOCK.left] = change.status
    return status


OPTIONS = {"before_after": {"confirm_days": 90}}
"""What lets a detector confirm within the months that are watched here: by default before/after waits a whole year."""


@pytest.fixture(params=list(DETECTORS), scope="module")
def detector(request) -> Detector:
    """Return each detector of the registry with its defaults."""
    return DETECTORS.build({"part": request.param, **OPTIONS.get(request.param, {})})


@pytest.fixture(scope="module")
def baseline(detector):
    """Return the baseline of two quiet years."""
    return detector.fit(history_of(range(0, 730, 10)))


def watched(detector, baseline, days, **scene):
    """Return the state after looks at `days`."""
    state = detector.start(baseline)
    for day in days:
        state = detector.update(baseline, state, look_at(day, **scene))
    return state


AUTUMN = range(735, 800, 5)


def test_part_keeps_the_contract(detector):
    """A part is a Detector by its methods."""
    assert isinstance(detector, Detector)


def test_long_history_suffices(detector):
    """Two years of looks are enough for every detector."""
    assert detector.shortage(history_of(range(0, 730, 10))) == ""


def test_one_look_is_a_shortage_that_is_said():
    """The seasonal detectors say in words why a single look is too little; before and after takes it."""
    short = history_of(range(1))
    said = {name: DETECTORS.build({"part": name}).shortage(short) for name in DETECTORS}
    assert said["before_after"] == ""
    assert all(said[name] for name in ("seasonal", "same_season"))


def test_expectation_has_the_blocks_shape(detector, baseline):
    """What is normal is given for each band and pixel, as reflectance."""
    expected = detector.expect(baseline, np.datetime64("2022-01-10"))
    assert expected.shape == (len(BANDS), SIDE, SIDE)
    assert expected.dtype == np.float32
    np.testing.assert_allclose(expected, look_at(738)["reflectance"], atol=0.05)


def test_quiet_block_stays_stable(detector, baseline):
    """Nothing is reported where nothing changed."""
    assert not status_map(detector, baseline, watched(detector, baseline, AUTUMN)).any()


def test_pit_is_found_and_nothing_else(detector, baseline):
    """A pit is confirmed after four months of looks, and its surroundings stay stable."""
    status = status_map(detector, baseline, watched(detector, baseline, range(735, 860, 5), dug=True))
    pit = np.zeros((SIDE, SIDE), bool)
    pit[PIT] = True
    assert (status[pit] == PixelStatus.CONFIRMED).mean() > 0.9
    assert (status[~pit] > 0).mean() < 0.01


def test_one_look_never_confirms(detector, baseline):
    """A single anomalous look is provisional at most."""
    status = status_map(detector, baseline, watched(detector, baseline, [735, 740, 745], dug=True))
    assert status.max() <= PixelStatus.PROVISIONAL


def test_report_is_consistent(detector, baseline):
    """Each reported pixel has its dates in order, its counts within bounds and its spectra near the truth."""
    change = detector.report(baseline, watched(detector, baseline, range(735, 860, 5), dug=True), BLOCK)
    assert (np.diff(change.rows.astype(np.int64) * 10_000 + change.cols) > 0).all()
    assert (change.last_clear < change.onset).all()
    assert (change.onset <= change.last_look).all()
    assert (change.n_anomalous <= change.n_looks).all()
    confirmed = change.status == PixelStatus.CONFIRMED
    assert (change.confirmed[confirmed] >= change.onset[confirmed] + 30).all()
    np.testing.assert_allclose(change.observed.mean(axis=0), DUG, atol=0.05)


def test_same_look_twice_changes_nothing(detector, baseline):
    """Feeding a look again leaves the state as it is."""
    once = watched(detector, baseline, AUTUMN, dug=True)
    twice = detector.update(baseline, once, look_at(AUTUMN[-1], dug=True))
    assert all(np.array_equal(once[key], twice[key]) for key in once)


def test_update_does_not_write_to_the_state(detector, baseline):
    """The state that went in is the same afterwards."""
    before = watched(detector, baseline, AUTUMN, dug=True)
    kept = {key: value.copy() for key, value in before.items()}
    detector.update(baseline, before, look_at(900, dug=True))
    assert all(np.array_equal(before[key], kept[key]) for key in kept)


def test_arrays_survive_saving(detector, baseline, tmp_path):
    """Baseline and state come back from a file of plain arrays, and go on as if never saved."""
    state = watched(detector, baseline, AUTUMN, dug=True)
    np.savez(tmp_path / "baseline.npz", **baseline)
    np.savez(tmp_path / "state.npz", **state)
    with np.load(tmp_path / "baseline.npz") as saved_baseline, np.load(tmp_path / "state.npz") as saved_state:
        again = detector.update(dict(saved_baseline), dict(saved_state), look_at(900, dug=True))
    direct = detector.update(baseline, state, look_at(900, dug=True))
    assert all(np.array_equal(again[key], direct[key]) for key in direct)


def test_look_without_a_clear_pixel_is_taken(detector, baseline):
    """A look that sees nothing changes no pixel's track."""
    look = look_at(735)
    look["mask"] = look["mask"] | np.uint8(MaskReason.CLOUD)
    state = detector.update(baseline, detector.start(baseline), look)
    assert not state["where"].size
