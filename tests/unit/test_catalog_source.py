"""A STAC catalogue on disk: what it promises, what it says of its bands, and what is broken in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pystac
import pytest
from affine import Affine
from catalogs import ORIGIN, UTM, Layer, Shot, footprint, series, write_catalog
from odc.geo.geobox import GeoBox
from shapely.geometry import box

from sentinel_watch.errors import InputError, SceneError, SourceError
from sentinel_watch.sources import open_source

if TYPE_CHECKING:
    from pathlib import Path

GRID = GeoBox((30, 30), Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1]), UTM)
START = datetime(2020, 3, 1, 9, 30, tzinfo=UTC)
LAYERS = {
    "B02": Layer(np.full((30, 30), 600, np.uint16)),
    "B11": Layer(np.full((15, 15), 900, np.uint16), 20.0),
    "SCL": Layer(np.full((15, 15), 4, np.uint8), 20.0),
}
SHOT = Shot("S2", START, LAYERS)
AOI = footprint(SHOT)


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """Return a catalogue of three dates."""
    return write_catalog(tmp_path / "cat", series(SHOT, 3))


def change_item(catalog: Path, **changes: Any) -> Path:
    """Change top-level fields of the first item (None removes one) and return its path."""
    path = sorted(catalog.parent.glob("S2_*/*.json"))[0]
    item = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in item.items() if value is not None}))
    return path


def test_scenes_come_oldest_first(catalog):
    """All items are found, in the order of time, with their bands."""
    scenes = open_source(str(catalog)).search(AOI, None, None)
    assert [scene.time for scene in scenes] == [START + timedelta(days=days) for days in (0, 5, 10)]
    assert set(scenes[0].assets) == {"B02", "B11", "SCL"}


def test_a_folder_names_its_catalogue(catalog):
    """The folder of a catalogue serves as well as its file."""
    assert len(open_source(str(catalog.parent)).search(AOI, None, None)) == 3


def test_the_period_includes_both_ends(catalog):
    """Start and end belong to the period that is asked for."""
    source = open_source(str(catalog))
    found = source.search(AOI, START + timedelta(days=5), START + timedelta(days=10))
    assert [scene.time for scene in found] == [START + timedelta(days=5), START + timedelta(days=10)]


def test_scenes_elsewhere_are_left_out(catalog):
    """A scene whose footprint does not touch the AOI is not promised."""
    assert list(open_source(str(catalog)).search(box(0, 0, 1, 1), None, None)) == []


def test_all_resolutions_come_on_one_grid(catalog):
    """20 m bands and classes fill the 10 m grid, classes unmixed."""
    source = open_source(str(catalog))
    pixels = source.read(source.search(AOI, None, None)[0], ["B02", "B11", "B12", "SCL"], GRID)
    assert {band: float(values.mean()) for band, values in pixels.items()} == {"B02": 600, "B11": 900, "SCL": 4}
    assert all(values.shape == (30, 30) and values.dtype == np.float32 for values in pixels.values())


def test_nested_catalogues_and_collections_are_walked(tmp_path):
    """Items of child catalogues and collections are found, and a circle of links ends."""
    child = write_catalog(tmp_path / "inner" / "deep", series(SHOT, 2))
    inner = {"type": "Collection", "stac_version": "1.0.0", "id": "inner", "description": "d", "license": "other"}
    extent = {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}}
    links = [{"rel": "child", "href": "./deep/catalog.json"}, {"rel": "child", "href": "../catalog.json"}]
    (tmp_path / "inner" / "collection.json").write_text(json.dumps({**inner, "extent": extent, "links": links}))
    top = {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "top",
        "description": "d",
        "links": [{"rel": "child", "href": "./inner/collection.json"}],
    }
    (tmp_path / "catalog.json").write_text(json.dumps(top))
    assert child.is_file()
    assert len(open_source(str(tmp_path / "catalog.json")).search(AOI, None, None)) == 2


@pytest.mark.parametrize("text", ["{", "[]", '{"type": "Feature"}', '{"hello": 1}', "\x00\xff"])
def test_what_is_no_catalogue_is_an_error(tmp_path, text):
    """A file that is no STAC catalogue is a SourceError that names it."""
    path = tmp_path / "catalog.json"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"catalog\.json"):
        open_source(str(path)).search(AOI, None, None)


def test_a_missing_child_catalogue_is_an_error(tmp_path):
    """Scenes under a child that cannot be read would vanish in silence: that is a SourceError."""
    top = {"type": "Catalog", "stac_version": "1.0.0", "id": "top", "description": "d", "links": [{"rel": "child", "href": "./gone.json"}]}
    (tmp_path / "catalog.json").write_text(json.dumps(top))
    with pytest.raises(SourceError, match=r"gone\.json"):
        open_source(str(tmp_path / "catalog.json")).search(AOI, None, None)


@pytest.mark.parametrize(
    "changes",
    [{"properties": {}}, {"properties": None}, {"assets": []}, {"type": "Collection"}, {"properties": {"datetime": "yesterday"}}],
)
def test_a_broken_item_is_a_scene_without_assets(catalog, changes):
    """An item that cannot be understood stays in the list, and reading it is a SceneError."""
    change_item(catalog, **changes)
    source = open_source(str(catalog))
    broken = source.search(AOI, None, None)[0]
    assert broken.scene_id == "S2_20200301"
    assert broken.time == datetime(2020, 3, 1, tzinfo=UTC)
    assert not broken.assets
    assert broken.notes[0].startswith("item_unreadable: ")
    with pytest.raises(SceneError) as caught:
        source.read(broken, ["B02"], GRID)
    assert caught.value.reason == "unreadable"


def test_a_missing_or_cut_item_is_a_scene_without_assets(catalog):
    """An item's file that is cut off, and one that is gone, are both scenes that fail."""
    first, second = sorted(catalog.parent.glob("S2_*/*.json"))[:2]
    first.write_text(first.read_text()[:200])
    second.unlink()
    scenes = open_source(str(catalog)).search(AOI, None, None)
    assert [bool(scene.assets) for scene in scenes] == [False, False, True]


