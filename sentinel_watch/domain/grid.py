"""The grid of an AOI and the blocks that it is worked on in.

One GeoBox holds CRS, transform and shape together, so that axis order and pixel corner cannot be mixed up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from odc.geo.geobox import GeoBox, GeoboxTiles
from odc.geo.geom import Geometry
from rasterio.features import geometry_mask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = ["Block", "aoi_grid", "blocks", "inside"]


@dataclass(frozen=True, slots=True)
class Block:
    """One work unit: a rectangle of an AOI's grid.

    `row` and `col` number the blocks from the top left, `top` and `left` its pixels; `grid` is the block's own.
    `Block(0, 2, 0, 1024, grid).key` is `r000c002`.
    """

    row: int
    col: int
    top: int
    """First row of the block in the AOI's grid, pixels."""
    left: int
    """First column of the block in the AOI's grid, pixels."""
    grid: GeoBox

    @property
    def key(self) -> str:
        """Return the block's name in the store: `r000c000`.

        Three digits each, so that names sort in the order of the blocks up to a thousand of them a side.
        """
        return f"r{self.row:03d}c{self.col:03d}"


def aoi_grid(geometry: BaseGeometry, resolution_m: float = 10.0, margin_m: float = 0.0) -> GeoBox:
    """Return the grid that covers `geometry` (WGS84) in its UTM zone, edges snapped to multiples of the resolution.

    At 10 m that is Sentinel-2's own pixel lattice, so reading from a tile of the same zone moves no pixel. `margin_m` widens
    the AOI on all sides first. The zone is the one in which most of the AOI's bounding box lies; scenes of the next are resampled.
    """
    # in metres before the margin is added: a degree is no length
    aoi = Geometry(geometry, "EPSG:4326").to_crs("utm")
    return GeoBox.from_geopolygon(aoi.buffer(margin_m) if margin_m else aoi, resolution=resolution_m)


def blocks(grid: GeoBox, side_px: int) -> Iterator[Block]:
    """Yield the blocks of `grid`, row by row; those at the right and bottom edge may be smaller than `side_px`.

    They do not overlap and leave no gap; memory for a look grows with `side_px` squared, not with the AOI.
    """
    tiles = GeoboxTiles(grid, (side_px, side_px))
    for row, col in np.ndindex(*tiles.shape):
        # cast, since the library's tiles are typed as any kind of grid
        yield Block(row, col, row * side_px, col * side_px, cast("GeoBox", tiles[row, col]))


def inside(geometry: BaseGeometry, grid: GeoBox) -> NDArray[np.bool_]:
    """Return a (y, x) mask: True where a pixel's centre lies inside `geometry` (WGS84).

    By centres, so that pixels along a border shared by two AOIs are counted once.
    """
    shape = Geometry(geometry, "EPSG:4326").to_crs(str(grid.crs))
    # inverted, for rasterio's masks are True outside
    return np.asarray(geometry_mask([shape.geom], grid.shape, grid.affine, invert=True), bool)
