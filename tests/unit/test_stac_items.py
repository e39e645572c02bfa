"""STAC items as the public catalogues write them: bands, scaling, offsets, and which are copies of one observation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pystac
import pytest
from shapely.geometry import box, mapping

from sentinel_watch.domain.scene import Asset, Scene
from sentinel_watch.sources import newest_copies
from sentinel_watch.sources.entries import footprint
from sentinel_watch.sources.stac_item import normal_baseline, to_scene

TIFF = "image/tiff; application=geotiff; profile=cloud-optimized"
TIME = datetime(2023, 5, 1, 9, 20, 31, tzinfo=UTC)
SCALED_1_1 = {"raster:scale": 0.0001, "raster:offset": -0.1, "nodata": 0}
SCALED = {"raster:bands": [{"nodata": 0, "scale": 0.0001, "offset": -0.1}]}


def item_of(assets: dict[str, dict[str, Any]], item_id: str = "scene", **properties: Any) -> pystac.Item:
    """Return an item with `assets` given as STAC writes them."""
    place = {"geometry": mapping(box(22, 45, 23, 46)), "bbox": [22, 45, 23, 46]}
    content = {"type": "Feature", "stac_version": "1.0.0", "id": item_id, **place, "links": [], "assets": assets}
    content["properties"] = {"datetime": TIME.isoformat(), **properties}
    return pystac.Item.from_dict(content, href="/data/item.json")


def blue(**fields: Any) -> dict[str, Any]:
    """Return an asset of the blue band."""
    return {"href": "./x.tif", "type": TIFF, "eo:bands": [{"name": "B02"}], **fields}


@pytest.mark.parametrize(
    ("key", "fields", "band"),
    [
        ("anything", {"eo:bands": [{"name": "B02", "common_name": "blue"}]}, "B02"),
        ("x", {"eo:bands": [{"name": "blue", "common_name": "blue"}]}, "B02"),
        ("x", {"eo:bands": [{"common_name": "swir16"}]}, "B11"),
        ("x", {"eo:bands": [{"name": "rededge2", "common_name": "rededge"}]}, "B06"),
        ("x", {"bands": [{"name": "B8A", "eo:common_name": "nir08"}]}, "B8A"),
        ("x", {"bands": [{"eo:common_name": "rededge071"}]}, "B05"),
        ("x", {"eo:bands": [{"name": "b4"}]}, "B04"),
        ("SCL_20m", {}, "SCL"),
        ("scl", {"roles": ["data"]}, "SCL"),
        ("B12_20m", {}, "B12"),
    ],
)
def test_bands_are_found_whatever_the_keys(key, fields, band):
    """Names, common names and at last the key say which band an asset holds."""
    assert list(to_scene(item_of({key: {"href": "./x.tif", **fields}})).assets) == [band]


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("visual", {"roles": ["visual"], "eo:bands": [{"name": "B04"}, {"name": "B03"}, {"name": "B02"}]}),
        ("thumbnail", {"roles": ["thumbnail"], "eo:bands": [{"name": "B02"}]}),
        ("x", {"eo:bands": [{"common_name": "rededge"}]}),
        ("aot", {}),
    ],
)
def test_pictures_and_ambiguous_assets_are_no_bands(key, fields):
    """A picture, a product of several bands and a red edge without a number are left out."""
    assert to_scene(item_of({key: {"href": "./x.tif", **fields}})).assets == {}


def test_a_geotiff_goes_before_a_jp2_and_fine_before_coarse():
    """Of several files of one band the GeoTIFF wins, then the smaller pixel."""
    jp2 = {"href": "./x.jp2", "type": "image/jp2", "eo:bands": [{"name": "B02"}], "gsd": 10}
    coarse, fine = blue(href="./20.tif", gsd=20), blue(href="./10.tif", gsd=10)
    assert to_scene(item_of({"a": jp2, "b": coarse, "c": fine})).assets["B02"].href == "/data/10.tif"


@pytest.mark.parametrize(
    "fields",
    [SCALED, SCALED_1_1, {"eo:bands": None, "bands": [{"name": "B02", **SCALED_1_1}]}],
)
def test_scaling_is_read_in_every_dialect(fields):
    """STAC 1.0's raster:bands and STAC 1.1's bands and asset fields give the same scaling."""
    asset = {key: value for key, value in blue(**fields).items() if value is not None}
    scene = to_scene(item_of({"a": asset}, **{"s2:processing_baseline": "05.09"}))
    assert scene.assets["B02"] == Asset("/data/x.tif", 0.0001, -0.1, 0.0)
    assert scene.notes == ()


@pytest.mark.parametrize(
    ("fields", "properties", "offset", "notes"),
    [
        ({}, {"s2:processing_baseline": "05.00"}, -0.1, ("offset_by_baseline", "scale_assumed")),
        ({}, {"s2:processing_baseline": "03.01"}, 0.0, ("offset_by_baseline", "scale_assumed")),
        ({}, {}, 0.0, ("offset_unknown", "scale_assumed")),
        ({"raster:bands": [{"scale": 0.0001}]}, {"s2:processing_baseline": "04.00"}, -0.1, ("offset_by_baseline",)),
        (SCALED, {"s2:processing_baseline": "05.00", "earthsearch:boa_offset_applied": True}, 0.0, ("offset_already_applied",)),
        (SCALED, {"s2:processing_baseline": "05.00", "earthsearch:boa_offset_applied": False}, -0.1, ()),
        ({"raster:bands": [{"scale": 0.0001, "offset": 0}]}, {"s2:processing_baseline": "05.00"}, 0.0, ("offset_contradicts_baseline",)),
        ({"raster:bands": [{"scale": 0.0001, "offset": -1000}]}, {"s2:processing_baseline": "05.00"}, -0.1, ("offset_in_dn",)),
    ],
)
def test_the_offset_follows_declaration_then_baseline(fields, properties, offset, notes):
    """What is declared wins, else the processing baseline decides; whatever was odd is noted."""
    scene = to_scene(item_of({"a": blue(**fields)}, **properties))
    assert scene.assets["B02"].offset == pytest.approx(offset)
    assert scene.notes == notes


def test_the_sensing_date_never_decides_the_offset():
    """Reprocessed scenes of 2016 carry the offset, and old products of any date do not."""
    old = {**item_of({"a": blue()}, **{"s2:processing_baseline": "05.00"}).to_dict()}
    old["properties"]["datetime"] = "2016-01-01T00:00:00Z"
    assert to_scene(pystac.Item.from_dict(old)).assets["B02"].offset == -0.1


def test_scl_never_gets_an_offset():
    """Classes are classes: neither scale nor offset touches them."""
    scene = to_scene(item_of({"scl": {"href": "./scl.tif", **SCALED}}, **{"s2:processing_baseline": "05.00"}))
    assert scene.assets["SCL"] == Asset("/data/scl.tif", 1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("text", "baseline"), [("5.0", "05.00"), ("02.14", "02.14"), ("0509", "05.09"), ("N0500", "05.00"), ("", ""), ("new", "")]
)
def test_baselines_are_written_one_way(text, baseline):
    """Whatever way a baseline is written, it compares as text."""
    assert normal_baseline(text) == baseline


def test_the_baseline_is_also_read_from_the_products_name():
    """Where the item does not name the baseline, the product's name does."""
    scene = to_scene(item_of({"a": blue()}, "S2A_MSIL2A_20230501T092031_N0509_R093_T34TFQ_20230501T140000"))
    assert (scene.baseline, scene.assets["B02"].offset) == ("05.09", -0.1)


