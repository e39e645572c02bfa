"""Keeps the order of time true: a scene that comes late, or can be read at last, makes the watch start again from its baseline.

A detector's state cannot take back a look, nor take an earlier one in. So nothing is patched: what came out of order is forgotten
and watched once more, and the result is that of a watch that had all scenes in time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sentinel_watch.domain.ledger import Outcome, Reason, SceneRecord
from sentinel_watch.errors import SceneError
from sentinel_watch.pipeline.ledger import left_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.store import Store

__all__ = ["pending", "rewind", "unlisted"]

GONE = "the catalogue no longer lists it; while it did: "


def rewind(job: Assignment, store: Store) -> str:
    """Forget what the present archive makes untrue, and return why in plain words; empty where all stands.

    A change of the history makes the store forget baselines too, a change of what was watched only what followed from them. Alerts
    that people have worked on stay. To be called before anything is learnt or watched.
    """
    records = {record.scene_id: record for record in store.records(job.watch)}
    if any(_is_news(job, store, scene, records) for scene in job.scenes("history")):
        store.reset(job.watch)
        return "the archive's history has changed: learning it anew"
    seen = [datetime.fromisoformat(record.time) for record in records.values() if _watched(record)]
    if not seen:
        return ""
    # an earlier end asks what was known then, and that nothing later may tell
    if job.request.end and max(seen) > job.request.end:
        store.reset_monitoring(job.watch)
        return "the end lies before what was already watched: watching anew from the baseline"
    passed = [scene for scene in job.scenes("monitoring") if scene.time <= max(seen)]
    if any(_is_news(job, store, scene, records) for scene in passed):
        store.reset_monitoring(job.watch)
        return "a scene came late: watching anew from the baseline"
    return ""


def pending(job: Assignment, store: Store) -> list[Scene]:
    """Return the scenes that are still to be watched, oldest first, and write the lines of those that never will be.

    These are other copies, scenes older than the history, and entries that do not say when they are from. Those to be watched
    are later than all that were.
    """
    records = {record.scene_id: record for record in store.records(job.watch)}
    unread = {scene.scene_id: (scene, Reason.DUPLICATE) for scene in job.archive.copies}
    unread |= {scene.scene_id: (scene, Reason.TOO_OLD) for scene in job.archive.scenes if job.split.role(scene) is None}
    for name, (scene, reason) in unread.items():
        # one that failed may since have come as a better copy
        if name not in records or records[name].outcome is Outcome.FAILED:
            store.record_scene(job.watch, left_out(scene, job.split.role(scene) or "history", reason))
    for record in (*_delisted(job, records), *map(_undated, job.archive.undated)):
        store.record_scene(job.watch, record)
    # as text: ISO 8601 in UTC sorts as the instants do
    last = max((record.time for record in records.values() if _watched(record)), default="")
    return [scene for scene in job.scenes("monitoring") if scene.time.isoformat() > last]


def unlisted(job: Assignment, records: Iterable[SceneRecord]) -> list[str]:
    """Return what should be known of scenes that the catalogue does not list any more, one sentence each; none where it lists all."""
    gone = _gone(job, records)
    used, lost = (
        sum(record.outcome is Outcome.USED for record in gone),
        sum(record.reason is Reason.DELISTED for record in gone),
    )
    told = (
        (used, "{} used and left the catalogue since: what was seen stands, but the archive may not show it again"),
        (lost, "{} never read and left the catalogue: what was to be seen is not known"),
    )
    return [text.format(f"{count} scene{' was' if count == 1 else 's were'}") for count, text in told if count]


def _delisted(job: Assignment, records: Mapping[str, SceneRecord]) -> Iterator[SceneRecord]:
    """Yield new lines of the scenes that had failed and that the catalogue does not list any more, or lists again.

    They would be failures for ever, of which no further run could make anything. What they showed was never seen, and their
    lines say so. One that is listed again is a failure again; that it cannot be read was found before, else it were news.
    """
    gone = {record.scene_id for record in _gone(job, records.values())}
    for record in records.values():
        if record.outcome is Outcome.FAILED and record.scene_id in gone:
            yield replace(record, outcome=Outcome.REJECTED, reason=Reason.DELISTED, detail=f"{GONE}{record.detail}")
        elif record.reason is Reason.DELISTED and record.scene_id in _listed(job):
            yield replace(record, outcome=Outcome.FAILED, reason=Reason.UNREADABLE, detail=record.detail.removeprefix(GONE))


def _gone(job: Assignment, records: Iterable[SceneRecord]) -> list[SceneRecord]:
    """Return the lines of the scenes that the catalogue listed once and does not list any more."""
    listed = _listed(job)
    # behind the end of the period nothing is listed that may well be there
    asked = [record for record in records if job.request.end is None or datetime.fromisoformat(record.time) <= job.request.end]
    return [record for record in asked if record.scene_id not in listed]


def _listed(job: Assignment) -> set[str]:
    """Return the ids of all that the catalogue lists now."""
    return {scene.scene_id for scene in (*job.archive.scenes, *job.archive.copies, *job.archive.undated)}


def _undated(scene: Scene) -> SceneRecord:
    """Return the line of an entry without a time: failed, with the reasons that its catalogue's reader noted."""
    return SceneRecord(scene.scene_id, scene.time.isoformat(), "monitoring", Outcome.FAILED, Reason.UNREADABLE, "; ".join(scene.notes))


def _watched(record: SceneRecord) -> bool:
    """Return whether the record is of a monitored scene that was looked at, used or not."""
    done = record.outcome is not Outcome.FAILED and record.reason not in {Reason.DUPLICATE, Reason.DELISTED}
    return record.role == "monitoring" and done


def _is_news(job: Assignment, store: Store, scene: Scene, records: Mapping[str, SceneRecord]) -> bool:
    """Return whether a scene that should have been seen by now was not, and can be seen now."""
    record = records.get(scene.scene_id)
    # looks without a line are of a run that was killed at this scene, and goes on with it
    if record is None:
        return bool(records) and not store.looks(job.watch, scene.scene_id)
    missed = record.outcome is Outcome.FAILED or record.reason is Reason.DELISTED
    return missed and _readable(job, scene)


def _readable(job: Assignment, scene: Scene) -> bool:
    """Return whether the scene can be read on every block of the AOI now; reads them all where it can."""
    try:
        for block in job.ground.blocks:
            job.viewer.read(scene, block.grid)
    except SceneError:
        return False
    return True
