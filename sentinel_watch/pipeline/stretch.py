"""The part of an AOI's grid that a bundle holds, and its digital numbers, read block by block as the run read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.domain.scene import SCL
from sentinel_watch.evidence.chip import Chip, chip_around

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.domain.event import Event
    from sentinel_watch.domain.grid import Block
    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.pipeline.assignment import Assignment

__all__ = ["Stretch"]

WHOLE_AOI_PX = 70_000
"""An AOI of so many pixels, 7 km² at 10 m, is bundled whole; of a larger one the blocks that the event's surroundings touch."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A rectangle of whole blocks."""

    chip: Chip
    """Where it lies in the AOI's grid."""
    blocks: tuple[Block, ...]
    """Those of the AOI's blocks that lie in it."""
    whole: bool
    """Whether it holds every block of the AOI."""

    @classmethod
    def around(cls, event: Event, job: Assignment) -> Stretch:
        """Return what has to be bundled of the AOI, so that the event can be found again."""
        near, every = chip_around(event, job.ground.grid), job.ground.blocks
        small = job.ground.grid.shape[0] * job.ground.grid.shape[1] <= WHOLE_AOI_PX
        chosen = [block for block in every if small or _touch(block, near)]
        top, left = min(block.top for block in chosen), min(block.left for block in chosen)
        bottom = max(block.top + block.grid.shape[0] for block in chosen)
        right = max(block.left + block.grid.shape[1] for block in chosen)
        grid = job.ground.grid[top:bottom, left:right]
        # a rectangle around two blocks at a corner holds two more
        chip = Chip(grid, top, left)
        inside = tuple(block for block in every if _touch(block, chip))
        return cls(chip, inside, len(inside) == len(every))

    def read(self, job: Assignment, scene: Scene) -> dict[str, NDArray[np.float32]]:
        """Return band -> (y, x) digital numbers of a scene, NaN = no data and off the AOI's blocks; raise SceneError as the source does."""
        whole: dict[str, NDArray[np.float32]] = {}
        for block in self.blocks:
            # block by block: resampling depends on the grid that is asked for, in the last digits
            for band, values in job.viewer.source.read(scene, (*job.viewer.bands, SCL), block.grid).items():
                picture = whole.setdefault(band, np.full(self.chip.grid.shape, np.nan, np.float32))
                top, left = block.top - self.chip.top, block.left - self.chip.left
                picture[top : top + values.shape[0], left : left + values.shape[1]] = values
        return whole


def _touch(block: Block, chip: Chip) -> bool:
    """Return whether a block and a chip share a pixel."""
    rows, cols = chip.window()
    height, width = block.grid.shape
    beside = rows.stop <= block.top or cols.stop <= block.left or block.top + height <= rows.start or block.left + width <= cols.start
    return not beside
