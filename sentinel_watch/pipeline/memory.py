"""What is known of every block: its baseline and its state, a few in memory, all in the store.

Nothing is saved here: states are written by whoever makes them, together with the look that they follow from.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.pipeline.learning import Lesson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.contracts import Detector
    from sentinel_watch.domain.change import Arrays, Region
    from sentinel_watch.domain.grid import Block
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.store import Store

__all__ = ["BlockMemory", "Known"]

IN_MEMORY = 16
"""Blocks that are kept at hand; the others are read from the store when their turn comes."""


@dataclass(frozen=True, slots=True)
class Known:
    """A block as it stands: who watches it, what is normal, what was seen; `state` is that after the last used look."""

    detector: Detector
    baseline: Arrays
    state: Arrays
    bright: NDArray[np.bool_]
    """(y, x) True where SCL is not believed when it says cloud."""


class BlockMemory:
    """Gives each block as it stands.

    The blocks asked for last are at hand. Any may be dropped for another, so a state must be in the store before it is put.
    """

    def __init__(self, job: Assignment, store: Store) -> None:
        self._job = job
        self._store = store
        self._near: OrderedDict[str, Known | None] = OrderedDict()
        self._years: dict[str, NDArray[np.float32]] = {}

    def get(self, block: Block) -> Known | None:
        """Return the block as it stands; None where no detector could learn it."""
        if block.key not in self._near:
            self._near[block.key] = self._load(block)
            if len(self._near) > IN_MEMORY:
                forgotten, _ = self._near.popitem(last=False)
                self._years.pop(forgotten, None)
        self._near.move_to_end(block.key)
        return self._near[block.key]

    def put(self, block: Block, state: Arrays) -> None:
        """Keep the block's new state at hand; saving it is the caller's transaction.

        The block must be at hand, from `get`, else KeyError. One that no detector could learn stays as it is.
        """
        known = self._near[block.key]
        self._near[block.key] = replace(known, state=state) if known else None

    def normal_year(self, region: Region) -> dict[str, NDArray[np.float32]]:
        """Return band -> (12,) mean reflectance that is normal at a region in the middle of each month, NaN = not known.

        `region` counts rows and columns from the AOI's corner. The mean is over those of its pixels that have a value.
        """
        parts = []
        for block in self._job.ground.blocks:
            rows, cols = region.rows - block.top, region.cols - block.left
            here = (rows >= 0) & (cols >= 0) & (rows < block.grid.shape[0]) & (cols < block.grid.shape[1])
            if here.any() and self.get(block):
                parts.append(self._months(block)[:, :, rows[here], cols[here]])
        pixels = np.concatenate(parts, axis=2) if parts else np.full((12, len(self._job.viewer.bands), 1), np.nan, np.float32)
        seen = np.isfinite(pixels)
        # by hand, for nanmean warns where a month is known at no pixel
        means = np.where(seen, pixels, 0).sum(axis=2) / np.where(seen.any(axis=2), seen.sum(axis=2), np.nan)
        return {band: means[:, number] for number, band in enumerate(self._job.viewer.bands)}

    def _months(self, block: Block) -> NDArray[np.float32]:
        """Return the (12, band, y, x) reflectance that is normal in the middle of each month; KeyError for a block that is not learnt."""
        known = self.get(block)
        # kept, since every event is classified anew after every scene
        if block.key not in self._years and known:
            days = [np.datetime64(f"{self._job.split.monitor_from.year}-{month:02d}-15", "ns") for month in range(1, 13)]
            self._years[block.key] = np.stack([known.detector.expect(known.baseline, day) for day in days])
        return self._years[block.key]

    def _load(self, block: Block) -> Known | None:
        """Return the block as the store knows it, before its first look where no state is saved; None where it is not learnt."""
        saved = self._store.baseline(self._job.watch, block.key)
        lesson = Lesson.load(saved) if saved else None
        if lesson is None or lesson.detector is None:
            return None
        detector = self._job.request.pipeline.detectors_built[lesson.detector]
        state = self._store.state(self._job.watch, block.key)
        return Known(detector, lesson.baseline, detector.start(lesson.baseline) if state is None else state, lesson.bright)
