"""Naming events: what a scene shows of each is counted, a model looks at those that changed, and the classifier says what it is.

A model is asked only where it may be believed and only when a scene changed the event; else what it thought before stands. It
sees the blocks' own looks at the scene and what is normal there, so that a replay of the same scenes names the same classes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.classification.measures import BANDS
from sentinel_watch.classification.sighting import REACH_PX, Stretch, sight
from sentinel_watch.domain.event import EventStatus
from sentinel_watch.domain.look import MaskReason, usable
from sentinel_watch.errors import SceneError
from sentinel_watch.evidence.chip import Chip, chip_around
from sentinel_watch.models import load_model
from sentinel_watch.pipeline.window import overlap

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import xarray as xr
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from sentinel_watch.domain.event import Event
    from sentinel_watch.domain.grid import Block
    from sentinel_watch.domain.opinion import Opinion
    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.domain.series import Series
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.pipeline.memory import BlockMemory

    Pictures = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]
    """Normal and seen, (band, y, x) reflectance, NaN = not known or masked, and (y, x) True where it may be cloud or shadow."""

__all__ = ["Judge"]

MIN_SEEN = 0.5
"""Share of an event's own pixels that the scene must show for a model to judge it."""
MAY_LACK: tuple[set[str], ...] = (set(), {"B03"}, {"B12"})
"""Bands that may be missing: models are trained with copies that lack one of them."""
LOOKS = 32
"""Looks at the scene at hand that are kept; those of further blocks are read again where an event needs them."""


