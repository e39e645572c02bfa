"""A rectangle of an AOI, seen again through the whole series as the run saw it.

For the evidence: imagery is not kept, so the source is asked again; what is normal comes from the baselines in the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.errors import SceneError
from sentinel_watch.pipeline.memory import BlockMemory
from sentinel_watch.pipeline.viewing import ahead

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from sentinel_watch.domain.change import ChangeMap
    from sentinel_watch.evidence.chip import Chip
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.pipeline.memory import Known
    from sentinel_watch.pipeline.viewing import View
    from sentinel_watch.store import Store

__all__ = ["Window", "overlap"]

Part = tuple[slice, slice]


class Window:
    """The smallest rectangle of the AOI's grid that holds some chips; one chip at least.

    It may cross blocks, and nothing outside of it is read. Where it lies on no learnt block, nothing is normal and nothing bright.
    """

    def __init__(self, job: Assignment, store: Store, chips: Sequence[Chip]) -> None:
        self._job = job
        self._memory = BlockMemory(job, store)
        rows, cols = zip(*(chip.window() for chip in chips), strict=True)
        self._top, self._left = min(part.start for part in rows), min(part.start for part in cols)
        stretch = slice(self._top, max(part.stop for part in rows)), slice(self._left, max(part.stop for part in cols))
        self._grid = job.ground.grid[stretch]
        self._bright = self._bright_ground()

    def part(self, chip: Chip) -> Part:
        """Return the (rows, columns) of a chip in arrays of this window."""
        rows, cols = chip.window()
        return slice(rows.start - self._top, rows.stop - self._top), slice(cols.start - self._left, cols.stop - self._left)

    def looks(self) -> Iterator[xr.Dataset]:
        """Yield the looks of all scenes on this window, oldest first, masked as the run masked them.

        History and monitoring; a scene that cannot be read is left out.
        """
        scenes = [scene for scene in self._job.archive.scenes if self._job.split.role(scene)]
        for _, reading in ahead(lambda scene: self._job.viewer.read(scene, self._grid), scenes):
            try:
                view = reading.result()
            except SceneError:
                continue  # the ledger holds it as failed, and so does the series
            yield self._masked(view)

    def look(self, scene_id: str | None) -> xr.Dataset | None:
        """Return one scene's look on this window, read anew; None for None, and for an id that the archive does not have.

        Raises SceneError where the scene can no longer be read.
        """
        scene = next((scene for scene in self._job.archive.scenes if scene.scene_id == scene_id), None)
        return self._masked(self._job.viewer.read(scene, self._grid)) if scene else None

    def expect(self, time: np.datetime64) -> NDArray[np.float32]:
        """Return the (band, y, x) reflectance that is normal at `time` on this window; NaN where nothing is known."""
        normal = np.full((len(self._job.viewer.bands), *self._grid.shape), np.nan, np.float32)
        for known, here, there in self._known():
            normal[(slice(None), *here)] = known.detector.expect(known.baseline, time)[(slice(None), *there)]
        return normal

    def changes(self) -> tuple[ChangeMap, ...]:
        """Return the changed pixels of all blocks as they stand, those beside the window too; none of blocks that are not learnt."""
        known = ((block, self._memory.get(block)) for block in self._job.ground.blocks)
        return tuple(one.detector.report(one.baseline, one.state, block) for block, one in known if one)

    def _masked(self, view: View) -> xr.Dataset:
        """Return the look of a view, masked with what is normal and bright under the window."""
        time = np.datetime64(view.scene.time.replace(tzinfo=None), "s")
        return self._job.viewer.mask(view, self.expect(time), self._bright)

    def _bright_ground(self) -> NDArray[np.bool_]:
        """Return (y, x) True where SCL is not believed when it says cloud, put together from the blocks."""
        bright = np.zeros(self._grid.shape, bool)
        for known, here, there in self._known():
            bright[here] = known.bright[there]
        return bright

    def _known(self) -> Iterator[tuple[Known, Part, Part]]:
        """Yield the blocks under this window, each with the part of the window that it covers and the part of it that is covered."""
        for block in self._job.ground.blocks:
            rows = overlap(self._grid.shape[0], block.grid.shape[0], block.top - self._top)
            cols = overlap(self._grid.shape[1], block.grid.shape[1], block.left - self._left)
            # before the memory is asked, which would read a block from the store for nothing
            under = rows[0].start < rows[0].stop and cols[0].start < cols[0].stop
            if under and (known := self._memory.get(block)):
                yield known, (rows[0], cols[0]), (rows[1], cols[1])


def overlap(size: int, other: int, shift: int) -> Part:
    """Return the part of a stretch of `size` pixels that another of `other`, beginning at `shift`, covers; and that part in the other."""
    start, stop = max(0, shift), min(size, shift + other)
    return slice(start, stop), slice(start - shift, stop - shift)
