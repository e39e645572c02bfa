"""Rasters of a bundle: cloud-optimised GeoTIFFs that give back the very numbers that were put in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

__all__ = ["Stored", "compact", "write_cog"]

WHOLE = ((np.uint8, 0), (np.uint16, 0), (np.uint16, 65_535))
"""Kinds of whole numbers that are tried, smallest first, each with the number that would stand for "no data"."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An array as a file holds it."""

    values: NDArray[Any]
    """(y, x)"""
    nodata: int | None
    """The number that stands for "no data"; None where NaN does."""


def compact(numbers: NDArray[np.float32]) -> Stored:
    """Return (y, x) float32 digital numbers, NaN = no data, in the smallest type that loses nothing.

    Resampled numbers have fractions and stay float32.

    uint8 or uint16 where all values are whole, not negative, and leave a number free for "no data". Reading it back
    gives the same float32 numbers.
    """
    missing = np.isnan(numbers)
    known = numbers[~missing]
    if np.all(known == np.floor(known)):
        for kind, nodata in WHOLE:
            top = np.iinfo(kind).max
            if not np.any((known < 0) | (known > top) | (known == nodata)):
                return Stored(np.where(missing, nodata, numbers).astype(kind), nodata)
    return Stored(numbers.astype(np.float32), None)


def write_cog(path: Path, values: NDArray[Any], grid: GeoBox, nodata: float | None = None) -> None:
    """Write a (y, x) array on `grid` as a lossless cloud-optimised GeoTIFF; the same array gives the same bytes.

    `nodata` is the value that stands for "no data", NaN for floats where it is left out.

    Compressed by DEFLATE with a predictor, no overviews, one thread. Raises rasterio's errors where it cannot be
    written.
    """
    whole = np.issubdtype(values.dtype, np.integer)
    # a small chip in a block of 512 would be mostly padding, and five times slower to write
    block_px = min(512, -(-max(grid.shape) // 16) * 16)
    options = {"compress": "DEFLATE", "predictor": 2 if whole else 3, "overviews": "NONE", "blocksize": block_px, "num_threads": 1}
    profile = {"driver": "COG", "count": 1, "dtype": str(values.dtype), "height": grid.shape[0], "width": grid.shape[1], **options}
    path.parent.mkdir(parents=True, exist_ok=True)
    # whole numbers without nodata mean what they say, 0 included
    missing = nodata if nodata is not None or whole else float("nan")
    with rasterio.open(path, "w", crs=str(grid.crs), transform=grid.affine, nodata=missing, **profile) as file:
        file.write(values, 1)
