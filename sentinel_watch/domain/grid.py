"""The grid of an AOI and the blocks that it is worked on in."""

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
    """One work unit: a rectangle of an AOI's grid."""

    row: int
    col: int
    top: int
    """First row of the block in the AOI's grid, pixels."""
    left: int
    """First column of the block in the AOI's grid, pixels."""
    grid: GeoBox

    @property
    def key(self) -> str:
        """Return the block's name in the store: `r000c000`."""
        return f"r{self.row:03d}c{self.col:03d}"


def aoi_grid(geometry: BaseGeometry, resolution_m: float = 10.0, margin_m: float = 0.0) -> GeoBox:
    """Return the grid that covers `geometry` (WGS84) in its UTM zone, edges snapped to multiples of the resolution."""
    aoi = Geometry(geometry, "EPSG:4326").to_crs("utm")
    return GeoBox.from_geopolygon(aoi.buffer(margin_m) if margin_m else aoi, resolution=resolution_m)


def blocks(grid: GeoBox, side_px: int) -> Iterator[Block]:
    """Yield the blocks of `grid`, row by row; those at the right and bottom edge may be smaller than `side_px`."""
    tiles = GeoboxTiles(grid, (side_px, side_px))
    for row, col in np.ndindex(*tiles.shape):
        yield Block(row, col, row * side_px, col * side_px, cast("GeoBox", tiles[row, col]))


def inside(geometry: BaseGeometry, grid: GeoBox) -> NDArray[np.bool_]:
    """Return a (y, x) mask: True where a pixel's centre lies inside `geometry` (WGS84)."""
    shape = Geometry(geometry, "EPSG:4326").to_crs(str(grid.crs))
    return np.asarray(geometry_mask([shape.geom], grid.shape, grid.affine, invert=True), bool)
