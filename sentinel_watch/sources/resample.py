"""Where the pixels of a grid lie in a source raster, and what they are worth there.

The arithmetic is spelt out in NumPy, so that a replay years later does not hang on what a version of GDAL's warper
does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Positions = NDArray[np.float64]

__all__ = ["Placement", "place", "sample"]

NODE_STEP_PX = 32
"""Projections bend by less than a centimetre over 32 pixels of 10 m: between such nodes, straight lines are exact enough."""
SNAP_PX = 1e-3
"""Grids that are off by less than this are the same grid, and pixels are copied."""
MAX_FACTOR = 16


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the pixels of a grid lie in the part of a source raster that they need, with a border of one pixel around it.

    Shapes are (rows, columns) of the grid times `factor`. The bordered part has (height + 2) x (width + 2) pixels,
    flat indices go row by row, and its border is NaN.
    """

    top: int
    left: int
    height: int
    width: int
    """The part of the source that is needed, pixels, inside the source; 0 where grid and source are apart."""
    nearest: NDArray[np.int32]
    """(y, x) flat index of the nearest pixel in the bordered part; the border stands for all that lies outside."""
    corner: NDArray[np.int32]
    """(y, x) flat index of the upper left one of the four pixels around each point."""
    below: NDArray[np.float32]
    right: NDArray[np.float32]
    """(y, x) how far the point is from that corner, 0-1 pixel down and to the right."""
    factor: int
    """Each pixel of the grid has factor x factor points: more than one where the source is finer."""
    cut: tuple[slice, slice] | None
    """Rows and columns of the needed part that are the grid, pixel for pixel; None where it is no such part."""

    @property
    def exact(self) -> bool:
        """Return whether every point is a source pixel's centre, so that pixels are copied.

        Weights below SNAP_PX were rounded to 0 before, so grids off by a hair count as the same.
        """
        return not (self.below.any() or self.right.any())


@lru_cache(maxsize=16)
def place(source_crs: str, source: Affine, shape: tuple[int, int], grid: GeoBox) -> Placement:
    """Return where `grid` lies in a source with CRS `source_crs` (WKT), pixel-to-map transform `source` and (rows, columns).

    Raises ValueError where the source's CRS cannot be brought onto the grid.

    Positions are exact at nodes NODE_STEP_PX apart and linear between them. Where the source is finer, each grid
    pixel gets `factor` x `factor` points, MAX_FACTOR at most. Kept for the last 16 calls, as all bands of a size
    share one.
    """
    rows, cols = _positions(source_crs, source, grid)
    factor = _factor(rows, cols)
    if factor > 1:
        # projected anew: positions of a coarse grid between its pixels would be extrapolated at the edge
        rows, cols = _positions(source_crs, source, _finer(grid, factor))
    (top, height), (left, width) = _needed(rows, shape[0]), _needed(cols, shape[1])
    # Both sides count one pixel of border, and the corner stays off the last row and column, which have no neighbour.
    y, x = np.clip(rows - top + 1, 0, height + 1), np.clip(cols - left + 1, 0, width + 1)
    corner_y, corner_x = np.minimum(np.floor(y), height), np.minimum(np.floor(x), width)
    nearest = _flat(np.floor(y + 0.5), np.floor(x + 0.5), width)
    below, right = (y - corner_y).astype(np.float32), (x - corner_x).astype(np.float32)
    blended = factor > 1 or below.any() or right.any()
    return Placement(
        *(top, left, height, width),
        nearest=nearest,
        corner=_flat(corner_y, corner_x, width),
        below=below,
        right=right,
        factor=factor,
        cut=None if blended else _cut(nearest, height, width),
    )


