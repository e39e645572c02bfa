"""A synthetic archive for measuring: one block of noisy ground, a pit, and as many monitored dates as asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pystac
import rasterio
from affine import Affine
from rasterio.warp import transform_bounds
from shapely.geometry import box, mapping

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["MONITOR_FROM", "write_archive"]

CRS = "EPSG:32634"
ORIGIN = (500_000, 5_000_000)
HISTORY_SCENES = 30
FIRST = datetime(2019, 1, 1, 9, 30, tzinfo=UTC)
MONITOR_FROM = datetime(2020, 7, 1, tzinfo=UTC)
GROUND = {"B02": 500, "B04": 900, "B08": 2800, "B11": 2200}
DUG = {"B02": 2400, "B04": 3300, "B08": 3700, "B11": 4300}


def write_archive(folder: Path, monitored: int, side_px: int) -> Path:
    """Write `folder`/catalog.json and `folder`/aoi.geojson, with `monitored` dates to watch, and return the folder."""
    catalog = pystac.Catalog("memory", "Synthetic scenes to measure memory with")
    for number, time in enumerate(_times(monitored)):
        catalog.add_item(_item(folder, number, time, side_px))
    catalog.normalize_hrefs(str(folder))
    catalog.save(pystac.CatalogType.SELF_CONTAINED)
    feature = {"type": "Feature", "properties": {"site_type": "mine"}, "geometry": mapping(box(*_bounds(side_px, margin_m=15)))}
    (folder / "aoi.geojson").write_text(json.dumps(feature))
    return folder


def _times(monitored: int) -> list[datetime]:
    history = [FIRST + timedelta(days=18 * number) for number in range(HISTORY_SCENES)]
    # a day at least lies between two looks, and two years at most are watched
    step = max(timedelta(days=730) / monitored, timedelta(days=1))
    return [*history, *(MONITOR_FROM + step * number for number in range(monitored))]


def _bounds(side_px: int, margin_m: float = 0) -> tuple[float, float, float, float]:
    west, north = ORIGIN
    size = 10 * side_px
    inner = west + margin_m, north - size + margin_m, west + size - margin_m, north - margin_m
    west, south, east, north = transform_bounds(CRS, "EPSG:4326", *inner)
    return west, south, east, north


def _item(folder: Path, number: int, time: datetime, side_px: int) -> pystac.Item:
    name = f"scene_{number:05d}"
    outline = box(*_bounds(side_px))
    item = pystac.Item(name, mapping(outline), list(outline.bounds), time, {"platform": "sentinel-2a", "s2:processing_baseline": "02.14"})
    for band, dn in _layers(number, time, side_px).items():
        _write(folder / name / f"{band}.tif", dn)
        scaling = {} if band == "SCL" else {"scale": 0.0001, "offset": 0.0}
        fields = {"eo:bands": [{"name": band}], "raster:bands": [{"nodata": 0, **scaling}]}
        item.add_asset(band, pystac.Asset(f"./{band}.tif", media_type=pystac.MediaType.COG, extra_fields=fields))
    return item


def _layers(number: int, time: datetime, side_px: int) -> dict[str, NDArray[np.uint16] | NDArray[np.uint8]]:
    rng = np.random.default_rng(number)
    layers = {}
    for band, level in GROUND.items():
        seen = rng.normal(level, 40, (side_px, side_px))
        if time >= MONITOR_FROM + timedelta(days=60):
            seen[10:30, 10:30] += DUG[band] - level
        layers[band] = seen.clip(1).astype(np.uint16)
    return {**layers, "SCL": np.full((side_px, side_px), 4, np.uint8)}


def _write(path: Path, dn: NDArray[np.uint16] | NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    grid = Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1])
    shape = {"count": 1, "height": dn.shape[0], "width": dn.shape[1]}
    with rasterio.open(path, "w", driver="GTiff", compress="deflate", dtype=dn.dtype, crs=CRS, transform=grid, nodata=0, **shape) as file:
        file.write(dn, 1)
