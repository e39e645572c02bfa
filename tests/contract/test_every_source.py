"""What every source must do, over the whole registry."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from affine import Affine
from catalogs import Layer, Shot, series, write_catalog
from fault_server import Archive, serving
from hub_server import CLIENT, SECRET, Hub, serving_hub
from odc.geo.geobox import GeoBox
from shapely.geometry import box

from sentinel_watch.contracts import Source
from sentinel_watch.domain.scene import SCL
from sentinel_watch.sources import SOURCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentinel_watch.domain.scene import Scene

WORLD = box(-180, -90, 180, 90)
SAMPLE_GRID = GeoBox((40, 50), Affine(10, 0, 5272200.0, 0, -10, 2532800.0), "EPSG:3035")
UTM_GRID = GeoBox((40, 50), Affine(10, 0, 500000.0, 0, -10, 5000000.0), "EPSG:32634")


@pytest.fixture(params=list(SOURCES))
def source_and_grid(request, tmp_path, monkeypatch):
    """Return each source of the registry, with a grid that its scenes cover."""
    if request.param == "sample":
        return SOURCES.build({"part": "sample"}), SAMPLE_GRID
    layers = {"B02": Layer(np.full((40, 50), 700, np.uint16)), SCL: Layer(np.full((20, 25), 4, np.uint8), 20.0)}
    catalog = write_catalog(tmp_path, series(Shot("S2", datetime(2020, 1, 1, 9, tzinfo=UTC), layers), 4))
    if request.param == "catalog":
        return SOURCES.build({"part": "catalog", "path": catalog}), UTM_GRID
    if request.param == "stac_api":
        archive = request.getfixturevalue("exit_stack").enter_context(serving(Archive(tmp_path)))
        return SOURCES.build({"part": "stac_api", "url": archive.url, "allow_private": True}), UTM_GRID
    if request.param == "sentinel_hub":
        hub = request.getfixturevalue("exit_stack").enter_context(serving_hub(Hub(tmp_path)))
        monkeypatch.setenv("SH_CLIENT_ID", CLIENT)
        monkeypatch.setenv("SH_CLIENT_SECRET", SECRET)
        return SOURCES.build({"part": "sentinel_hub", "url": hub.url, "token_url": f"{hub.url}/token", "allow_private": True}), UTM_GRID
    pytest.fail(f"say here how the source {request.param!r} is tested")


@pytest.fixture
def exit_stack():
    """Return what closes at the end of a test whatever was entered into it."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def scenes(source_and_grid) -> Sequence[Scene]:
    """Return all scenes of the source."""
    return source_and_grid[0].search(WORLD, None, None)


def test_it_is_a_source(source_and_grid):
    """Every registered part offers what the contract names."""
    assert isinstance(source_and_grid[0], Source)


def test_scenes_are_ordered_and_named_once(scenes):
    """Scenes come oldest first, in UTC, and no id comes twice."""
    assert scenes
    assert all(scene.time.utcoffset() == timedelta(0) for scene in scenes)
    assert [scene.time for scene in scenes] == sorted(scene.time for scene in scenes)
    assert len({scene.scene_id for scene in scenes}) == len(scenes)


def test_a_search_is_repeatable_and_bounded(source_and_grid, scenes):
    """The same question has the same answer, and a period leaves out what lies outside it."""
    source, _ = source_and_grid
    assert source.search(WORLD, None, None) == scenes
    middle = scenes[len(scenes) // 2].time
    assert source.search(WORLD, middle, None) == [scene for scene in scenes if scene.time >= middle]
    assert source.search(WORLD, None, middle) == [scene for scene in scenes if scene.time <= middle]


def test_a_read_gives_the_scenes_bands_on_the_grid(source_and_grid, scenes):
    """Bands come as float32 on the grid; those that the scene lacks are left out; classes are whole numbers."""
    source, grid = source_and_grid
    pixels = source.read(scenes[0], ["B02", SCL, "B12", "B99"], grid)
    assert set(pixels) == {"B02", SCL, *({"B12"} & set(scenes[0].assets))}
    assert all(values.shape == grid.shape and values.dtype == np.float32 for values in pixels.values())
    assert np.isfinite(pixels["B02"]).all()
    assert set(np.unique(pixels[SCL])) <= set(range(12))


def test_a_read_is_repeatable(source_and_grid, scenes):
    """The same pixels come every time."""
    source, grid = source_and_grid
    first, second = (source.read(scenes[-1], ["B02", SCL], grid) for _ in range(2))
    for band, values in first.items():
        np.testing.assert_array_equal(values, second[band])
