"""What each masker calls unusable, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from sentinel_watch.domain.look import MaskReason
from sentinel_watch.masking import MASKERS, bright_targets, combine, never_clear, physical, trust_bright_targets
from sentinel_watch.masking.brightness import BrightnessMasker
from sentinel_watch.masking.scl import SclMasker

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
FOREST = (0.03, 0.05, 0.03, 0.30, 0.15, 0.07)
MINE_FLOOR = (0.22, 0.26, 0.30, 0.36, 0.42, 0.38)


def look_of(spectrum: tuple[float, ...], bands: tuple[str, ...] = BANDS, shape: tuple[int, int] = (5, 5)) -> xr.DataArray:
    """Return a look with one spectrum everywhere."""
    values = np.broadcast_to(np.array(spectrum, np.float32)[:, None, None], (len(spectrum), *shape)).copy()
    return xr.DataArray(values, dims=("band", "y", "x"), coords={"band": list(bands)})


def suspect(seen: tuple[float, ...], usual: tuple[float, ...], bands: tuple[str, ...] = BANDS) -> bool:
    """Return whether the brightness masker suspects `seen` where `usual` is normal."""
    mask = BrightnessMasker().mask(look_of(seen, bands), None, look_of(usual, bands).to_numpy())
    assert mask.dtype == np.uint8
    assert len(np.unique(mask)) == 1
    return bool(mask[0, 0] & MaskReason.SUSPECT)


def times(spectrum: tuple[float, ...], *factors: float) -> tuple[float, ...]:
    """Return a spectrum with its bands multiplied by one or by several factors."""
    return tuple(np.array(spectrum) * factors)


REASONS = {0: MaskReason.NODATA, 1: MaskReason.DEFECT, 3: MaskReason.SHADOW, 11: MaskReason.SNOW, 12: MaskReason.DEFECT}


@pytest.mark.parametrize(
    ("scl", "reason"),
    [*REASONS.items(), *((cloud, MaskReason.CLOUD) for cloud in (8, 9, 10)), *((ground, 0) for ground in (2, 4, 5, 6, 7))],
)
def test_classes_have_their_reasons(scl, reason):
    """Every class of SCL gives its reason and no other."""
    mask = SclMasker().mask(look_of(FOREST), np.full((5, 5), scl, np.uint8), None)
    assert (mask == reason).all()


def test_cirrus_can_be_left_usable():
    """Thin cirrus is usable where the pipeline says so."""
    mask = SclMasker(cloud=(8, 9)).mask(look_of(FOREST), np.full((5, 5), 10, np.uint8), None)
    assert not mask.any()


def test_cloud_and_shadow_have_buffers():
    """Pixels within the buffer count too, measured as a circle; nothing else is buffered."""
    scl = np.full((11, 11), 4, np.uint8)
    scl[5, 5] = 9
    masker = SclMasker(cloud_buffer_px=2, shadow_buffer_px=1)
    cloud = masker.mask(look_of(FOREST, shape=(11, 11)), scl, None)
    rows, cols = np.ogrid[:11, :11]
    np.testing.assert_array_equal(cloud == MaskReason.CLOUD, np.hypot(rows - 5, cols - 5) <= 2)
    scl[5, 5] = 3
    assert (masker.mask(look_of(FOREST, shape=(11, 11)), scl, None) == MaskReason.SHADOW).sum() == 5


def test_no_data_and_defects_cannot_be_left_out():
    """NaN is NODATA and impossible reflectance is DEFECT, without any masker and without SCL."""
    look = look_of(FOREST)
    look[0, 0, 0] = np.nan
    look[1, 0, 1] = 2.5
    look[1, 0, 2] = -0.2
    mask = combine([], look, None, None)
    assert mask[0].tolist() == [MaskReason.NODATA, MaskReason.DEFECT, MaskReason.DEFECT, 0, 0]
    assert not mask[1:].any()


def test_a_band_that_the_scene_lacks_is_no_missing_data():
    """A band without a value anywhere costs no pixels; a look without any value is all NODATA."""
    look = look_of(FOREST)
    look[5] = np.nan
    assert not physical(look).any()
    look[:] = np.nan
    assert (physical(look) == MaskReason.NODATA).all()


def test_findings_add_up():
    """What several maskers find on one pixel is all kept."""
    scl = np.full((5, 5), 3, np.uint8)
    maskers = [MASKERS.build({"part": "scl"}), MASKERS.build({"part": "brightness"})]
    mask = combine(maskers, look_of(times(FOREST, 0.4)), scl, look_of(FOREST).to_numpy())
    assert (mask == MaskReason.SHADOW | MaskReason.SUSPECT).all()


def test_a_missed_cloud_is_suspect():
    """Haze that doubles the blue over forest is suspect; the same rise over a bright mine floor is not."""
    assert suspect((0.09, 0.10, 0.08, 0.33, 0.17, 0.09), FOREST)
    assert not suspect(tuple(value + 0.06 for value in MINE_FLOOR), MINE_FLOOR)


def test_a_missed_shadow_is_suspect():
    """Light that falls to 40 % in every band is suspect, over forest as over bright ground."""
    assert suspect(times(FOREST, 0.4), FOREST)
    assert suspect(times(MINE_FLOOR, 0.4), MINE_FLOOR)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(FOREST, id="nothing new"),
        pytest.param(times(FOREST, 1, 1, 1.2, 0.5, 1.1, 1.3), id="felled"),
        pytest.param(times(FOREST, 1, 0.9, 1, 0.5, 1.2, 1.8), id="burnt"),
        pytest.param(times(FOREST, 1, 1, 1, 0.85, 0.85, 0.85), id="darker season"),
    ],
)
def test_change_on_the_ground_is_not_suspect(seen):
    """Felling, fire and season do not look like cloud or shadow."""
    assert not suspect(seen, FOREST)


def test_missing_bands_are_tolerated():
    """Without B03 the masker still works; without any infrared it knows no shadow, without visible light no cloud."""
    some = ("B02", "B04", "B08", "B11")
    assert suspect((0.10, 0.09, 0.33, 0.17), (0.03, 0.03, 0.30, 0.15), some)
    assert suspect((0.012, 0.012, 0.12, 0.06), (0.03, 0.03, 0.30, 0.15), some)
    assert not suspect((0.01, 0.01), (0.03, 0.05), ("B02", "B03"))
    assert not suspect((0.5, 0.4), (0.30, 0.15), ("B08", "B11"))


def test_without_a_normal_nothing_is_suspect():
    """While nothing is known of the place, brightness says nothing; where normal is NaN, neither."""
    masker = BrightnessMasker()
    assert not masker.mask(look_of(MINE_FLOOR), None, None).any()
    assert not masker.mask(look_of(MINE_FLOOR), None, np.full((6, 5, 5), np.nan, np.float32)).any()


def roof(days: int = 20) -> np.ndarray:
    """Return classes of vegetation with a roof that is called cloud each time; every fourth day is all cloud."""
    scl = np.full((days, 50, 50), 4, np.uint8)
    scl[:, 20:24, 20:24] = 9
    scl[::4] = 9
    return scl


def test_a_roof_that_is_always_cloud_is_a_bright_target():
    """What is called cloud on every clear day is bright ground, and nothing around it is."""
    expected = np.zeros((50, 50), bool)
    expected[20:24, 20:24] = True
    np.testing.assert_array_equal(bright_targets(roof()), expected)


def test_too_few_days_make_no_bright_target():
    """With few clear days around it, a pixel is not judged."""
    assert not bright_targets(roof(days=8)).any()


def test_ground_that_is_always_under_cloud_is_never_clear_and_no_bright_target():
    """Where it is cloudy every time all around, nothing was observed."""
    assert not bright_targets(np.full((20, 50, 50), 9, np.uint8)).any()
    mask = np.full((4, 2, 2), MaskReason.CLOUD, np.uint8)
    mask[2, 0, 0] = MaskReason.SUSPECT
    assert never_clear(mask).tolist() == [[False, True], [True, True]]


def test_bright_targets_are_trusted_only_under_a_clear_sky():
    """Cloud on a bright target becomes suspicion where it is clear around, and stays cloud where it is not."""
    targets = bright_targets(roof())
    clear_day = np.where(targets, MaskReason.CLOUD, 0).astype(np.uint8)
    assert (trust_bright_targets(clear_day, targets)[targets] == MaskReason.SUSPECT).all()
    cloudy_day = np.full((50, 50), MaskReason.CLOUD, np.uint8)
    assert (trust_bright_targets(cloudy_day, targets) == MaskReason.CLOUD).all()
