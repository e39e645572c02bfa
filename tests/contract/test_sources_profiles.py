"""The built-in sources, over items in the form in which each catalogue writes them; no network is used."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from shapely.geometry import box, mapping

from sentinel_watch.sources import newest_copies, open_source
from sentinel_watch.sources.answers import Answers
from sentinel_watch.sources.api_search import Question

AREA = box(22.1, 45.1, 22.2, 45.2)
COG = "image/tiff; application=geotiff; profile=cloud-optimized"
TIME = "2023-05-01T09:30:21.024000Z"
TAKE = "20230501T092031"


def item(item_id: str, collection: str, assets: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """Return an item over AREA."""
    place = {"geometry": mapping(AREA), "bbox": list(AREA.bounds)}
    content = {"type": "Feature", "stac_version": "1.0.0", "id": item_id, "collection": collection, "links": [], **place}
    return {**content, "properties": {"datetime": TIME, "platform": "sentinel-2b", **properties}, "assets": assets}


def earth_search_c1() -> dict[str, Any]:
    """Return an item as Earth Search writes those of Collection 1: common names as keys, offset declared."""
    base = (
        "https://e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com/sentinel-2-c1-l2a/34/T/FR/2023/5/S2B_T34TFR_20230501T093034_L2A"
    )
    bands = {"red": ("B04", "red"), "nir": ("B08", "nir"), "swir16": ("B11", "swir16")}
    assets: dict[str, Any] = {
        key: {
            "href": f"{base}/{name}.tif", "type": COG, "roles": ["data", "reflectance"],
            "eo:bands": [{"name": name, "common_name": common}], "raster:bands": [{"nodata": 0, "scale": 0.0001, "offset": -0.1}],
        }
        for key, (name, common) in bands.items()
    }  # fmt: skip
    assets["scl"] = {"href": f"{base}/SCL.tif", "type": COG, "raster:bands": [{"nodata": 0, "spatial_resolution": 20}]}
    assets["visual"] = {"href": f"{base}/TCI.tif", "type": COG, "roles": ["visual"], "eo:bands": [{"name": "B04"}, {"name": "B03"}]}
    assets["thumbnail"] = {"href": f"{base}/L2A_PVI.jpg", "type": "image/jpeg", "roles": ["thumbnail"]}
    names = {"s2:datatake_id": f"GS2B_{TAKE}_032123_N05.09", "s2:processing_baseline": "05.09", "grid:code": "MGRS-34TFR"}
    product = {"s2:product_uri": f"S2B_MSIL2A_{TAKE}_N0509_R093_T34TFR_20230501T121252.SAFE"}
    return item("S2B_T34TFR_20230501T093034_L2A", "sentinel-2-c1-l2a", assets, **names, **product, **{"eo:cloud_cover": 12.5})


def earth_search_old() -> dict[str, Any]:
    """Return the same observation in Earth Search's older collection: offset taken out of the pixels, though declared."""
    base = "https://sentinel-cogs.s3.us-west-2.amazonaws.com/sentinel-s2-l2a-cogs/34/T/FR/2023/5/S2B_34TFR_20230501_0_L2A"
    fields = {
        "type": COG,
        "eo:bands": [{"name": "red", "common_name": "red"}],
        "raster:bands": [{"nodata": 0, "scale": 0.0001, "offset": -0.1}],
    }
    assets = {
        "red": {"href": f"{base}/B04.tif", **fields},
        "red-jp2": {"href": "s3://sentinel-s2-l2a/B04.jp2", **fields, "type": "image/jp2"},
    }
    names = {"s2:product_uri": f"S2B_MSIL2A_{TAKE}_N0509_R093_T34TFR_20230501T121252.SAFE", "s2:processing_baseline": "05.09"}
    tile = {"mgrs:utm_zone": 34, "mgrs:latitude_band": "T", "mgrs:grid_square": "FR", "earthsearch:boa_offset_applied": True}
    return item("S2B_34TFR_20230501_0_L2A", "sentinel-2-l2a", assets, **names, **tile)


def planetary_computer() -> dict[str, Any]:
    """Return an item as Planetary Computer writes it: band names as keys, nothing declared about scaling."""
    base = "https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/34/T/FR/2023/05/01/S2B.SAFE/GRANULE"
    assets: dict[str, Any] = {
        name: {"href": f"{base}/{name}_{size}m.tif", "type": COG, "roles": ["data"], "eo:bands": [{"name": name}], "gsd": size}
        for name, size in (("B04", 10), ("B08", 10), ("B11", 20))
    }
    assets["SCL"] = {"href": f"{base}/SCL_20m.tif", "type": COG, "roles": ["data"], "gsd": 20}
    names = {"s2:datatake_id": f"GS2B_{TAKE}_032123_N05.09", "s2:processing_baseline": "05.09", "s2:mgrs_tile": "34TFR"}
    return item(f"S2B_MSIL2A_{TAKE}_R093_T34TFR_20230501T152541", "sentinel-2-l2a", assets, **names)


