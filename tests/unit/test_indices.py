"""Spectral indices: formulas by hand, what they need, and what cannot be computed."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sentinel_watch.errors import InputError
from sentinel_watch.indices import bands_of, compute, split_available
from sentinel_watch.pipeline.definition import load_pipeline, pipeline_names

PIXEL = {"B02": 0.05, "B03": 0.08, "B04": 0.06, "B08": 0.30, "B11": 0.20, "B12": 0.10}
BY_HAND = {
    "NDVI": (0.30 - 0.06) / (0.30 + 0.06),
    "NDMI": (0.30 - 0.20) / (0.30 + 0.20),
    "NBR": (0.30 - 0.10) / (0.30 + 0.10),
    "MNDWI": (0.08 - 0.20) / (0.08 + 0.20),
    "BI": ((0.20 + 0.06) - (0.30 + 0.05)) / ((0.20 + 0.06) + (0.30 + 0.05)),
}


def cube(pixel: dict[str, float]) -> xr.DataArray:
    """Return a (band, y, x) cube of one pixel."""
    return xr.DataArray(np.array(list(pixel.values()))[:, None, None], dims=("band", "y", "x"), coords={"band": list(pixel)})


@pytest.mark.parametrize("name", BY_HAND)
def test_the_formulas_are_the_published_ones(name):
    """Numbers and cubes give what the published formula gives by hand."""
    assert float(compute(name, PIXEL)) == pytest.approx(BY_HAND[name])
    assert compute(name, cube(PIXEL)).to_numpy() == pytest.approx(np.array([[BY_HAND[name]]]))


def test_the_band_dimension_goes():
    """An index of a time series keeps time and space and nothing else."""
    looks = xr.concat([cube(PIXEL), cube(PIXEL)], dim="time")
    assert compute("NDVI", looks).dims == ("time", "y", "x")
    assert "band" not in compute("NDVI", looks).coords


@pytest.mark.parametrize("name", ["NDVI", "NBR"])
def test_missing_data_stays_missing(name):
    """NaN in a band that an index needs is NaN in the index, and no other pixel's matter."""
    for band in bands_of(name):
        assert np.isnan(compute(name, cube({**PIXEL, band: np.nan}))).all()
    assert np.isfinite(compute(name, cube({**PIXEL, "B02": np.nan}))).all()


@given(st.floats(-0.1, 1.5), st.floats(-0.1, 1.5))
def test_a_normalised_difference_stays_in_its_range(red, near_infrared):
    """Reflectance at or below zero, as the atmospheric correction leaves it, does not blow up the ratio."""
    assert -1 <= float(compute("NDVI", {**PIXEL, "B04": red, "B08": near_infrared})) <= 1


def test_what_an_index_needs_is_told_in_bands():
    """The catalogue's symbols are turned into Sentinel-2 bands, constants left out."""
    assert set(bands_of("NDMI")) == {"B08", "B11"}
    assert set(bands_of("EVI")) == {"B02", "B04", "B08"}


@pytest.mark.parametrize(("name", "told"), [("NDVY", "did you mean"), ("RFDI", "Sentinel-2 does not measure")])
def test_an_index_that_cannot_be_is_refused(name, told):
    """An unknown name gets a suggestion; an index of another sensor says what it would need."""
    with pytest.raises(InputError) as error:
        bands_of(name)
    assert told in str(error.value)


def test_a_missing_band_costs_only_the_indices_that_need_it():
    """Without B12 the others stay, in their order, and the lost one names what it lacks."""
    assert split_available(["NDVI", "NBR", "BI"], ["B02", "B04", "B08", "B11"]) == (("NDVI", "BI"), {"NBR": ("B12",)})


@pytest.mark.parametrize("name", pipeline_names())
def test_shipped_pipelines_can_compute_their_indices(name):
    """Every index of a shipped pipeline is made of the pipeline's own bands."""
    pipeline = load_pipeline(name)
    assert split_available(pipeline.indices, pipeline.bands) == (pipeline.indices, {})
