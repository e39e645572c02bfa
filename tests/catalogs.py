"""Writes small STAC catalogues of COGs for tests: real files, synthetic pixels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pystac
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.transform import array_bounds
from rasterio.warp import transform_bounds
from shapely.geometry import box, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = ["UTM", "Layer", "Shot", "footprint", "series", "write_catalog", "write_tiff"]

UTM = "EPSG:32634"
"""A zone's CRS; the default origin below is a corner of Sentinel-2's 10 m grid in it."""
ORIGIN = (500_000.0, 5_000_000.0)


@dataclass(frozen=True)
class Layer:
    """One band's pixels: digital numbers (y, x) and the size of a pixel in metres."""

    dn: NDArray[Any]
    pixel_m: float = 10.0


@dataclass(frozen=True)
class Shot:
    """One item to be written; `properties` and `fields` override what the writer would put into item and assets."""

    item_id: str
    time: datetime
    layers: Mapping[str, Layer]
    """Band name -> pixels; also the asset's key, in lower case."""
    baseline: str = "02.14"
    offset: float | None = 0.0
    """Declared offset in reflectance; None = the item declares no raster:bands at all."""
    crs: str = UTM
    origin: tuple[float, float] = ORIGIN
    """Easting and northing of the upper left corner, metres."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)

    def grid(self, layer: Layer) -> Affine:
        """Return the pixel-to-map transform of one of the shot's layers."""
        return Affine(layer.pixel_m, 0, self.origin[0], 0, -layer.pixel_m, self.origin[1])


def footprint(shot: Shot) -> BaseGeometry:
    """Return the box around the shot's first layer, WGS84."""
    layer = next(iter(shot.layers.values()))
    bounds = array_bounds(*layer.dn.shape, shot.grid(layer))
    return box(*transform_bounds(shot.crs, "EPSG:4326", *bounds))


def series(template: Shot, count: int, step_days: int = 5) -> list[Shot]:
    """Return `count` shots like `template`, `step_days` apart, with the day in their ids."""
    times = [template.time + timedelta(days=step_days * index) for index in range(count)]
    return [replace(template, item_id=f"{template.item_id}_{time:%Y%m%d}", time=time) for time in times]


def write_tiff(path: Path, dn: NDArray[Any], grid: Affine, crs: str = UTM, **profile: Any) -> Path:
    """Write `dn`, (y, x) or (band, y, x), as a COG, or as `profile` says, and return its path."""
    stack = dn if dn.ndim == 3 else dn[None]
    nodata = np.nan if stack.dtype.kind == "f" else 0
    options = {"driver": "COG", "compress": "deflate", "blocksize": 128, "overviews": "NONE", "nodata": nodata, **profile}
    shape = {"count": stack.shape[0], "height": stack.shape[1], "width": stack.shape[2]}
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(path, "w", dtype=stack.dtype, crs=CRS.from_user_input(crs), transform=grid, **shape, **options) as file:
        file.write(stack)
    return path


def write_catalog(folder: Path, shots: Sequence[Shot], catalog_id: str = "synthetic") -> Path:
    """Write the shots and the catalogue that lists them, and return the path of its `catalog.json`."""
    catalog = pystac.Catalog(catalog_id, "Synthetic scenes for tests")
    for shot in shots:
        catalog.add_item(_item(shot, folder))
    catalog.normalize_hrefs(str(folder))
    catalog.save(pystac.CatalogType.SELF_CONTAINED)
    return folder / "catalog.json"


def _item(shot: Shot, folder: Path) -> pystac.Item:
    outline = footprint(shot)
    properties = {"platform": "sentinel-2a", "s2:processing_baseline": shot.baseline, **shot.properties}
    time = shot.time if shot.time.tzinfo else shot.time.replace(tzinfo=UTC)
    item = pystac.Item(shot.item_id, mapping(outline), list(outline.bounds), time, properties)
    for band, layer in shot.layers.items():
        write_tiff(folder / shot.item_id / f"{band.lower()}.tif", layer.dn, shot.grid(layer), shot.crs)
        fields: dict[str, Any] = {"eo:bands": [{"name": band}]}
        if shot.offset is not None:
            scaling = {} if band == "SCL" else {"scale": 0.0001, "offset": shot.offset}
            fields["raster:bands"] = [{"nodata": 0, **scaling}]
        asset = pystac.Asset(
            f"./{band.lower()}.tif", media_type=pystac.MediaType.COG, roles=["data"], extra_fields={**fields, **shot.fields}
        )
        item.add_asset(band.lower(), asset)
    return item
