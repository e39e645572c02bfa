"""One scene's way: every block looks at it, its regions continue the events, and the store keeps what is known then."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.domain.ledger import Outcome, Reason
from sentinel_watch.errors import NotNormalisableError, SceneError
from sentinel_watch.pipeline.ledger import sum_up
from sentinel_watch.pipeline.memory import BlockMemory
from sentinel_watch.pipeline.viewing import ahead, assess
from sentinel_watch.radiometry import offset_doubt
from sentinel_watch.store import Look
from sentinel_watch.tracking import Sighting, track

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sentinel_watch.domain.change import Arrays, ChangeMap
    from sentinel_watch.domain.event import Classification, Event
    from sentinel_watch.domain.grid import Block
    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.pipeline.progress import Progress
    from sentinel_watch.pipeline.viewing import View
    from sentinel_watch.store import Store

__all__ = ["Monitor"]


class Monitor:
    """Watches one site, scene by scene."""

    def __init__(self, job: Assignment, store: Store) -> None:
        self._job = job
        self._store = store
        self._memory = BlockMemory(job, store)
        self._events = store.events(job.watch)
        self._changes = {block.key: self._report(block) for block in job.ground.blocks}

    def watch(self, scenes: Sequence[Scene], progress: Progress) -> None:
        """Look at every scene once; `scenes` are later than all that were seen before, oldest first."""
        if scenes:
            progress.stage("watching", len(scenes))
        blocks = self._job.ground.blocks
        visits = ahead(lambda visit: self._job.viewer.read(visit[0], visit[1].grid), ((s, b) for s in scenes for b in blocks))
        for scene in scenes:
            began = perf_counter()
            looks = self._store.looks(self._job.watch, scene.scene_id)
            done = {key: look for key, look in looks.items() if look.outcome is not Outcome.FAILED}
            for block, (_, reading) in zip(blocks, visits, strict=False):
                if block.key not in done:
                    done[block.key] = self._visit(scene, block, reading.result)
            self._conclude(scene, done, perf_counter() - began)
            progress.step(scene.scene_id)

    def _visit(self, scene: Scene, block: Block, read: Callable[[], View]) -> Look:
        """Let one block look at one scene, and save what came of it in one transaction."""
        try:
            look, state = self._look(block, read())
        except SceneError as error:
            px = int(self._job.ground.aoi(block).sum())
            look, state = Look(Outcome.FAILED, Reason.UNREADABLE, aoi_px=px, detail=str(error)), None
        self._store.save_look(self._job.watch, scene.scene_id, block.key, look, state)
        if state is not None:
            self._memory.put(block, state)
            self._changes[block.key] = self._report(block)
        return look

    def _look(self, block: Block, view: View) -> tuple[Look, Arrays | None]:
        known = self._memory.get(block)
        time = np.datetime64(view.scene.time.replace(tzinfo=None), "ns")
        normal = known.detector.expect(known.baseline, time) if known else None
        look = self._job.viewer.mask(view, normal, known.bright if known else None)
        doubt = offset_doubt(view.reflectance, look["mask"].to_numpy() == 0, normal)
        worth = assess(look, self._job.ground.aoi(block), self._job.request.pipeline.scenes)
        worth = replace(worth, detail=worth.detail or doubt)
        if known is None or worth.outcome is not Outcome.USED:
            return worth, None
        try:
            return worth, known.detector.update(known.baseline, known.state, look)
        except NotNormalisableError as error:
            return replace(worth, outcome=Outcome.REJECTED, reason=Reason.NOT_NORMALISABLE, detail=error.what), None

    def _conclude(self, scene: Scene, looks: Mapping[str, Look], seconds: float) -> None:
        """Turn what the blocks saw into events, and write them with the scene's line of the ledger in one transaction."""
        record = sum_up(scene, "monitoring", looks, seconds)
        before = {event.event_id: event for event in self._events}
        if record.outcome is not Outcome.FAILED:
            self._events = self._track(scene)
        changed = [event for event in self._events if event != before.get(event.event_id)]
        gone = before.keys() - {event.event_id for event in self._events}
        self._store.finish_scene(self._job.watch, record, changed, sorted(gone))

    def _track(self, scene: Scene) -> tuple[Event, ...]:
        job = self._job
        changes = [change for _, change in sorted(self._changes.items()) if change]
        regions = job.request.pipeline.segmentation.regions(changes, job.ground.inside, job.ground.grid, job.viewer.bands)
        events = track(self._events, regions, Sighting(job.request.site.site_id, scene.scene_id, scene.time.date()))
        return tuple(replace(event, classification=self._classify(event)) for event in events)

    def _classify(self, event: Event) -> Classification:
        classifier = self._job.request.pipeline.classifier_built
        return classifier.classify(event, self._job.request.site, self._memory.normal_year(event.region))

    def _report(self, block: Block) -> ChangeMap | None:
        known = self._memory.get(block)
        return known.detector.report(known.baseline, known.state, block) if known else None
