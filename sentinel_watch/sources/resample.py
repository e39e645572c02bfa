"""Where the pixels of a grid lie in a source raster, and what they are worth there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS, Transformer

if TYPE_CHECKING:
    from affine import Affine
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

__all__ = ["Placement", "place", "sample"]

NODE_STEP_PX = 32
"""Projections bend by less than a centimetre over 32 pixels of 10 m: between such nodes, straight lines are exact enough."""
SNAP_PX = 1e-3
"""Grids that are off by less than this are the same grid, and pixels are copied."""
MAX_FACTOR = 16


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the centres of a grid's pixels lie in a source raster; row 0.0 = the centre of its first row."""

    rows: NDArray[np.float64]
    """(y, x), pixels of the source."""
    cols: NDArray[np.float64]
    """(y, x), pixels of the source."""
    factor: int
    """`rows` and `cols` hold factor x factor points for each pixel of the grid: above 1 where the source is finer."""


@lru_cache(maxsize=32)
def place(source_crs: str, source: Affine, grid: GeoBox) -> Placement:
    """Return where the pixels of `grid` lie in a source with CRS `source_crs` (WKT) and pixel-to-map transform `source`."""
    rows, cols = _positions(source_crs, source, grid)
    middle = tuple(side // 2 for side in grid.shape)
    step = max((abs(a[middle] - a[0, 0]) / max(*middle, 1) for a in (rows, cols)), default=1.0)
    factor = min(round(float(step)), MAX_FACTOR)
    if factor < 2:
        return Placement(rows, cols, 1)
    fine = grid.zoom_to((grid.shape[0] * factor, grid.shape[1] * factor))
    return Placement(*_positions(source_crs, source, fine), factor)


def sample(values: NDArray[np.float32], top: int, left: int, placement: Placement, *, nearest: bool) -> NDArray[np.float32]:
    """Return `values` (y, x; NaN = no data), whose first pixel is (`top`, `left`) of the source, on the placement's grid.

    Bilinear: a pixel has data where the source's nearest pixel has, and is the weighted mean of those neighbours that
    have. Outside `values` there is no data.
    """
    padded = np.pad(values, 1, constant_values=np.nan)
    rows, cols = _clip(placement.rows - top + 1, padded.shape[0]), _clip(placement.cols - left + 1, padded.shape[1])
    centre = padded[_nearest(rows), _nearest(cols)]
    if nearest:
        middle = placement.factor // 2
        return np.ascontiguousarray(centre[middle :: placement.factor, middle :: placement.factor])
    fine = centre if _whole(rows) and _whole(cols) else _bilinear(padded, rows, cols, centre)
    return fine if placement.factor == 1 else _mean(fine, placement.factor)


def _positions(source_crs: str, source: Affine, grid: GeoBox) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rows and columns (y, x) of the source at the pixel centres of `grid`."""
    ys, xs = _nodes(grid.shape[0]), _nodes(grid.shape[1])
    east_px, south_px = np.meshgrid(xs, ys)
    easting, northing = grid.affine * (east_px, south_px)
    here, there = CRS.from_user_input(str(grid.crs)), CRS.from_wkt(source_crs)
    if here != there:
        easting, northing = Transformer.from_crs(here, there, always_xy=True).transform(easting, northing)
    cols, rows = ~source * (easting, northing)
    return _spread(rows - 0.5, ys, xs, grid), _spread(cols - 0.5, ys, xs, grid)


def _nodes(side_px: int) -> NDArray[np.float64]:
    """Return pixel centres along one side, first and last included, at most NODE_STEP_PX apart."""
    count = max(2, -(-(side_px - 1) // NODE_STEP_PX) + 1)
    return np.linspace(0.5, max(side_px - 0.5, 1.5), count)


def _spread(at_nodes: NDArray[np.float64], ys: NDArray[np.float64], xs: NDArray[np.float64], grid: GeoBox) -> NDArray[np.float64]:
    """Return the values at all pixel centres from those at the nodes, linearly, snapped to whole pixels."""
    full = _weights(ys, grid.shape[0]) @ at_nodes @ _weights(xs, grid.shape[1]).T
    whole = np.round(full)
    return np.where(np.abs(full - whole) < SNAP_PX, whole, full)


def _weights(nodes: NDArray[np.float64], side_px: int) -> NDArray[np.float64]:
    """Return the (pixel, node) weights of linear interpolation."""
    centres = np.arange(side_px) + 0.5
    return np.stack([np.interp(centres, nodes, row) for row in np.eye(len(nodes))], axis=1)


def _clip(positions: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Return positions in the padded raster, whose border is no data, with all that lies outside on the border."""
    return np.clip(positions, 0, side - 1)


def _nearest(positions: NDArray[np.float64]) -> NDArray[np.intp]:
    # Half a pixel goes up, always: rounding half to even would repeat and skip pixels when 20 m meet 10 m.
    return np.floor(positions + 0.5).astype(np.intp)


def _whole(positions: NDArray[np.float64]) -> bool:
    return bool((positions == np.floor(positions)).all())


def _bilinear(
    padded: NDArray[np.float32], rows: NDArray[np.float64], cols: NDArray[np.float64], centre: NDArray[np.float32]
) -> NDArray[np.float32]:
    total = np.zeros(rows.shape, np.float32)
    weights = np.zeros(rows.shape, np.float32)
    top, left = np.floor(rows).astype(np.intp), np.floor(cols).astype(np.intp)
    below, right = (rows - top).astype(np.float32), (cols - left).astype(np.float32)
    for down, share_y in ((0, 1 - below), (1, below)):
        for across, share_x in ((0, 1 - right), (1, right)):
            value = padded[np.minimum(top + down, padded.shape[0] - 1), np.minimum(left + across, padded.shape[1] - 1)]
            weight = np.where(np.isnan(value), np.float32(0), share_y * share_x)
            total += weight * np.nan_to_num(value)
            weights += weight
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.isnan(centre), np.float32(np.nan), total / weights)


def _mean(fine: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Return the mean of each factor x factor points that have data; no data where fewer than half have."""
    blocks = fine.reshape(fine.shape[0] // factor, factor, fine.shape[1] // factor, factor)
    has_data = ~np.isnan(blocks)
    count = has_data.sum(axis=(1, 3))
    total = np.where(has_data, blocks, np.float32(0)).sum(axis=(1, 3), dtype=np.float32)
    enough = count * 2 >= factor * factor
    return np.where(enough, total / np.maximum(count, 1), np.float32(np.nan)).astype(np.float32)