def test_copies_share_their_acquisition_key():
    """Two processings of one datatake and tile have the same key, in different dialects; another tile has another."""
    old = item_of({}, **{"s2:datatake_id": "GS2A_20200101T092401_023640_N02.13", "s2:mgrs_tile": "34TFQ", "s2:product_type": "S2MSI2A"})
    new = item_of({}, "S2A_MSIL2A_20200101T092401_N0500_R093_T34TFQ_20230601T000000")
    other = item_of({}, **{"s2:datatake_id": "GS2A_20200101T092401_023640_N02.13", "grid:code": "MGRS-4QFJ", "s2:product_type": "S2MSI2A"})
    keys = [to_scene(item).acquisition for item in (old, new, other)]
    assert keys[0] == keys[1] == "sentinel-2a/20200101T092401/34TFQ/L2A"
    assert keys[2] == "sentinel-2a/20200101T092401/04QFJ/L2A"


def test_the_newest_copy_is_kept_whatever_the_order():
    """Of every acquisition the newest baseline stays; the order of the catalogue plays no part."""
    first = Scene("a", TIME, "sentinel-2a", "02.13", "key", {"B02": Asset("1")})
    newest, twin, lone = replace(first, scene_id="b", baseline="05.10"), replace(first, scene_id="c"), replace(first, acquisition="other")
    broken = replace(first, scene_id="z", baseline="09.00", assets={})
    scenes = [first, newest, twin, lone, broken]
    assert newest_copies(scenes) == ([newest, lone], [first, twin, broken])
    assert newest_copies(scenes[::-1]) == ([lone, newest], [broken, twin, first])


