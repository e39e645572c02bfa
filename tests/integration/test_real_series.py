"""The shipped sample and the real cases: they open, and their pixels are what the ground can be."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from shapely.geometry import shape

from sentinel_watch.domain.grid import aoi_grid, inside
from sentinel_watch.domain.scene import SCL
from sentinel_watch.masking import combine
from sentinel_watch.masking.scl import SclMasker
from sentinel_watch.radiometry import offset_doubt, to_reflectance
from sentinel_watch.shipped import shipped
from sentinel_watch.sources import newest_copies, open_source

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.contracts import Source
    from sentinel_watch.domain.scene import Scene

TEN_BANDS = ["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"]
SAMPLE_BANDS = ["B02", "B03", "B04", "B08", "B8A", "B11"]


def aoi_of(path: Path):
    """Return the first feature's geometry of a GeoJSON file."""
    return shape(json.loads(path.read_text())["features"][0]["geometry"])


def clear_medians(source: Source, scene: Scene, bands: list[str], grid) -> dict[str, float]:
    """Return the median reflectance of each band over the pixels that SCL calls clear; empty where nearly none is."""
    numbers = source.read(scene, [*bands, SCL], grid)
    values = to_reflectance(numbers, scene, bands)
    usable = combine([SclMasker()], values, np.nan_to_num(numbers[SCL]).astype(np.uint8), None) == 0
    if usable.mean() < 0.3:
        return {}
    assert offset_doubt(values, usable, None) == ""
    return dict(zip(bands, np.median(values.to_numpy()[:, usable], axis=1).tolist(), strict=True))


@pytest.mark.parametrize(
    ("case", "bands", "count", "offset"),
    [
        ("forest_romania", SAMPLE_BANDS, 140, 0.0),
        ("cropland_belgium", TEN_BANDS, 118, 0.0),
        ("limestone_mine_chhattisgarh", ["B02", "B04", "B08", "B11", "B12"], 107, -0.1),
    ],
)
def test_optical_cases_have_plausible_reflectance(shared_cases, case, bands, count, offset):
    """Every scene is found once, its offset is the declared one, and clear ground has the colour of ground."""
    aoi = aoi_of(shared_cases / case / "aoi.geojson")
    source = open_source(str(shared_cases / case / "catalog.json"))
    scenes, copies = newest_copies(source.search(aoi, None, None))
    assert (len(scenes), copies) == (count, [])
    assert {asset.offset for scene in scenes for band, asset in scene.assets.items() if band != SCL} == {offset}
    assert all(set(scene.assets) == {*bands, SCL} and scene.notes == () for scene in scenes)
    grid = aoi_grid(aoi)
    medians = [found for scene in scenes[::6] if (found := clear_medians(source, scene, bands, grid))]
    assert len(medians) >= 5
    typical = {band: float(np.median([median[band] for median in medians])) for band in bands}
    assert 0.01 < typical["B02"] < 0.12
    assert 0.15 < typical["B08"] < 0.45
    assert 0.05 < typical["B11"] < 0.40
    assert typical["B02"] < typical["B08"]


def test_dates_without_any_data_read_as_no_data(shared_cases):
    """The two empty dates of the mine are NaN, not zero and not an error."""
    folder = shared_cases / "limestone_mine_chhattisgarh"
    aoi = aoi_of(folder / "aoi.geojson")
    source = open_source(str(folder))
    empty = [scene for scene in source.search(aoi, None, None) if f"{scene.time:%Y-%m-%d}" in {"2023-09-17", "2023-12-31"}]
    assert len(empty) == 2
    for scene in empty:
        assert np.isnan(source.read(scene, ["B04"], aoi_grid(aoi))["B04"]).all()


def test_the_radar_case_opens(shared_cases):
    """Sentinel-1 scenes have their two polarisations, in linear power."""
    folder = shared_cases / "radar_california"
    aoi = aoi_of(folder / "aoi.geojson")
    source = open_source(str(folder))
    scenes = source.search(aoi, None, None)
    assert len(scenes) == 30
    pixels = source.read(scenes[0], ["VV", "VH"], aoi_grid(aoi, 30.0))
    assert 0 < float(np.nanmedian(pixels["VH"])) < float(np.nanmedian(pixels["VV"])) < 1


def test_the_sample_holds_the_pixels_of_the_case(shared_cases):
    """The shipped sample and the case were made from the same cubes: same dates, same pixels."""
    aoi = aoi_of(shipped("aoi", "forest_romania.geojson"))
    ours, theirs = open_source("sample"), open_source(str(shared_cases / "forest_romania"))
    pairs = list(zip(ours.search(aoi, None, None), theirs.search(aoi, None, None), strict=True))
    grid = aoi_grid(aoi)
    for mine, other in pairs[::28]:
        assert mine.time == other.time
        first, second = (source.read(scene, [*SAMPLE_BANDS, SCL], grid) for source, scene in ((ours, mine), (theirs, other)))
        for band, values in first.items():
            np.testing.assert_array_equal(values, second[band])


def test_threads_read_the_same_pixels():
    """Scenes read by several threads at once have the pixels that one thread reads."""
    source = open_source("sample")
    aoi = aoi_of(shipped("aoi", "forest_romania.geojson"))
    scenes, grid = source.search(aoi, None, None)[:24], aoi_grid(aoi)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda scene: source.read(scene, ["B04", "B11"], grid), scenes))
    for scene, pixels in zip(scenes, together, strict=True):
        for band, values in source.read(scene, ["B04", "B11"], grid).items():
            np.testing.assert_array_equal(values, pixels[band])


def test_the_samples_aoi_lies_within_its_data():
    """Every pixel of the AOI is covered, so that the first run shows no gaps."""
    aoi = aoi_of(shipped("aoi", "forest_romania.geojson"))
    source, grid = open_source("sample"), aoi_grid(aoi)
    scene = source.search(aoi, None, None)[0]
    pixels = source.read(scene, [*SAMPLE_BANDS, SCL], grid)
    for values in pixels.values():
        assert np.isfinite(values[inside(aoi, grid)]).all()


def test_the_sample_is_small_and_says_where_it_is_from():
    """Attribution, provenance and licence travel with the data, which is at most 12 MB."""
    folder = shipped("samples", "forest_romania")
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= 12_000_000
    attribution = "ontains modified Copernicus Sentinel data 2015-2021"
    assert attribution in (folder / "README.md").read_text()
    assert attribution in json.loads((folder / "catalog.json").read_text())["description"]
    assert "EUROPEAN UNION PUBLIC LICENCE v. 1.2" in (folder / "LICENSE").read_text(encoding="utf-8")