class Judge:
    """Names the events of one site after each scene."""

    def __init__(self, job: Assignment, memory: BlockMemory) -> None:
        self._job = job
        self._memory = memory
        self._classifier = job.request.pipeline.classifier_built
        self._model = load_model(self._classifier.asks) if self._classifier.asks else None
        self._believed = self._may_be_believed()
        self._looks: OrderedDict[tuple[str, str], Pictures] = OrderedDict()
        self._all = frozenset(block.key for block in job.ground.blocks)

    def saw(self, scene: Scene, block: Block, look: xr.Dataset, normal: NDArray[np.float32] | None) -> None:
        """Take notice of how a block saw a scene, and of what is normal there, (band, y, x); None where the block is not learnt."""
        if normal is not None:
            self._keep(scene, block, look, normal)

    def named(self, events: Iterable[Event], scene: Scene, used: Collection[str]) -> tuple[Event, ...]:
        """Return the events, each with the class that it now has.

        `scene` is the last that was looked at, `used` are the keys of the blocks that could use it: others show nothing of it.
        """
        events = tuple(events)
        changed = np.zeros(self._job.ground.grid.shape, np.bool_)
        for event in events:
            if event.status is not EventStatus.FINISHED:
                changed[event.region.rows, event.region.cols] = True
        return tuple(self._named(replace(event, series=self._series(event, scene, used, changed)), scene) for event in events)

    def _named(self, event: Event, scene: Scene) -> Event:
        """Return one event with its class."""
        before = event.classification.opinion if event.classification else None
        # a scene that left area and status as they were shows nothing new
        changed = bool(event.history) and event.history[-1].scene_id == scene.scene_id
        opinion = (self._opinion(event, scene) if changed else None) or before
        year = self._memory.normal_year(event.region)
        return replace(event, classification=self._classifier.classify(event, self._job.request.site, year, opinion))

    def _series(self, event: Event, scene: Scene, used: Collection[str], changed: NDArray[np.bool_]) -> Series:
        """Return what the scenes have shown of an event, `scene` included; `changed` (y, x) is True on any event of the AOI."""
        if event.status is EventStatus.FINISHED:
            return event.series
        chip = _around(event, self._job.ground.grid)
        own = np.zeros(chip.grid.shape, np.bool_)
        own[event.region.rows - chip.top, event.region.cols - chip.left] = True
        part = Stretch(*self._pictures(chip, scene, used), own, changed[chip.window()])
        shown = sight(part, self._job.viewer.bands, (event.region.expected, event.region.observed))
        return event.series.after(shown, scene.taken_by) if shown else event.series

    def _may_be_believed(self) -> bool:
        """Return whether there is a model, and the site and the bands are such as it was trained for."""
        centre = self._job.request.site.geometry.centroid
        known = self._model is not None and self._model[1].believes(centre.x, centre.y)
        return known and set(BANDS) - set(self._job.viewer.bands) in MAY_LACK

    def _opinion(self, event: Event, scene: Scene) -> Opinion | None:
        """Return what the model thinks of an event as the scene shows it; None where there is no model or too little to see."""
        if self._model is None or not self._believed:
            return None
        chip = chip_around(event, self._job.ground.grid)
        before, after = (self._in_order(picture) for picture in self._pictures(chip, scene, self._all)[:2])
        own = after[:, event.region.rows - chip.top, event.region.cols - chip.left]
        if np.isfinite(own).any(axis=0).mean() < MIN_SEEN:
            return None
        return self._model[0].opinions(before, after, np.array([[0, 0, *chip.grid.shape]], np.int32))[0]

    def _in_order(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (6, y, x) of a (band, y, x) picture in the order of the model's bands, NaN for one that is missing."""
        out = np.full((len(BANDS), *picture.shape[1:]), np.nan, np.float32)
        for number, band in enumerate(self._job.viewer.bands):
            if band in BANDS:
                out[BANDS.index(band)] = picture[number]
        return out

    def _pictures(self, chip: Chip, scene: Scene, used: Collection[str]) -> Pictures:
        """Return what is normal on a chip at the scene's time and what the scene shows, where a block of `used` knows."""
        shape = (len(self._job.viewer.bands), *chip.grid.shape)
        out = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32), np.zeros(chip.grid.shape, np.bool_)
        for block in self._job.ground.blocks:
            y, there_y = overlap(chip.grid.shape[0], block.grid.shape[0], block.top - chip.top)
            x, there_x = overlap(chip.grid.shape[1], block.grid.shape[1], block.left - chip.left)
            if y.start < y.stop and x.start < x.stop and block.key in used and (known := self._look(block, scene)):
                for picture, values in zip(out, known, strict=True):
                    picture[..., y, x] = values[..., there_y, there_x]
        return out

    def _look(self, block: Block, scene: Scene) -> Pictures | None:
        """Return what is normal on a block and what the scene shows; read again where it is no longer at hand, None where that fails."""
        known = self._memory.get(block)
        if (scene.scene_id, block.key) not in self._looks and known:
            normal = known.detector.expect(known.baseline, np.datetime64(scene.time.replace(tzinfo=None), "ns"))
            try:
                view = self._job.viewer.read(scene, block.grid)
            # the block has seen it before: the model sees less, and the ledger is as it was
            except SceneError:
                return None
            self._keep(scene, block, self._job.viewer.mask(view, normal, known.bright), normal)
        return self._looks.get((scene.scene_id, block.key))

    def _keep(self, scene: Scene, block: Block, look: xr.Dataset, normal: NDArray[np.float32]) -> None:
        """Keep what a block saw at hand, and let go of the oldest where there are too many."""
        mask = look["mask"].to_numpy()
        clear = np.where(usable(mask), look["reflectance"].to_numpy(), np.float32(np.nan))
        self._looks[scene.scene_id, block.key] = normal, clear, (mask & np.uint8(MaskReason.SUSPECT)) > 0
        if len(self._looks) > LOOKS:
            self._looks.popitem(last=False)


def _around(event: Event, grid: GeoBox) -> Chip:
    """Return the part of the AOI's `grid` that an event and its surroundings take."""
    rows, cols = (
        slice(max(0, int(pixels.min()) - REACH_PX), min(size, int(pixels.max()) + REACH_PX + 1))
        for pixels, size in zip((event.region.rows, event.region.cols), grid.shape, strict=True)
    )
    return Chip(grid[rows, cols], rows.start, cols.start)