@pytest.mark.parametrize("declared", ["nan", None])
def test_whole_numbers_have_no_nan(declared):
    """A nodata that no digital number can be is as good as none: Sentinel-2's is 0."""
    item = item_of({"B02": blue(**{"raster:bands": [{"nodata": declared, "scale": 1e-4, "offset": 0}]})})
    assert to_scene(item).assets["B02"].nodata == 0


WEST, EAST = box(-180, -18, -179.3, -17), box(179.3, -18, 180, -17)
TILE = [[179.3, -18], [-179.3, -18], [-179.3, -17], [179.3, -17], [179.3, -18]]
SPLIT = [mapping(part)["coordinates"] for part in (WEST, EAST)]


def outline_of(geometry, bbox):
    """Return where an item with this outline lies."""
    return footprint(pystac.Item.from_dict({**item_of({}).to_dict(include_self_link=False), "geometry": geometry, "bbox": bbox}))


@pytest.mark.parametrize(
    ("geometry", "bbox"),
    [
        (None, [179.3, -18, -179.3, -17]),
        (None, [179.3, -18, 0, -179.3, -17, 100]),
        ({"type": "Polygon", "coordinates": [TILE]}, [-179.3, -18, 179.3, -17]),
        ({"type": "Polygon", "coordinates": [[[lon % 360, lat] for lon, lat in TILE]]}, [179.3, -18, 180.7, -17]),
        ({"type": "Polygon", "coordinates": [[[lon % 360 - 360, lat] for lon, lat in TILE]]}, [-180.7, -18, -179.3, -17]),
        ({"type": "MultiPolygon", "coordinates": SPLIT}, [179.3, -18, -179.3, -17]),
    ],
)
def test_a_tile_on_the_antimeridian_lies_on_both_sides_of_it(geometry, bbox):
    """However a catalogue writes such an outline, an AOI on either side finds the tile."""
    outline = outline_of(geometry, bbox)
    assert outline.intersection(WEST).area == pytest.approx(WEST.area)
    assert outline.intersection(EAST).area == pytest.approx(EAST.area)


@pytest.mark.parametrize("bounds", [(-1, 40, 1, 41), (20, 44, 21, 45), (-179.9, 10, -179, 11), (-180, -90, 180, 90), (-60, 0, 100, 1)])
def test_other_outlines_stay_as_they_are(bounds):
    """What is not on the antimeridian is not touched, and what goes round the Earth stays whole."""
    assert outline_of(mapping(box(*bounds)), list(bounds)).symmetric_difference(box(*bounds)).area == 0
    assert outline_of(None, list(bounds)).equals(box(*bounds))
