"""What a run will fetch, estimated before it begins.

Estimates for a person who decides whether to begin, not limits: what the cache holds is left out, and how well
a block compresses differs from one landscape to another.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sentinel_watch.domain.scene import SCL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odc.geo.geobox import GeoBox

    from sentinel_watch.domain.scene import Scene

__all__ = ["bytes_of", "describe_plan", "describe_units", "whole_bytes_of"]

PIXEL_M = {"B01": 60, "B02": 10, "B03": 10, "B04": 10, "B08": 10, "B09": 60}
"""Pixel size of Sentinel-2's bands; 20 m for all others."""
BLOCK_PX = 1024
"""Side of a block in the COGs of the large archives."""
BLOCK_BYTES = 1_300_000
"""Mean size of such a block of reflectance, compressed."""
CLASS_BLOCK_BYTES = 60_000
JP2_BYTES = {10: 110e6, 20: 30e6, 60: 4e6}
"""Pixel size -> about what a band of a tile takes as JPEG 2000, which is fetched whole."""
JP2_CLASS_BYTES = 2e6
HEADER_BYTES = 32_768
CACHED = "what the cache holds is not fetched again"
BYTES_A_SECOND = 5e6
IMAGES_A_SECOND = 2.0
"""What an ordinary line and an ordinary account give, to tell minutes from hours; neither was measured on the archives."""


def describe_plan(scenes: Sequence[Scene], bands: Sequence[str], grid: GeoBox) -> str:
    """Return in plain words how much reading `bands` of `scenes` on `grid` takes, cache left out of account.

    `grid` is the whole area of interest; bands that a scene lacks count nothing. JPEG 2000 counts as whole files,
    COGs as the blocks that the grid touches. Megabytes and gigabytes are decimal.
    """
    wanted = [(band, scene.assets[band].href) for scene in scenes for band in bands if band in scene.assets]
    total = sum(whole_bytes_of(band) if href.lower().endswith(".jp2") else bytes_of(band, grid) for band, href in wanted)
    size = f"{total / 1e9:.1f} GB" if total >= 1e9 else f"{math.ceil(total / 1e6)} MB"
    return f"{len(scenes)} scenes to read, at most about {size}, {_duration(total / BYTES_A_SECOND)} at 5 MB a second; {CACHED}"


def describe_units(scenes: int, units: float, images: int, budget: float | None) -> str:
    """Return in plain words what so many images of so many scenes cost in processing units, cache left out of account.

    `units` are processing units of all images together; `budget` None = none is set.
    """
    allowed = "" if budget is None else f" of the {budget:g} that a run may spend"
    time = _duration(images / IMAGES_A_SECOND)
    return (
        f"{scenes} scenes to read, at most {images} images and {units:.1f} processing units{allowed}, {time} at 2 images a second; {CACHED}"
    )


def _duration(seconds: float) -> str:
    """Return a time in whole minutes, rounded up, or from two hours on in hours."""
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.0f} h"


def whole_bytes_of(band: str) -> float:
    """Return the bytes of a whole JPEG 2000 file of a Sentinel-2 tile, on the average.

    For 110 km tiles as ESA packs them; by pixel size, and less for SCL, whose classes compress well.
    """
    return JP2_CLASS_BYTES if band == SCL else JP2_BYTES[PIXEL_M.get(band, 20)]


def bytes_of(band: str, grid: GeoBox) -> float:
    """Return the bytes that reading one band on `grid` takes on the average, wherever the block edges lie.

    A stretch of n blocks lies in n + 1 of them on the average, along each side. Bytes are compressed ones.
    """
    side_m = [count * abs(step) for count, step in zip(grid.shape, (grid.affine.e, grid.affine.a), strict=True)]
    blocks = math.prod(metres / PIXEL_M.get(band, 20) / BLOCK_PX + 1 for metres in side_m)
    return HEADER_BYTES + blocks * (CLASS_BLOCK_BYTES if band == SCL else BLOCK_BYTES)
