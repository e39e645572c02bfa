"""The stretch of an AOI's grid around one event that its figures show.

Its pixels are the AOI's own: nothing is resampled, so a picture shows what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from sentinel_watch.domain.event import Event

__all__ = ["Chip", "chip_around"]


@dataclass(frozen=True, slots=True)
class Chip:
    """A rectangle of an AOI's grid; everything that an evidence figure needs is cut to it.

    Row `r` and column `c` of the AOI's grid are `r - top` and `c - left` on the chip.
    """

    grid: GeoBox
    """The grid of the chip itself, in the AOI grid's CRS."""
    top: int
    """First row of the chip in the AOI's grid, pixels."""
    left: int
    """First column of the chip in the AOI's grid, pixels."""

    def holds(self, rows: NDArray[np.int32], cols: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return (n,) True where a pixel of the AOI's grid lies on the chip; `rows` and `cols` (n,) count from the AOI's corner."""
        height, width = self.grid.shape
        inside = (rows >= self.top) & (rows < self.top + height) & (cols >= self.left) & (cols < self.left + width)
        return np.asarray(inside, bool)

    def window(self) -> tuple[slice, slice]:
        """Return the chip's (rows, columns) in an array on the AOI's grid: `picture[chip.window()]` for (y, x)."""
        height, width = self.grid.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def chip_around(event: Event, grid: GeoBox, min_side_px: int = 48) -> Chip:
    """Return the square chip, twice as wide as the event, that has it in its middle and stays on the AOI's `grid`.

    A tiny event still gets `min_side_px` pixels a side, so that its surroundings can be recognised; an AOI smaller
    than that gives a smaller chip.

    `grid` is the AOI's. The side is in whole pixels; for an event in a corner the chip moves inwards.
    """
    region = event.region
    extent = max(np.ptp(region.rows), np.ptp(region.cols)) + 1
    side = max(min_side_px, 2 * int(extent))
    rows = _stretch(region.rows, grid.shape[0], side)
    cols = _stretch(region.cols, grid.shape[1], side)
    return Chip(grid[rows, cols], rows.start, cols.start)


def _stretch(pixels: NDArray[np.int32], limit: int, side: int) -> slice:
    """Return the `side` rows or columns around `pixels`, within 0 and `limit`.

    `pixels` (n,) are row or column numbers of the event, `limit` the grid's length on that side.
    """
    # At the site's edge the chip moves inwards and keeps its size.
    middle = (int(pixels.min()) + int(pixels.max()) + 1) // 2
    start = min(max(middle - side // 2, 0), max(limit - side, 0))
    return slice(start, min(start + side, limit))