def sample(values: NDArray[np.float32], placement: Placement, *, nearest: bool) -> NDArray[np.float32]:
    """Return the needed part of the source, `values` (y, x; NaN = no data), on the grid, (y, x) float32.

    Bilinear: a pixel has data where the source's nearest pixel has, and is the weighted mean of those neighbours that
    have. Outside the source there is no data.

    `nearest` takes the source pixel under the grid pixel's centre, for classes. Else float32 arithmetic throughout;
    where the source is finer, the mean of the points, with no data where fewer than half have data.
    """
    if placement.cut:
        return np.ascontiguousarray(values[placement.cut])
    # the border stands for everything outside, so no index needs a check
    bordered = np.pad(values, 1, constant_values=np.nan).ravel()
    if nearest:
        middle = placement.factor // 2
        return bordered[placement.nearest[middle :: placement.factor, middle :: placement.factor]]
    fine = bordered[placement.nearest] if placement.exact else _bilinear(bordered, placement)
    return fine if placement.factor == 1 else _mean(fine, placement.factor)


def _positions(source_crs: str, source: Affine, grid: GeoBox) -> tuple[Positions, Positions]:
    """Return rows and columns of the source, (y, x), at the pixel centres of `grid`; row 0.0 = the centre of the first row.

    Raises ValueError where PROJ cannot bring one CRS onto the other. The grid's axes are taken as x, y, whatever the
    CRS says.
    """
    ys, xs = _nodes(grid.shape[0]), _nodes(grid.shape[1])
    easting, northing = _apply(grid.affine, *np.meshgrid(xs, ys))
    here, there = CRS.from_user_input(str(grid.crs)), CRS.from_wkt(source_crs)
    try:
        if here != there:
            easting, northing = Transformer.from_crs(here, there, always_xy=True).transform(easting, northing, errcheck=True)
    except ProjError as error:
        raise ValueError(f"{there.name} cannot be brought onto {here.name}: {error}") from error
    cols, rows = _apply(~source, easting, northing)
    return _spread(rows - 0.5, ys, xs, grid), _spread(cols - 0.5, ys, xs, grid)


def _apply(matrix: Affine, x: Positions, y: Positions) -> tuple[Positions, Positions]:
    """Return (x, y) of an affine transform, elementwise; any shape."""
    return matrix.a * x + matrix.b * y + matrix.c, matrix.d * x + matrix.e * y + matrix.f


def _finer(grid: GeoBox, factor: int) -> GeoBox:
    """Return `grid` with each pixel cut into factor x factor.

    Same outline and CRS; the pixels are `factor` times smaller on each side.
    """
    a, b, c, d, e, f = tuple(grid.affine)[:6]
    shape = (grid.shape[0] * factor, grid.shape[1] * factor)
    return GeoBox(shape, Affine(a / factor, b / factor, c, d / factor, e / factor, f), grid.crs)


