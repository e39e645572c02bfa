"""What every masker must do, over the whole registry."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from sentinel_watch.contracts import Masker
from sentinel_watch.domain.look import MaskReason
from sentinel_watch.masking import MASKERS

ALL_FLAGS = np.uint8(sum(MaskReason))
BANDS = ["B02", "B03", "B04", "B08", "B11", "B12"]


@pytest.fixture(params=list(MASKERS))
def masker(request):
    """Return each masker of the registry with its defaults."""
    return MASKERS.build({"part": request.param})


def look_of(rng: np.random.Generator, bands: list[str]) -> xr.DataArray:
    """Return a look of random reflectance, some of it missing."""
    values = rng.uniform(0, 0.6, (len(bands), 12, 15)).astype(np.float32)
    values[:, rng.random((12, 15)) < 0.1] = np.nan
    return xr.DataArray(values, dims=("band", "y", "x"), coords={"band": bands})


@pytest.mark.parametrize("bands", [BANDS, ["B02"], ["B08", "B11"], ["B04", "B8A"]])
@pytest.mark.parametrize("with_scl", [True, False])
@pytest.mark.parametrize("with_normal", [True, False])
def test_it_flags_pixels_with_known_reasons(masker, bands, with_scl, with_normal):
    """Whatever bands, classes and history there are, the answer is a mask of known flags, and the input is untouched."""
    rng = np.random.default_rng(0)
    look = look_of(rng, bands)
    scl = rng.integers(0, 12, (12, 15), np.uint8) if with_scl else None
    normal = look_of(rng, bands).to_numpy() if with_normal else None
    before = look.copy(deep=True)
    assert isinstance(masker, Masker)
    mask = masker.mask(look, scl, normal)
    assert mask.dtype == np.uint8
    assert mask.shape == (12, 15)
    assert not (mask & ~ALL_FLAGS).any()
    xr.testing.assert_identical(look, before)
    np.testing.assert_array_equal(masker.mask(look, scl, normal), mask)


def test_clear_ordinary_ground_is_usable(masker):
    """Vegetation under a clear sky, as it is normal there, is never flagged."""
    look = xr.DataArray(np.full((6, 12, 15), 0.1, np.float32), dims=("band", "y", "x"), coords={"band": BANDS})
    assert not masker.mask(look, np.full((12, 15), 4, np.uint8), look.to_numpy()).any()
