"""Keeps the order of time true: a scene that comes late, or can be read at last, makes the watch start again from its baseline."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sentinel_watch.domain.ledger import Outcome, Reason, SceneRecord
from sentinel_watch.errors import SceneError
from sentinel_watch.pipeline.ledger import left_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.store import Store

__all__ = ["pending", "rewind"]


def rewind(job: Assignment, store: Store) -> str:
    """Forget what the present archive makes untrue, and return why in plain words; empty where all stands."""
    records = {record.scene_id: record for record in store.records(job.watch)}
    if any(_is_news(job, store, scene, records) for scene in job.scenes("history")):
        store.reset(job.watch)
        return "the archive's history has changed: learning it anew"
    seen = [datetime.fromisoformat(record.time) for record in records.values() if _watched(record)]
    if not seen:
        return ""
    if job.request.end and max(seen) > job.request.end:
        store.reset_monitoring(job.watch)
        return "the end lies before what was already watched: watching anew from the baseline"
    passed = [scene for scene in job.scenes("monitoring") if scene.time <= max(seen)]
    if any(_is_news(job, store, scene, records) for scene in passed):
        store.reset_monitoring(job.watch)
        return "a scene came late: watching anew from the baseline"
    return ""


def pending(job: Assignment, store: Store) -> list[Scene]:
    """Return the scenes that are still to be watched, oldest first, and write the lines of those that never will be."""
    records = {record.scene_id: record for record in store.records(job.watch)}
    unread = {scene.scene_id: (scene, Reason.DUPLICATE) for scene in job.archive.copies}
    unread |= {scene.scene_id: (scene, Reason.TOO_OLD) for scene in job.archive.scenes if job.split.role(scene) is None}
    for name, (scene, reason) in unread.items():
        if name not in records or records[name].outcome is Outcome.FAILED:
            store.record_scene(job.watch, left_out(scene, job.split.role(scene) or "history", reason))
    for scene in job.archive.undated:
        store.record_scene(job.watch, _undated(scene))
    last = max((record.time for record in records.values() if _watched(record)), default="")
    return [scene for scene in job.scenes("monitoring") if scene.time.isoformat() > last]


def _undated(scene: Scene) -> SceneRecord:
    return SceneRecord(scene.scene_id, scene.time.isoformat(), "monitoring", Outcome.FAILED, Reason.UNREADABLE, "; ".join(scene.notes))


def _watched(record: SceneRecord) -> bool:
    done = record.outcome is not Outcome.FAILED and record.reason is not Reason.DUPLICATE
    return record.role == "monitoring" and done


def _is_news(job: Assignment, store: Store, scene: Scene, records: Mapping[str, SceneRecord]) -> bool:
    """Return whether a scene that should have been seen by now was not, and can be seen now."""
    record = records.get(scene.scene_id)
    if record is None:
        return bool(records) and not store.looks(job.watch, scene.scene_id)
    return record.outcome is Outcome.FAILED and _readable(job, scene)


def _readable(job: Assignment, scene: Scene) -> bool:
    try:
        for block in job.ground.blocks:
            job.viewer.read(scene, block.grid)
    except SceneError:
        return False
    return True
