"""Reads a single-band GeoTIFF that nobody vouches for: the header is checked before any pixel, each block before it is read.

A zeroed tile offset reads as silent nodata, a small file can declare a huge raster, and a VRT named .tif names other
files: so only GDAL's GTiff driver is let near it, or the one of JPEG 2000 where the first bytes say that, without sidecar
files, and everything odd is a SceneError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rasterio.windows import Window

from sentinel_watch.sources.blocks import check_sums, unpack
from sentinel_watch.sources.raster_file import LocalFile, opened, unreadable
from sentinel_watch.sources.raster_header import plan_reading
from sentinel_watch.sources.resample import sample

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from sentinel_watch.sources.raster_file import RasterFile
    from sentinel_watch.sources.raster_header import Plan

__all__ = ["read_band", "read_planned", "read_raster"]


def read_band(path: Path, nodata: float | None, grid: GeoBox, *, nearest: bool) -> NDArray[np.float32]:
    """Return the digital numbers of the file at `path` on `grid`, as `read_raster` does; raise SceneError where it is missing.

    `nodata` is a digital number, NaN or None; `nearest` True = classes, which must not be mixed.
    """
    file = LocalFile(path)
    # GDAL would say it in words of its own, which differ by version
    if not path.is_file():
        raise unreadable("the file is missing", file)
    return read_raster(file, nodata, grid, nearest=nearest)


def read_raster(file: RasterFile, nodata: float | None, grid: GeoBox, *, nearest: bool) -> NDArray[np.float32]:
    """Return the file's digital numbers on `grid`, (y, x) float32, NaN = no data or outside the file.

    `nodata` is the DN that means "no data". Pixels are copied where the grids match, else resampled: bilinearly, or by
    nearest neighbour. Raises SceneError("unreadable") where the file is broken or lies about its content.

    Scale and offset are not applied. The values pass through float32, exact for 16-bit numbers. What the file
    declares is held against its length first, so no memory is taken for a lie. A warning of GDAL counts as an error:
    it means that something was repaired or guessed. TransferError of a remote file passes through.
    """
    return read_planned(file, plan_reading(file, grid), nodata, nearest=nearest)


def read_planned(file: RasterFile, plan: Plan, nodata: float | None, *, nearest: bool) -> NDArray[np.float32]:
    """Return what `read_raster` does, by a plan that was made of the same file; may be another thread's matter."""
    at = plan.at
    if at.height * at.width == 0:
        return np.full(plan.shape, np.nan, np.float32)
    file.need([(block.start, block.stop) for block in plan.blocks])
    try:
        values = unpack(plan.packing, plan.blocks, file.read, at) if plan.packing else _by_gdal(file, plan)
    except ValueError as error:
        raise unreadable("a block of the file cannot be unpacked", file, found=str(error)) from error
    if nodata is not None:
        # before resampling, or "no data" would be mixed into its neighbours
        values[values == nodata] = np.nan
    return sample(values, at, nearest=nearest)


def _by_gdal(file: RasterFile, plan: Plan) -> NDArray[np.float32]:
    """Return the part of the raster that is needed, (at.height, at.width) float32, as GDAL reads it; raise ValueError."""
    at = plan.at
    if plan.deflated:
        check_sums(plan.deflated, plan.blocks, file.read)
    with opened(file) as raster:
        values: NDArray[np.float32] = raster.read(1, window=Window(at.left, at.top, at.width, at.height)).astype(np.float32)
        return values