def _nodes(side_px: int) -> Positions:
    """Return pixel centres along one side, first and last included, at most NODE_STEP_PX apart.

    In pixels from the side's start, 0.5 = centre of the first. At least two, so that there is always something to
    interpolate.
    """
    count = max(2, -(-(side_px - 1) // NODE_STEP_PX) + 1)
    return np.linspace(0.5, max(side_px - 0.5, 1.5), count)


def _spread(at_nodes: Positions, ys: Positions, xs: Positions, grid: GeoBox) -> Positions:
    """Return the values at all pixel centres of `grid` from those at the nodes, linearly, snapped to whole pixels.

    `at_nodes` is (len(ys), len(xs)); the result has the grid's shape. Spelt out: a product of matrices would be summed up
    in another order on another processor, and waits for threads of its own.
    """
    (left, right), (above, below) = _between(xs, grid.shape[1]), _between(ys, grid.shape[0])
    rows = at_nodes[:, left] + (at_nodes[:, left + 1] - at_nodes[:, left]) * right
    full: Positions = rows[above] + (rows[above + 1] - rows[above]) * below[:, np.newaxis]
    whole = np.round(full)
    return np.where(np.abs(full - whole) < SNAP_PX, whole, full)


def _between(nodes: Positions, side_px: int) -> tuple[NDArray[np.intp], Positions]:
    """Return for each pixel centre along a side the node before it, and how far it is on the way to the next, 0-1."""
    centres = np.arange(side_px) + 0.5
    before = np.clip(np.searchsorted(nodes, centres, "right") - 1, 0, len(nodes) - 2)
    return before, (centres - nodes[before]) / (nodes[before + 1] - nodes[before])


def _factor(rows: Positions, cols: Positions) -> int:
    """Return how many source pixels a pixel of the grid measures along a side, at least 1, at most MAX_FACTOR.

    Measured along the first row and the first column, by the larger of the two; rotation does not matter.
    """
    down, along = max(rows.shape[0] - 1, 1), max(rows.shape[1] - 1, 1)
    per_row = np.hypot(rows[-1, 0] - rows[0, 0], cols[-1, 0] - cols[0, 0]) / down
    per_col = np.hypot(rows[0, -1] - rows[0, 0], cols[0, -1] - cols[0, 0]) / along
    return int(np.clip(round(float(max(per_row, per_col))), 1, MAX_FACTOR))


def _needed(positions: Positions, side_px: int) -> tuple[int, int]:
    """Return first index and length of the part of a source's side that bilinear sampling needs.

    The length is 0 where the grid lies outside. The part ends with the neighbour of the last position.
    """
    low, high = np.clip((np.floor(positions.min()), np.floor(positions.max()) + 2), 0, side_px)
    return int(low), int(high - low)


def _flat(rows: Positions, cols: Positions, width: int) -> NDArray[np.int32]:
    """Return flat indices into the bordered part, whose rows are `width` + 2 long; int32 is enough for MAX_WINDOW_PX."""
    return (rows * (width + 2) + cols).astype(np.int32)


def _cut(nearest: NDArray[np.int32], height: int, width: int) -> tuple[slice, slice] | None:
    """Return the rows and columns of the needed part that `nearest` lists one by one; None where there are none."""
    top, left = (int(index) - 1 for index in divmod(nearest[0, 0], width + 2))
    rows, cols = slice(top, top + nearest.shape[0]), slice(left, left + nearest.shape[1])
    inside = top >= 0 and left >= 0 and rows.stop <= height and cols.stop <= width
    flat = np.arange((height + 2) * (width + 2), dtype=np.int32).reshape(height + 2, width + 2)[1:-1, 1:-1]
    return (rows, cols) if inside and np.array_equal(flat[rows, cols], nearest) else None


def _bilinear(bordered: NDArray[np.float32], at: Placement) -> NDArray[np.float32]:
    """Return weighted means of the four pixels around each point, of those that have data; NaN where the nearest has none.

    `bordered` is flat; the result has the shape of `at.corner`. Weights are renormalised, so an edge of "no data"
    does not darken its neighbours.
    """
    total, weights = np.zeros((2, *at.corner.shape), np.float32)
    for step_y, share_y in ((0, 1 - at.below), (at.width + 2, at.below)):
        for step_x, share_x in ((0, 1 - at.right), (1, at.right)):
            value = bordered[at.corner + np.int32(step_y + step_x)]
            has_data = ~np.isnan(value)
            share = share_y * share_x
            np.add(total, value * share, out=total, where=has_data)
            np.add(weights, share, out=weights, where=has_data)
    # else data would grow into the gaps by up to half a pixel
    found = ~np.isnan(bordered[at.nearest])
    mean: NDArray[np.float32] = np.divide(total, weights, out=np.full_like(total, np.nan), where=found)
    return mean


def _mean(fine: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Return the mean of each factor x factor points that have data; no data where fewer than half have.

    `fine` is (y x factor, x x factor); the result is (y, x) float32.
    """
    points = fine.reshape(fine.shape[0] // factor, factor, fine.shape[1] // factor, factor)
    has_data = ~np.isnan(points)
    count = has_data.sum(axis=(1, 3), dtype=np.float32)
    total = np.where(has_data, points, np.float32(0)).sum(axis=(1, 3), dtype=np.float32)
    mean: NDArray[np.float32] = np.divide(total, count, out=np.full_like(total, np.nan), where=2 * count >= factor * factor)
    return mean
