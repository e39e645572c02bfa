"""The evidence behind each alert, written once and again only where the alert has changed.

Alerts that begin on the same block are taken together, so that scenes are read once for all of them. What the figures look
like is for the evidence; here it is given what it draws.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch import indices
from sentinel_watch.evidence.chip import chip_around
from sentinel_watch.evidence.folder import whole_hash, write_evidence
from sentinel_watch.evidence.inputs import EvidenceInputs
from sentinel_watch.evidence.samples import Sampler
from sentinel_watch.evidence.scenes import choose_scenes
from sentinel_watch.evidence.series import instants
from sentinel_watch.pipeline.window import Window
from sentinel_watch.store import shows_site

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.event import Event
    from sentinel_watch.evidence.chip import Chip
    from sentinel_watch.evidence.samples import Samples
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.pipeline.progress import Progress
    from sentinel_watch.store import Store

__all__ = ["gather", "prove"]

FROM_EVIDENCE = ("evidence_sha256", "before_scene", "after_scene")
"""Columns that the evidence decides: its hash, and the scenes that its pictures show."""

NOT_SHOWN = {*FROM_EVIDENCE, "revision", "case_status", "decision", "rejection_reason", "assignee", "also_seen_as"}
"""Columns that do not show in an alert's evidence."""


def prove(job: Assignment, store: Store, alerts: Sequence[Alert], progress: Progress) -> tuple[Alert, ...]:
    """Write the evidence of every alert that has none yet or has changed; return the alerts with the columns that follow from it.

    In the order in which `alerts` are. A folder that is not as it was written counts as none; what people enter in a case does not
    make it due. Raises SceneError where a scene that the figures show can no longer be read.
    """
    before = {alert.alert_id: alert for alert in store.alerts(job.watch)}
    proven = {alert.alert_id: columns for alert in alerts if (columns := _kept(job, alert, before.get(alert.alert_id)))}
    due = [alert for alert in alerts if alert.alert_id not in proven]
    if due:
        progress.stage("gathering evidence", len(due))
    events = {event.event_id: event for event in store.events(job.watch)}
    groups: dict[tuple[int, int], list[Alert]] = defaultdict(list)
    for alert in due:
        groups[_home(job, events[alert.event_id])].append(alert)
    for _, group in sorted(groups.items()):
        for alert, inputs in gather(job, store, group, events):
            proven[alert.alert_id] = _write(inputs, job.request.out / "evidence" / alert.alert_id)
            progress.step(alert.alert_id)
    return tuple(alert.model_copy(update=proven[alert.alert_id]) for alert in alerts)


def _write(inputs: EvidenceInputs, folder: Path) -> dict[str, str | None]:
    """Write one alert's folder, and return the columns that FROM_EVIDENCE names."""
    # where no look after it is clear, the scene that the triage named stays
    before, after = (None if look is None else str(look["scene_id"].values) for look in (inputs.before, inputs.after))
    return {"evidence_sha256": write_evidence(inputs, folder), "before_scene": before, "after_scene": after or inputs.alert.after_scene}


def gather(job: Assignment, store: Store, alerts: Sequence[Alert], events: Mapping[str, Event]) -> Iterator[tuple[Alert, EvidenceInputs]]:
    """Yield each alert with what its figures show; the scenes are read once for all of them.

    Their events should lie near each other: what is read is the smallest rectangle that holds them all.
    """
    chips = {alert.alert_id: chip_around(events[alert.event_id], job.ground.grid) for alert in alerts}
    window, records = Window(job, store, list(chips.values())), store.records(job.watch)
    samplers = {alert.alert_id: Sampler(records, chips[alert.alert_id], events[alert.event_id]) for alert in alerts}
    # one look at a time: memory must not grow with the years
    for look in window.looks():
        for name, sampler in samplers.items():
            sampler.see(_cut(look, window, chips[name]))
    seen = {name: sampler.samples() for name, sampler in samplers.items()}
    normal = _normal(window, [(chips[name], samples) for name, samples in seen.items()])
    for alert, expected in zip(alerts, normal, strict=True):
        chip, event = chips[alert.alert_id], events[alert.event_id]
        yield alert, _inputs(job, alert, (event, events), chip, (window, seen[alert.alert_id], expected))


def _normal(window: Window, places: Sequence[tuple[Chip, Samples]]) -> list[NDArray[np.float32]]:
    """Return for each chip and its samples the (instant, band, n) reflectance that is normal at the samples' pixels.

    Each instant is computed once for the whole window: one alert after the other would ask for all of it again.
    """
    at_pixels: list[list[NDArray[np.float32]]] = [[] for _ in places]
    for time in instants(places[0][1]):
        expected = window.expect(time)
        for (chip, samples), values in zip(places, at_pixels, strict=True):
            values.append(expected[:, *window.part(chip)][:, samples.y, samples.x])
    return [np.stack(values) for values in at_pixels]


def _inputs(
    job: Assignment, alert: Alert, among: tuple[Event, Mapping[str, Event]], chip: Chip, seen: tuple[Window, Samples, NDArray[np.float32]]
) -> EvidenceInputs:
    """Return what one alert's figures show; `among` is its event and all events by id, `seen` the window, samples and what is normal."""
    (event, events), (window, samples, normal) = among, seen
    pair = choose_scenes(samples, event)
    before, after = (None if look is None else _cut(look, window, chip) for look in map(window.look, (pair.before, pair.after)))
    return EvidenceInputs(
        alert=alert,
        event=event,
        site=job.request.site,
        chip=chip,
        samples=samples,
        before=before,
        after=after,
        changes=window.changes(),
        index=indices.compute,
        indices=job.indices,
        normal=normal,
        neighbours=tuple(other for other in events.values() if other is not event),
    )


def _cut(look: xr.Dataset, window: Window, chip: Chip) -> xr.Dataset:
    """Return the part of a window's look that lies on the chip."""
    rows, cols = window.part(chip)
    return look.isel(y=rows, x=cols)


def _kept(job: Assignment, alert: Alert, before: Alert | None) -> dict[str, str | None] | None:
    """Return the columns of the alert's evidence where it still shows what the alert says, and is whole; else None."""
    if before is None or before.model_dump(exclude=NOT_SHOWN) != alert.model_dump(exclude=NOT_SHOWN):
        return None
    # the figures show the site's permits, which may have changed without a word in the alert
    if not shows_site(job.watch):
        return None
    # the folder itself is asked too: somebody may have changed or deleted a file in it
    found = whole_hash(job.request.out / "evidence" / alert.alert_id)
    return {name: getattr(before, name) for name in FROM_EVIDENCE} if found and found == before.evidence_sha256 else None


def _home(job: Assignment, event: Event) -> tuple[int, int]:
    """Return the (row, column) of the block in whose stretch an event begins."""
    side = job.request.pipeline.grid.block_px
    return int(event.region.rows.min()) // side, int(event.region.cols.min()) // side
