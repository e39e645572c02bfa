"""One scene's way: every block looks at it, its regions continue the events, and the store keeps what is known then.

Scenes are taken in the order of time, and nothing here knows a later one: what the watch says of a day is what it could have
said on that day. Imagery is not kept, only what followed from it.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.domain.ledger import Outcome, Reason
from sentinel_watch.errors import NotNormalisableError, SceneError
from sentinel_watch.pipeline.judging import Judge
from sentinel_watch.pipeline.ledger import sum_up
from sentinel_watch.pipeline.memory import BlockMemory
from sentinel_watch.pipeline.viewing import ahead, assess
from sentinel_watch.store import Look
from sentinel_watch.tracking import Sighting, track

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sentinel_watch.domain.change import Arrays, ChangeMap
    from sentinel_watch.domain.event import Event
    from sentinel_watch.domain.grid import Block
    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.pipeline.progress import Progress
    from sentinel_watch.pipeline.viewing import View
    from sentinel_watch.store import Store

__all__ = ["Monitor"]


class Monitor:
    """Watches one site, scene by scene.

    One transaction for each scene on each block, one more for the scene's events and its line of the ledger: a run that is
    killed goes on with the block at which it was.
    """

    def __init__(self, job: Assignment, store: Store) -> None:
        self._job = job
        self._store = store
        self._memory = BlockMemory(job, store)
        self._judge = Judge(job, self._memory)
        self._events = store.events(job.watch)
        self._changes = {block.key: self._report(block) for block in job.ground.blocks}

    def watch(self, scenes: Sequence[Scene], progress: Progress) -> None:
        """Look at every scene once; `scenes` are later than all that were seen before, oldest first.

        Blocks on which an earlier run was done with a scene are not looked at again. A scene that cannot be read ends as `failed`
        in the ledger, and the watch goes on.
        """
        if scenes:
            progress.stage("watching", len(scenes))
        blocks = self._job.ground.blocks
        # one line of readings for all scenes, so that it does not stop between two of them
        visits = ahead(lambda visit: self._job.viewer.read(visit[0], visit[1].grid), ((s, b) for s in scenes for b in blocks))
        for scene in scenes:
            began = perf_counter()
            looks = self._store.looks(self._job.watch, scene.scene_id)
            done = {key: look for key, look in looks.items() if look.outcome is not Outcome.FAILED}
            # blocks first: zip must not take a reading of the next scene before it ends
            for block, (_, reading) in zip(blocks, visits, strict=False):
                if block.key not in done:
                    done[block.key] = self._visit(scene, block, reading.result)
            self._conclude(scene, done, perf_counter() - began)
            progress.step(scene.scene_id)

    def _visit(self, scene: Scene, block: Block, read: Callable[[], View]) -> Look:
        """Let one block look at one scene, and save what came of it in one transaction; `read` waits for the view."""
        try:
            look, state = self._look(block, read())
        except SceneError as error:
            px = int(self._job.ground.aoi(block).sum())
            look, state = Look(Outcome.FAILED, Reason(error.reason), aoi_px=px, detail=str(error)), None
        self._store.save_look(self._job.watch, scene.scene_id, block.key, look, state)
        # after the store, so that a transaction that fails leaves the two alike
        if state is not None:
            self._memory.put(block, state)
            self._changes[block.key] = self._report(block)
        return look

    def _look(self, block: Block, view: View) -> tuple[Look, Arrays | None]:
        """Return what a view is worth on a block, and the state after it; None in its place where the state stays as it is."""
        known = self._memory.get(block)
        time = np.datetime64(view.scene.time.replace(tzinfo=None), "ns")
        normal = known.detector.expect(known.baseline, time) if known else None
        look = self._job.viewer.mask(view, normal, known.bright if known else None)
        self._judge.saw(view.scene, block, look, normal)
        worth = assess(look, self._job.ground.aoi(block), self._job.request.pipeline.scenes)
        worth = replace(worth, detail=worth.detail or str(look.attrs["doubt"]))
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
        # a scene that failed on any block is tried again, and is not a sighting until it was seen whole
        if record.outcome is not Outcome.FAILED:
            used = {key for key, look in looks.items() if look.outcome is Outcome.USED}
            self._events = self._track(scene, used)
        changed = [event for event in self._events if event != before.get(event.event_id)]
        gone = before.keys() - {event.event_id for event in self._events}
        self._store.finish_scene(self._job.watch, record, changed, sorted(gone))

    def _track(self, scene: Scene, used: set[str]) -> tuple[Event, ...]:
        """Return the events of the whole AOI after `scene`, each with the class that its region now has."""
        job = self._job
        changes = [change for _, change in sorted(self._changes.items()) if change]
        regions = job.request.pipeline.segmentation.regions(changes, job.ground.inside, job.ground.grid, job.viewer.bands)
        events = track(self._events, regions, Sighting(job.request.site.site_id, scene.scene_id, scene.time.date()))
        return self._judge.named(events, scene, used)

    def _report(self, block: Block) -> ChangeMap | None:
        """Return the changed pixels of a block as they stand; None where no detector could learn it."""
        known = self._memory.get(block)
        return known.detector.report(known.baseline, known.state, block) if known else None
