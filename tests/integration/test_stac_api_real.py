"""Real imagery through an API: the scenes and pixels of the catalogue on disk."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from fault_server import Archive, serving
from served import remote
from shapely.geometry import shape

from sentinel_watch.domain.grid import aoi_grid
from sentinel_watch.domain.scene import SCL
from sentinel_watch.shipped import shipped
from sentinel_watch.sources import open_source


def assert_same_through_an_api(folder, aoi_file) -> None:
    """Assert that search and reading give the same over an API as from disk."""
    aoi = shape(json.loads(aoi_file.read_text())["features"][0]["geometry"])
    disk, grid = open_source(str(folder)), aoi_grid(aoi)
    expected = disk.search(aoi, None, None)
    with serving(Archive(folder / "items", page_size=50)) as archive:
        api = remote(archive)
        found = api.search(aoi, None, None)
        assert [replace(scene, assets={}) for scene in found] == [replace(scene, assets={}) for scene in expected]
        for mine, true in list(zip(found, expected, strict=True))[:: len(found) // 3]:
            bands = [*(band for band in true.assets if band != SCL), SCL]
            pixels = api.read(mine, bands, grid)
            for band, values in disk.read(true, bands, grid).items():
                np.testing.assert_array_equal(pixels[band], values)


def test_the_sample_comes_through_an_api():
    """The shipped series, in a projection of its own, is the same over an API."""
    assert_same_through_an_api(shipped("samples", "forest_romania"), shipped("aoi", "forest_romania.geojson"))


@pytest.mark.parametrize("case", ["limestone_mine_chhattisgarh", "cropland_belgium"])
def test_a_real_case_comes_through_an_api(shared_cases, case):
    """Real cases, in degrees and in UTM, with 10 m and 20 m bands, are the same over an API."""
    assert_same_through_an_api(shared_cases / case, shared_cases / case / "aoi.geojson")