def test_an_item_without_geometry_is_kept(catalog):
    """An item that does not say where it lies may touch the AOI."""
    change_item(catalog, geometry=None, bbox=None)
    scenes = open_source(str(catalog)).search(box(0, 0, 1, 1), None, None)
    assert [scene.notes for scene in scenes] == [("geometry_missing",)]


@pytest.mark.parametrize(
    "href", ["https://example.org/b02.tif", "/vsicurl/https://example.org/b02.tif", "s3://bucket/b02.tif", "//host/b02.tif"]
)
def test_a_catalogue_on_disk_names_only_files(catalog, href):
    """An asset that points into a network is a SceneError, and nothing is fetched."""
    path = sorted(catalog.parent.glob("S2_*/*.json"))[0]
    item = json.loads(path.read_text())
    item["assets"]["b02"]["href"] = href
    path.write_text(json.dumps(item))
    source = open_source(str(catalog))
    with pytest.raises(SceneError) as caught:
        source.read(source.search(AOI, None, None)[0], ["B02"], GRID)
    assert caught.value.reason == "unreadable"


def test_files_outside_the_catalogues_folder_are_read(catalog, tmp_path):
    """Assets may lie anywhere on disk, by absolute paths and file URLs too."""
    path = sorted(catalog.parent.glob("S2_*/*.json"))[0]
    (path.parent / "b02.tif").rename(tmp_path / "else where.tif")
    item = json.loads(path.read_text())
    item["assets"]["b02"]["href"] = (tmp_path / "else where.tif").as_uri()
    path.write_text(json.dumps(item))
    source = open_source(str(catalog))
    assert source.read(source.search(AOI, None, None)[0], ["B02"], GRID)["B02"].mean() == 600


def test_a_scene_without_the_bands_is_an_error(catalog):
    """A scene that has none of the bands asked for is an error, not an empty answer."""
    source = open_source(str(catalog))
    with pytest.raises(SceneError, match="none of the bands"):
        source.read(source.search(AOI, None, None)[0], ["B12"], GRID)


@pytest.mark.parametrize(
    ("typed", "said"),
    [("sampel", "did you mean 'sample'"), ("nowhere/catalog.json", "STAC catalogue"), ("\x00", "STAC"), ("x" * 5000, "STAC")],
)
def test_an_unknown_source_is_an_error(typed, said):
    """What is neither a name nor a path is an InputError that says what may be given."""
    with pytest.raises(InputError, match=said):
        open_source(typed)


def test_written_catalogues_are_valid_stac(catalog):
    """The synthetic catalogues of these tests are read by pystac itself, links and all."""
    assert [item.id for item in pystac.Catalog.from_file(str(catalog)).get_items()] == ["S2_20200301", "S2_20200306", "S2_20200311"]
