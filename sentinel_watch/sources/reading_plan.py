"""What a run will fetch, estimated before it begins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sentinel_watch.domain.scene import SCL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odc.geo.geobox import GeoBox

    from sentinel_watch.domain.scene import Scene

__all__ = ["bytes_of", "describe_plan"]

PIXEL_M = {"B01": 60, "B02": 10, "B03": 10, "B04": 10, "B08": 10, "B09": 60}
"""Pixel size of Sentinel-2's bands; 20 m for all others."""
BLOCK_PX = 1024
"""Side of a block in the COGs of the large archives."""
BLOCK_BYTES = 1_300_000
"""Mean size of such a block of reflectance, compressed."""
CLASS_BLOCK_BYTES = 60_000
HEADER_BYTES = 32_768


def describe_plan(scenes: Sequence[Scene], bands: Sequence[str], grid: GeoBox) -> str:
    """Return in plain words how much reading `bands` of `scenes` on `grid` takes, cache left out of account."""
    total = sum(bytes_of(band, grid) for scene in scenes for band in bands if band in scene.assets)
    size = f"{total / 1e9:.1f} GB" if total >= 1e9 else f"{math.ceil(total / 1e6)} MB"
    return f"{len(scenes)} scenes to read, at most about {size}; what the cache holds is not fetched again"


def bytes_of(band: str, grid: GeoBox) -> float:
    """Return the bytes that reading one band on `grid` takes on the average, wherever the block edges lie."""
    side_m = [count * abs(step) for count, step in zip(grid.shape, (grid.affine.e, grid.affine.a), strict=True)]
    blocks = math.prod(metres / PIXEL_M.get(band, 20) / BLOCK_PX + 1 for metres in side_m)
    return HEADER_BYTES + blocks * (CLASS_BLOCK_BYTES if band == SCL else BLOCK_BYTES)
