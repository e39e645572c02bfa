"""The history of a block becomes a baseline.

A block at a time, each saved when it is learnt: a run that is killed goes on with the next. A baseline is learnt once;
whether the archive has since made it untrue is for `rewind` to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.domain.ledger import Outcome, Reason
from sentinel_watch.domain.look import stack_looks
from sentinel_watch.errors import SceneError
from sentinel_watch.masking import bright_targets, never_clear, season_medians
from sentinel_watch.pipeline.ledger import sum_up
from sentinel_watch.pipeline.viewing import ahead, assess
from sentinel_watch.store import Look

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from sentinel_watch.contracts import Detector
    from sentinel_watch.domain.change import Arrays
    from sentinel_watch.domain.grid import Block
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.pipeline.progress import Progress
    from sentinel_watch.pipeline.viewing import View
    from sentinel_watch.store import Store

__all__ = ["History", "Lesson", "learn", "learn_blocks", "read_history"]

CHOSEN, BRIGHT, UNSEEN = "lesson_detector", "lesson_bright", "lesson_unseen"
"""Where a saved lesson holds what is not the detector's own; -1 for no detector."""


@dataclass(frozen=True, slots=True)
class History:
    """What a block's history scenes gave; `looks` tells of all of them, `cube` holds the used ones."""

    cube: xr.Dataset | None
    """`reflectance` (time, band, y, x) and `mask` (time, y, x) of the looks that are worth using; None where none is."""
    looks: Mapping[str, Look]
    """Scene id -> what the scene was worth on this block; failed for one that cannot be read."""
    bright: NDArray[np.bool_]
    """(y, x) True where the ground is so bright that SCL takes it for cloud."""
    unseen: NDArray[np.bool_]
    """(y, x) True inside the AOI where no look was usable."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learnt of a block; all but `shortages` is saved.

    `baseline` is the detector's own and empty where there is no detector.
    """

    detector: int | None
    """Number of the pipeline's detector that the history suffices for; None where it suffices for none."""
    shortages: tuple[str, ...]
    """Why the detectors before it were passed over, in plain words."""
    baseline: Arrays
    bright: NDArray[np.bool_]
    unseen: NDArray[np.bool_]
    """Both as in the history."""

    def save(self) -> Arrays:
        """Return the lesson as arrays for the store: the baseline's, and three of our own beside them."""
        chosen = np.array(-1 if self.detector is None else self.detector)
        return {**self.baseline, CHOSEN: chosen, BRIGHT: self.bright, UNSEEN: self.unseen}

    @classmethod
    def load(cls, saved: Arrays) -> Lesson:
        """Return the lesson that `save` gave, shortages left out; KeyError where `saved` is no lesson."""
        chosen = int(saved[CHOSEN])
        baseline = {name: array for name, array in saved.items() if name not in (CHOSEN, BRIGHT, UNSEEN)}
        return cls(None if chosen < 0 else chosen, (), baseline, saved[BRIGHT].astype(bool), saved[UNSEEN].astype(bool))


def learn_blocks(job: Assignment, store: Store, progress: Progress) -> None:
    """Learn the blocks that the store does not know yet, and write the history's lines of the ledger.

    Progress counts a step for every scene on every block. A scene that has its line keeps it.
    """
    scenes = job.scenes("history")
    missing = [block for block in job.ground.blocks if store.baseline(job.watch, block.key) is None]
    if missing:
        progress.stage("learning what is normal", len(missing) * len(scenes))
    for block in missing:
        history = read_history(job, block, progress)
        lesson = learn(history, job.request.pipeline.detectors_built)
        for shortage in lesson.shortages:
            progress.say(shortage)
        for name, look in history.looks.items():
            store.save_look(job.watch, name, block.key, look)
        # last, since the baseline is what says that the block is done
        store.save_baseline(job.watch, block.key, lesson.save())
    written = {record.scene_id for record in store.records(job.watch)}
    for scene in scenes:
        if scene.scene_id not in written:
            store.record_scene(job.watch, sum_up(scene, "history", store.looks(job.watch, scene.scene_id)))


def learn(history: History, detectors: Sequence[Detector]) -> Lesson:
    """Return what the first detector that `history` suffices for learns from it.

    `detectors` are in order of preference. Where it suffices for none, the lesson says of each why.
    """
    shortages: list[str] = []
    ground = history.bright, history.unseen
    if history.cube is None:
        return Lesson(None, ("no scene of the history is clear enough",), {}, *ground)
    for number, detector in enumerate(detectors):
        if not (shortage := detector.shortage(history.cube)):
            return Lesson(number, tuple(shortages), detector.fit(history.cube), *ground)
        shortages.append(shortage)
    return Lesson(None, tuple(shortages), {}, *ground)


def read_history(job: Assignment, block: Block, progress: Progress) -> History:
    """Return the history of a block; a scene that cannot be read is left out of the cube.

    Masked twice: by what each scene shows itself, then against the median of what that left at its time of the year. All readable
    scenes of the block are in memory meanwhile, (band, y, x) float32 each.
    """
    views, failed = [], {}
    aoi, rule = job.ground.aoi(block), job.request.pipeline.scenes
    for scene, future in ahead(lambda scene: job.viewer.read(scene, block.grid), job.scenes("history")):
        try:
            views.append(future.result())
        except SceneError as error:
            failed[scene.scene_id] = Look(Outcome.FAILED, Reason(error.reason), aoi_px=int(aoi.sum()), detail=str(error))
        progress.step(scene.scene_id)
    bright = _bright_ground(views, block)
    usual = season_medians([job.viewer.mask(view, None, bright) for view in views])
    looks = {view.scene.scene_id: job.viewer.mask(view, normal, bright) for view, normal in zip(views, usual, strict=True)}
    worth = {name: assess(look, aoi, rule) for name, look in looks.items()}
    used = [looks[name] for name, look in worth.items() if look.outcome is Outcome.USED]
    cube = stack_looks(used) if used else None
    unseen = aoi & never_clear(cube["mask"].to_numpy()) if cube is not None else aoi
    return History(cube, {**worth, **failed}, bright, unseen)


def _bright_ground(views: Sequence[View], block: Block) -> NDArray[np.bool_]:
    """Return (y, x) True where SCL takes the ground for cloud; nowhere, where no scene has an SCL."""
    classes = [view.scl for view in views if view.scl is not None]
    return bright_targets(np.stack(classes)) if classes else np.zeros(block.grid.shape, bool)
