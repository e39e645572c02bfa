"""What must hold wherever a grid lies in a raster, and whatever a baseline's encoding."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer

from sentinel_watch.domain.scene import Asset, Scene
from sentinel_watch.radiometry import to_reflectance
from sentinel_watch.sources.resample import place, sample

UTM = CRS.from_epsg(32634)
SIDE = 60
RASTER = np.random.default_rng(3).integers(1, 10_000, (SIDE, SIDE)).astype(np.float32)
ORIGIN = Affine(10, 0, 500_000, 0, -10, 5_000_000)


def grid_at(left_m: float, top_m: float, shape: tuple[int, int], pixel_m: float = 10.0, crs: CRS = UTM) -> GeoBox:
    """Return a grid whose corner lies `left_m` east and `top_m` south of the raster's."""
    return GeoBox(shape, Affine(pixel_m, 0, ORIGIN.c + left_m, 0, -pixel_m, ORIGIN.f - top_m), f"EPSG:{crs.to_epsg()}")


def read(raster: np.ndarray, source: Affine, grid: GeoBox, *, crs: CRS = UTM, nearest: bool = False) -> np.ndarray:
    """Return `raster` on `grid` as the reader does it, block reads left out."""
    at = place(crs.to_wkt(), source, raster.shape, grid)
    return sample(raster[at.top : at.top + at.height, at.left : at.left + at.width], at, nearest=nearest)


@settings(max_examples=60, deadline=None)
@given(left=st.integers(-70, 70), top=st.integers(-70, 70), height=st.integers(1, 50), width=st.integers(1, 50), nearest=st.booleans())
def test_whole_pixel_shifts_copy_pixels(left, top, height, width, nearest):
    """A grid that is shifted by whole pixels gives the shifted pixels, bit for bit, and NaN outside the raster."""
    expected = np.full((SIDE + 2 * 130, SIDE + 2 * 130), np.nan, np.float32)
    expected[130 : 130 + SIDE, 130 : 130 + SIDE] = RASTER
    found = read(RASTER, ORIGIN, grid_at(10 * left, 10 * top, (height, width)), nearest=nearest)
    np.testing.assert_array_equal(found, expected[130 + top : 130 + top + height, 130 + left : 130 + left + width])


def test_only_whole_pixels_inside_the_raster_are_cut_out():
    """A grid that is a part of the raster is cut out of it; one that reaches beyond, is shifted by less, or is finer is not."""
    inside, beyond, shifted, finer = (
        grid_at(*where) for where in ((50, 70, (9, 8)), (560, 0, (9, 8)), (5, 0, (9, 8)), (0, 0, (9, 8), 5.0))
    )
    wkt = UTM.to_wkt()
    assert place(wkt, ORIGIN, RASTER.shape, inside).cut == (slice(0, 9), slice(0, 8))
    assert [place(wkt, ORIGIN, RASTER.shape, grid).cut for grid in (beyond, shifted, finer)] == [None] * 3


