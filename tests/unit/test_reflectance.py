"""Digital numbers to reflectance, and offsets that the pixels contradict."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import xarray as xr

from sentinel_watch.domain.scene import Asset, Scene
from sentinel_watch.radiometry import offset_doubt, to_reflectance

BANDS = ("B02", "B08", "B11")
CLEAR = np.ones((20, 20), bool)


def scene_of(**assets: Asset) -> Scene:
    """Return a scene with these assets."""
    return Scene("s", datetime(2023, 1, 1, tzinfo=UTC), "sentinel-2a", "05.00", "key", assets)


def ground(shift: float = 0.0) -> xr.DataArray:
    """Return plausible reflectance of three bands with some variety, all of it moved by `shift`."""
    variety = np.random.default_rng(1).normal(0, 0.01, (3, 20, 20))
    levels = np.array([0.05, 0.30, 0.20])[:, None, None]
    return xr.DataArray((levels + variety + shift).astype(np.float32), dims=("band", "y", "x"), coords={"band": list(BANDS)})


def test_scale_and_offset_are_applied_per_band():
    """Reflectance is DN * scale + offset, as float32, with the bands in the order that was asked for."""
    scene = scene_of(B02=Asset("", 1e-4, -0.1), B08=Asset("", 2e-4, 0.0))
    dn = {"B08": np.full((2, 2), 1000, np.float32), "B02": np.full((2, 2), 1500, np.float32)}
    values = to_reflectance(dn, scene, ["B02", "B08"])
    assert values.dtype == np.float32
    assert values.dims == ("band", "y", "x")
    np.testing.assert_allclose(values.to_numpy()[:, 0, 0], [0.05, 0.2], rtol=1e-6)


def test_no_data_stays_no_data():
    """NaN stays NaN, and a band that was not read is NaN all over."""
    dn = {"B02": np.array([[np.nan, 1.0]], np.float32)}
    values = to_reflectance(dn, scene_of(B02=Asset("", 1e-4, -0.1)), BANDS).to_numpy()
    np.testing.assert_array_equal(np.isnan(values), [[[True, False]], [[True, True]], [[True, True]]])


def test_nothing_read_is_an_error():
    """Without any pixels there is no grid to answer on."""
    with pytest.raises(ValueError, match="nothing was read"):
        to_reflectance({}, scene_of(), BANDS)


def test_a_sound_offset_is_not_doubted():
    """Ordinary ground raises no doubt, with and without something to compare with."""
    assert offset_doubt(ground(), CLEAR, None) == ""
    assert offset_doubt(ground(), CLEAR, ground().to_numpy()) == ""


def test_an_offset_applied_twice_is_seen():
    """Dark pixels far below zero, or every band lower by 0.1, mean that the offset was taken off twice."""
    assert offset_doubt(ground(-0.1), CLEAR, None) == "offset_applied_twice"
    assert offset_doubt(ground(-0.1), CLEAR, ground().to_numpy()) == "offset_applied_twice"


def test_a_missing_offset_is_seen_against_what_is_normal():
    """Every band higher by 0.1 means that the offset was not taken off; alone, a bright scene is not doubted."""
    assert offset_doubt(ground(0.1), CLEAR, ground().to_numpy()) == "offset_missing"
    assert offset_doubt(ground(0.1), CLEAR, None) == ""


def test_a_change_on_the_ground_is_no_wrong_offset():
    """Bands that move each their own way are a change or a cloud."""
    changed = ground()
    changed[1] -= 0.2
    changed[0] += 0.1
    assert offset_doubt(changed, CLEAR, ground().to_numpy()) == ""


def moved(*shifts: float) -> xr.DataArray:
    """Return the ground with each band moved by its own shift."""
    return ground() + xr.DataArray(np.array(shifts, np.float32), dims="band")


def test_a_season_hides_no_wrong_offset():
    """Leaves that fell between two looks take the infrared down, and the offset is seen in the other bands all the same."""
    assert offset_doubt(moved(0.12, -0.02, 0.13), CLEAR, ground().to_numpy()) == "offset_missing"
    assert offset_doubt(moved(-0.08, -0.22, -0.07), CLEAR, ground().to_numpy()) == "offset_applied_twice"


def test_ground_that_dries_or_gets_wet_is_no_wrong_offset():
    """Soil moves the more the longer the wavelength: no offset does that."""
    bright = ground(0.15)
    dried = bright + xr.DataArray(np.array([0.06, 0.1, 0.15], np.float32), dims="band")
    assert offset_doubt(dried, CLEAR, bright.to_numpy()) == ""
    assert offset_doubt(bright, CLEAR, dried.to_numpy()) == ""


def test_a_shadow_under_haze_is_no_wrong_offset():
    """A missed offset lifts the darkest pixels as well; where some stay dark, something else made the scene bright."""
    hazy = ground(0.1)
    hazy[0, :2] = 0.03
    assert offset_doubt(hazy, CLEAR, ground().to_numpy()) == ""


def test_an_offset_applied_twice_is_seen_on_bright_ground():
    """Where no pixel is dark enough to fall below zero, the same shift in all bands tells."""
    assert offset_doubt(ground(0.1), CLEAR, ground(0.2).to_numpy()) == "offset_applied_twice"


def test_too_few_pixels_say_nothing():
    """A handful of clear pixels is not enough to doubt a scene."""
    few = np.zeros((20, 20), bool)
    few[0, :10] = True
    assert offset_doubt(ground(-0.1), few, None) == ""
