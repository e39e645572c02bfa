"""What is known of every block: its baseline and its state, a few in memory, all in the store."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sentinel_watch.pipeline.learning import Lesson

if TYPE_CHECKING:
    from sentinel_watch.contracts import Detector
    from sentinel_watch.domain.change import Arrays
    from sentinel_watch.domain.grid import Block
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.store import Store

__all__ = ["BlockMemory", "Known"]

IN_MEMORY = 16
"""Blocks that are kept at hand; the others are read from the store when their turn comes."""


@dataclass(frozen=True, slots=True)
class Known:
    """A block as it stands: who watches it, what is normal, what was seen."""

    detector: Detector
    baseline: Arrays
    state: Arrays


class BlockMemory:
    """Gives each block as it stands."""

    def __init__(self, job: Assignment, store: Store) -> None:
        self._job = job
        self._store = store
        self._near: OrderedDict[str, Known | None] = OrderedDict()

    def get(self, block: Block) -> Known | None:
        """Return the block as it stands; None where no detector could learn it."""
        if block.key not in self._near:
            self._near[block.key] = self._load(block)
            if len(self._near) > IN_MEMORY:
                self._near.popitem(last=False)
        self._near.move_to_end(block.key)
        return self._near[block.key]

    def put(self, block: Block, state: Arrays) -> None:
        """Keep the block's new state at hand; saving it is the caller's transaction."""
        known = self._near[block.key]
        self._near[block.key] = replace(known, state=state) if known else None

    def _load(self, block: Block) -> Known | None:
        saved = self._store.baseline(self._job.watch, block.key)
        lesson = Lesson.load(saved) if saved else None
        if lesson is None or lesson.detector is None:
            return None
        detector = self._job.request.pipeline.detectors_built[lesson.detector]
        state = self._store.state(self._job.watch, block.key)
        return Known(detector, lesson.baseline, detector.start(lesson.baseline) if state is None else state)