@settings(max_examples=40, deadline=None)
@given(left=st.floats(0, 200), top=st.floats(0, 200), pixel=st.sampled_from([5.0, 10.0, 20.0, 60.0]), holes=st.integers(0, 2**32 - 1))
def test_resampling_invents_nothing(left, top, pixel, holes):
    """Bilinear values lie within the raster's range, and nearest ones are values of the raster, holes or not."""
    raster = np.where(np.random.default_rng(holes).random(RASTER.shape) < 0.3, np.float32(np.nan), RASTER)
    shape = (int(380 // pixel), int(380 // pixel))
    grid = grid_at(left, top, shape, pixel)
    smooth, picked = read(raster, ORIGIN, grid), read(raster, ORIGIN, grid, nearest=True)
    assert np.nanmin(smooth, initial=5000) >= np.nanmin(raster) - 0.01
    assert np.nanmax(smooth, initial=5000) <= np.nanmax(raster) + 0.01
    assert np.isin(picked[np.isfinite(picked)], raster).all()


@settings(max_examples=30, deadline=None)
@given(
    east=st.floats(-3, 3),
    south=st.floats(-3, 3),
    left=st.floats(-40, 40),
    top=st.floats(-40, 40),
    pixel=st.sampled_from([10.0, 20.0, 30.0]),
)
def test_a_plane_is_resampled_exactly(east, south, left, top, pixel):
    """Bilinear sampling gives back a sloping plane at the true place of each pixel: nothing is shifted by half a pixel."""
    y, x = np.mgrid[:100, :100]
    source = Affine(20, 0, ORIGIN.c - 500, 0, -20, ORIGIN.f + 500)
    plane = (3000 + east * (20 * x - 490) + south * (20 * y - 490)).astype(np.float32)
    grid = grid_at(left, top, (20, 20), pixel)
    rows, cols = np.mgrid[:20, :20]
    expected = 3000 + east * (left + (cols + 0.5) * pixel) + south * (top + (rows + 0.5) * pixel)
    # Grids within a thousandth of a pixel are taken for the same.
    np.testing.assert_allclose(read(plane, source, grid), expected, atol=0.2)


@pytest.mark.parametrize("epsg", [3035, 4326, 32635])
def test_another_crs_puts_pixels_where_they_are(epsg):
    """Across projections a pixel's value is that of its place, to a hundredth of a pixel."""
    crs = CRS.from_epsg(epsg)
    grid = grid_at(0, 0, (300, 280))
    to_source = Transformer.from_crs(UTM, crs, always_xy=True)
    cols, rows = np.meshgrid(np.arange(280) + 0.5, np.arange(300) + 0.5)
    x, y = to_source.transform(ORIGIN.c + 10 * cols, ORIGIN.f - 10 * rows)
    step = 0.0001 if epsg == 4326 else 10.0
    source = Affine(step, 0, x.min() - 5 * step, 0, -step, y.max() + 5 * step)
    shape = (int((y.max() - y.min()) / step) + 10, int((x.max() - x.min()) / step) + 10)
    ramp = np.add.outer(1000.0 * np.arange(shape[0]), np.arange(shape[1]))
    found_rows, found_cols = np.divmod(read(ramp, source, grid, crs=crs, nearest=True), 1000)
    true_cols, true_rows = (x - source.c) / step, (source.f - y) / step
    assert np.abs(found_rows + 0.5 - true_rows).max() < 0.51
    assert np.abs(found_cols + 0.5 - true_cols).max() < 0.51


def test_20_m_classes_fall_on_their_four_pixels():
    """A 20 m class covers exactly its four 10 m pixels."""
    classes = np.arange(9, dtype=np.float32).reshape(3, 3)
    found = read(classes, Affine(20, 0, ORIGIN.c, 0, -20, ORIGIN.f), grid_at(0, 0, (6, 6)), nearest=True)
    np.testing.assert_array_equal(found, np.kron(classes, np.ones((2, 2))))


def test_10_m_pixels_are_averaged_onto_20_m():
    """A pixel of a coarser grid is the mean of the pixels that it covers."""
    found = read(RASTER, ORIGIN, grid_at(0, 0, (30, 30), 20.0))
    np.testing.assert_allclose(found, RASTER.reshape(30, 2, 30, 2).mean(axis=(1, 3)), rtol=1e-6)


def test_no_data_neither_grows_nor_shrinks():
    """A pixel has data exactly where the nearest source pixel has, and holes do not darken their neighbours."""
    raster = np.full((10, 10), 800, np.float32)
    raster[4:6, 4:6] = np.nan
    found = read(raster, Affine(20, 0, ORIGIN.c, 0, -20, ORIGIN.f), grid_at(0, 0, (20, 20)))
    np.testing.assert_array_equal(np.isnan(found), np.kron(np.isnan(raster), np.ones((2, 2), bool)))
    assert (found[np.isfinite(found)] == 800).all()


@given(dn=st.lists(st.integers(1, 20_000), min_size=1, max_size=20))
def test_reflectance_is_the_same_for_every_baseline(dn):
    """The same ground in an old baseline's numbers and in a new one's gives the same reflectance, bit for bit."""
    time = datetime(2020, 1, 1, tzinfo=UTC)
    numbers = np.array([dn], np.float32)
    old = to_reflectance({"B02": numbers}, Scene("a", time, "", "02.14", "", {"B02": Asset("", 1e-4, 0.0)}), ["B02"])
    new = to_reflectance({"B02": numbers + 1000}, Scene("b", time, "", "05.00", "", {"B02": Asset("", 1e-4, -0.1)}), ["B02"])
    np.testing.assert_allclose(old, new, rtol=0, atol=1e-7)
