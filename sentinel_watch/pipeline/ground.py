"""Where a run works: the AOI's grid, its blocks, and which pixels lie inside the AOI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentinel_watch.domain.grid import Block, aoi_grid, blocks, inside

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox
    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.pipeline.definition import Grid

__all__ = ["Ground"]


@dataclass(frozen=True, slots=True)
class Ground:
    """The grid of an AOI with its blocks; a block without a pixel of the AOI is left out, and never read."""

    grid: GeoBox
    inside: NDArray[np.bool_]
    """(y, x) True inside the AOI."""
    blocks: tuple[Block, ...]
    """Those that hold some of the AOI, the one that holds most of it first."""

    @classmethod
    def of(cls, geometry: BaseGeometry, config: Grid) -> Ground:
        """Return the ground of an AOI (WGS84, degrees); the same geometry and `config` give the same blocks in the same order."""
        grid = aoi_grid(geometry, config.resolution_m, config.margin_m)
        aoi = inside(geometry, grid)
        parts = [block for block in blocks(grid, config.block_px) if aoi[window(block)].any()]
        # by key where two hold as much: every run must take them in one order
        return cls(grid, aoi, tuple(sorted(parts, key=lambda block: (-int(aoi[window(block)].sum()), block.key))))

    def aoi(self, block: Block) -> NDArray[np.bool_]:
        """Return the (y, x) part of `inside` that lies on `block`, True inside the AOI."""
        return self.inside[window(block)]


def window(block: Block) -> tuple[slice, slice]:
    """Return the block's (rows, columns) in an array on the AOI's grid."""
    height, width = block.grid.shape
    return slice(block.top, block.top + height), slice(block.left, block.left + width)
