"""What a run says of one pair: a catalogue of two scenes is written and run, all but the figures and files of the delivery."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pystac
import rasterio
from odc.geo.geobox import GeoBox
from odc.geo.geom import point
from shapely.geometry import mapping

from sentinel_watch.pipeline.assignment import assign
from sentinel_watch.pipeline.deliver import draft_alerts, triage_context
from sentinel_watch.pipeline.learning import learn_blocks
from sentinel_watch.pipeline.monitoring import Monitor
from sentinel_watch.pipeline.plan import RunRequest
from sentinel_watch.pipeline.progress import Silent
from sentinel_watch.pipeline.rewind import pending
from sentinel_watch.register import read_site
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from benchmarks.pairs.looks import Pair
    from sentinel_watch.pipeline.definition import Pipeline

__all__ = ["Said", "run_pair", "write_pair"]

KEYS = {"B02": "blue", "B03": "green", "B04": "red", "B08": "nir", "B11": "swir16", "B12": "swir22"}
STEP = 1e-4


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a pair; areas in hectares."""

    pair: Pair
    area_ha: float
    """Of all alerts together, 0 without one."""
    largest_ha: float
    """Of the largest region that was seen, alert or not."""
    probs: dict[str, float]
    """Class -> probability of the alert that ranks first; empty without one."""
    first: str
    """Its class, empty without one."""


def run_pair(pair: Pair, pipeline: Pipeline) -> Said:
    """Return what a run of the pair says."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_pair(pair, folder)
        request = RunRequest(
            read_site(folder / "aoi.geojson"), str(folder / "catalog.json"), pipeline, folder / "out", folder / "workspace"
        )
        with open_store(request.workspace) as store:
            job = assign(request, store)
            learn_blocks(job, store, Silent())
            Monitor(job, store).watch(pending(job, store), Silent())
            alerts, events = draft_alerts(job, store, triage_context(job, store)), store.events(job.watch)
    largest = max((event.region.area_ha for event in events), default=0.0)
    if not alerts:
        return Said(pair, 0.0, largest, {}, "")
    return Said(pair, sum(alert.area_ha for alert in alerts), largest, json.loads(alerts[0].class_probs), alerts[0].event_class)


def write_pair(pair: Pair, folder: Path) -> None:
    """Write the pair as a static STAC catalogue of single-band files, and its outline as `aoi.geojson`."""
    grid = _grid(pair)
    catalog = pystac.Catalog("pair", f"{pair.kind}: {pair.name}")
    scl = pair.scl or (None, None)
    for name, time, values, classes in zip(("before", "after"), pair.times, (pair.before, pair.after), scl, strict=True):
        item = pystac.Item(
            name, mapping(grid.geographic_extent.geom), list(grid.geographic_extent.boundingbox), time, {"platform": "sentinel-2"}
        )
        for band, picture in zip(pair.bands, values, strict=True):
            path = folder / f"{name}_{KEYS[band]}.tif"
            _write(path, np.nan_to_num(np.clip(np.round(picture / STEP), 1, 65_535), nan=0).astype(np.uint16), grid)
            described = {
                "eo:bands": [{"name": band, "common_name": KEYS[band]}],
                "raster:bands": [{"scale": STEP, "offset": 0.0, "nodata": 0}],
            }
            item.add_asset(KEYS[band], pystac.Asset(str(path), extra_fields=described, roles=["data"]))
        if classes is not None:
            _write(folder / f"{name}_scl.tif", classes, grid)
            item.add_asset("scl", pystac.Asset(str(folder / f"{name}_scl.tif"), roles=["data"]))
        catalog.add_item(item)
    catalog.normalize_hrefs(str(folder))
    catalog.save(pystac.CatalogType.SELF_CONTAINED)
    # a little within, so that the way to degrees and back adds no row
    inside = grid.extent.buffer(-5).to_crs("EPSG:4326")
    properties = {"site_id": "pair", "name": "Pair", "site_type": "mine"}
    outline = {"type": "Feature", "properties": properties, "geometry": mapping(inside.geom)}
    (folder / "aoi.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [outline]}))


def _grid(pair: Pair) -> GeoBox:
    """Return the 10 m grid of the pair around its place, on Sentinel-2's own."""
    zone = f"EPSG:{(32600 if pair.lat >= 0 else 32700) + int((pair.lon + 180) // 6) + 1}"
    x, y = point(pair.lon, pair.lat, "EPSG:4326").to_crs(zone).coords[0]
    height, width = pair.before.shape[1:]
    left, top = 10 * round(x / 10 - width / 2), 10 * round(y / 10 + height / 2)
    return GeoBox((height, width), rasterio.transform.from_origin(left, top, 10, 10), zone)


def _write(path: Path, numbers: np.ndarray, grid: GeoBox) -> None:
    """Write one band as it is, 0 = no data."""
    shape = {"height": grid.shape[0], "width": grid.shape[1], "count": 1, "dtype": numbers.dtype.name}
    with rasterio.open(
        path, "w", driver="GTiff", crs=str(grid.crs), transform=grid.affine, nodata=0, tiled=True, blockxsize=64, blockysize=64, **shape
    ) as file:
        file.write(numbers, 1)