def cdse() -> dict[str, Any]:
    """Return an item as the Copernicus Data Space writes it: one asset a band and resolution, JP2 on S3, STAC 1.1 fields."""
    base = "s3://eodata/Sentinel-2/MSI/L2A_N0500/2023/05/01/S2B.SAFE/GRANULE/L2A_T34TFR/IMG_DATA"
    assets = {
        f"{name}_{size}m": {
            "href": f"{base}/R{size}m/{name}_{size}m.jp2", "type": "image/jp2", "roles": ["data"], "gsd": size,
            "bands": [{"name": name}], "raster:scale": 0.0001, "raster:offset": -0.1, "nodata": 0,
        }
        for name, size in (("B04", 10), ("B04", 20), ("B11", 20))
    }  # fmt: skip
    return item(f"S2B_MSIL2A_{TAKE}_N0509_R093_T34TFR_20230501T121252", "sentinel-2-l2a", assets, **{"processing:version": "05.09"})


def scenes_of(name: str, items: list[dict[str, Any]], tmp_path, monkeypatch):
    """Return the source called `name` and what it makes of `items`, as if its server had sent them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SENTINEL_WATCH_OFFLINE", "1")
    source = open_source(name, tmp_path / "cache")
    question = Question(AREA, None, None, source.collections)
    Answers(tmp_path / "cache" / "searches").keep({"url": source.url, **question.describe()}, items)
    return source, source.search(AREA, None, None)


@pytest.mark.parametrize(
    ("name", "make", "bands", "noted"),
    [
        ("earth-search", earth_search_c1, {"B04", "B08", "B11", "SCL"}, ()),
        ("planetary-computer", planetary_computer, {"B04", "B08", "B11", "SCL"}, ("offset_by_baseline", "scale_assumed")),
    ],
)
def test_items_of_each_catalogue_are_understood(name, make, bands, noted, tmp_path, monkeypatch):
    """Bands, scaling and nodata come out the same, and every file lies on a host that the source may ask."""
    source, (scene,) = scenes_of(name, [make()], tmp_path, monkeypatch)
    assert set(scene.assets) == bands
    assert {(asset.scale, round(asset.offset, 6), asset.nodata) for band, asset in scene.assets.items() if band != "SCL"} == {
        (1e-4, -0.1, 0)
    }
    assert (scene.assets["SCL"].scale, scene.assets["SCL"].offset) == (1, 0)
    assert (scene.notes, scene.baseline, scene.platform) == (noted, "05.09", "sentinel-2b")
    assert scene.acquisition == f"sentinel-2b/{TAKE}/34TFR/L2A"
    assert scene.time == datetime(2023, 5, 1, 9, 30, 21, 24000, tzinfo=UTC)
    hosts = source.http._hosts
    assert {hosts.target(asset.href).port for asset in scene.assets.values()} == {443}


def test_collection_1_goes_before_the_older_collection(tmp_path, monkeypatch):
    """Of an observation that Earth Search lists in both collections, the copy of Collection 1 is used."""
    _, scenes = scenes_of("earth-search", [earth_search_old(), earth_search_c1()], tmp_path, monkeypatch)
    kept, dropped = newest_copies(scenes)
    assert [scene.scene_id for scene in kept] == ["S2B_T34TFR_20230501T093034_L2A"]
    assert [(scene.scene_id, scene.assets["B04"].offset) for scene in dropped] == [("S2B_34TFR_20230501_0_L2A", 0)]


def test_the_data_space_is_asked_for_signed_files(tmp_path, monkeypatch):
    """The Copernicus Data Space's images are JP2 on S3: they are asked for at its store, by https, signed with the operator's keys."""
    monkeypatch.setenv("CDSE_S3_ACCESS_KEY", "KEY-1")
    monkeypatch.setenv("CDSE_S3_SECRET_KEY", "STORE-SECRET")
    source, (scene,) = scenes_of("cdse", [cdse()], tmp_path, monkeypatch)
    href = scene.assets["B04"].href
    assert href.startswith("s3://eodata/")
    online = source.model_copy(update={"offline": False})
    url = online.ranges._access.signed(href, online.patience.deadline())
    assert url.startswith("https://eodata.dataspace.copernicus.eu/eodata/")
    assert "STORE-SECRET" not in url
    assert source.http._hosts.target(url).port == 443
